#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <new>

#include "KernelDispatch.h"
#include "Scratch.h"

#pragma clang fp contract(off)

using vision::isIdentity;

namespace {

/// Center and scale repeated over a row, and room for two rows of floats.
class RowNumbers {
 public:
  explicit RowNumbers(const VisionBatch &batch) : length_(static_cast<int64_t>(batch.width) * batch.channels), numbers_(4 * length_) {
    for (int64_t i = 0; i < length_; i++) {
      numbers_[i] = batch.center[i % batch.channels];
      numbers_[length_ + i] = batch.scale[i % batch.channels];
    }
  }

  int64_t length() const { return length_; }
  float *first() { return numbers_.data() + 2 * length_; }
  float *second() { return numbers_.data() + 3 * length_; }

  /// Row y of a sample, with its cutout.
  void normalize(const VisionBatch &batch, const VisionSample &sample, const uint8_t *values, int32_t y, float *out) const {
    vision::normalizeRow(values, numbers_.data(), numbers_.data() + length_, out, length_);
    if (y >= sample.cutTop && y < sample.cutBottom && sample.cutLeft < sample.cutRight) {
      std::fill(out + sample.cutLeft * batch.channels, out + sample.cutRight * batch.channels, 0.0f);
    }
  }

 private:
  int64_t length_;
  std::vector<float> numbers_;
};

/// Everything one thread needs, kept from sample to sample.
class Maker {
 public:
  Maker(const VisionBatch &batch, char *message)
      : batch_(batch), message_(message), rows_(batch),
        size_(static_cast<size_t>(batch.height) * batch.width * batch.channels), picture_(size_), other_(size_) {}
  Maker(const Maker &) = delete;
  ~Maker() { free(decoded_.data); }

  VisionStatus make(const VisionSample &sample, const VisionOperation *operations, float *floats, uint8_t *bytes) {
    if (!makesSense(sample)) return VISION_NONSENSE;
    Source source = {sample.pixels, static_cast<int64_t>(sample.width) * batch_.channels, sample.rows, sample.columns};
    if (!sample.pixels) {
      const VisionStatus status = decode(sample, source);
      if (status != VISION_DONE) return status;
    }
    const uint8_t *scaled = source.pixels;
    int64_t stride = source.stride;
    if (isIdentity(source.rows) && isIdentity(source.columns)) {
      scaled += static_cast<int64_t>(source.rows.start + source.rows.first) * stride +
                static_cast<int64_t>(source.columns.start + source.columns.first) * batch_.channels;
    } else {
      scaled_.resize(static_cast<size_t>(source.rows.count) * source.columns.count * batch_.channels);
      vision::resample(source.pixels, stride, batch_.channels, source.rows, source.columns, scaled_.data(), resampling_);
      scaled = scaled_.data();
      stride = static_cast<int64_t>(source.columns.count) * batch_.channels;
    }
    const bool isPlain = batch_.operationsPerSample == 0 || !operations;
    uint8_t *picture = bytes && isPlain ? bytes : picture_.data();
    window(sample, scaled, stride, picture);
    if (!isPlain && !vision::apply(operations, batch_.operationsPerSample, picture, other_.data(), batch_.height,
                                   batch_.width, batch_.channels)) {
      return VISION_NONSENSE;
    }
    if (bytes) {
      if (picture != bytes) memcpy(bytes, picture, size_);
      return VISION_DONE;
    }
    for (int32_t y = 0; y < batch_.height; y++) {
      rows_.normalize(batch_, sample, picture + y * rows_.length(), y, floats + y * rows_.length());
    }
    return VISION_DONE;
  }

 private:
  struct Source {
    const uint8_t *pixels;
    int64_t stride;
    VisionAxis rows, columns;
  };

  static bool makesSense(const VisionAxis &axis, int32_t side) {
    return axis.count > 0 && axis.count <= 1 << 15 && axis.low >= 0 && axis.low < axis.high && axis.high <= side && axis.ratio > 0 &&
           axis.ratio < 1e6 && std::abs(axis.start) < 1e9 && axis.first > -(1 << 30) && axis.first < 1 << 30;
  }

  bool makesSense(const VisionSample &sample) const {
    return sample.height > 0 && sample.width > 0 && makesSense(sample.rows, sample.height) &&
           makesSense(sample.columns, sample.width) && sample.cutLeft >= 0 && sample.cutRight <= batch_.width;
  }

  /// The part of the picture that the axes look at, and the axes within it.
  VisionStatus decode(const VisionSample &sample, Source &source) {
    const uint8_t *bytes = sample.bytes;
    size_t count = sample.byteCount;
    if (!bytes) {
      if (!sample.path || !read(sample.path)) return VISION_UNREADABLE;
      bytes = file_.data();
      count = file_.size();
    }
    // At least 1.5 decoded pixels an output pixel are left to the filter: the decoder's own averages alias.
    int32_t shrink = 1;
    const double ratio = std::min(sample.rows.ratio, sample.columns.ratio);
    while (2 * shrink <= batch_.largestShrink && ratio >= 1.5 * 2 * shrink) shrink *= 2;
    const auto [top, bottom] = reach(sample.rows, shrink);
    const auto [left, right] = reach(sample.columns, shrink);
    VisionDecodedRegion region;
    if (vision_decode_region(bytes, count, sample.height, sample.width, top, left, bottom - top, right - left, shrink,
                             &decoded_, &region, message_)) {
      return VISION_DAMAGED;
    }
    source.pixels = region.pixels;
    source.stride = static_cast<int64_t>(region.width) * 3;
    moveInto(source.rows, region.top, region.height, region.shrink);
    moveInto(source.columns, region.left, region.width, region.shrink);
    return VISION_DONE;
  }

  /// Source positions with weight.
  static std::pair<int32_t, int32_t> reach(const VisionAxis &axis, int32_t shrink) {
    const double support = std::max(axis.ratio, static_cast<double>(shrink));
    const double first = axis.start + (axis.first + 0.5) * axis.ratio - support;
    const double last = axis.start + (axis.first + axis.count - 0.5) * axis.ratio + support;
    const int32_t low = std::clamp(static_cast<int32_t>(std::floor(first)), axis.low, axis.high - 1);
    return {low, std::clamp(static_cast<int32_t>(std::ceil(last)), low + 1, axis.high)};
  }

  static void moveInto(VisionAxis &axis, double corner, int32_t count, int32_t shrink) {
    // A region at full size has a whole corner: a crop is scaled relative to its own.
    const double low = (axis.low - corner) / shrink, high = (axis.high - corner) / shrink;
    axis.start = (axis.start - corner) / shrink;
    axis.ratio /= shrink;
    axis.low = std::clamp(static_cast<int32_t>(std::floor(low)), 0, count - 1);
    axis.high = std::clamp(static_cast<int32_t>(std::ceil(high)), axis.low + 1, count);
  }

  bool read(const char *path) {
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return unreadable();
    struct stat facts;
    // The end is where read says so; the size only saves asking often. No picture has a gigabyte.
    const size_t expected = fstat(descriptor, &facts) == 0 && facts.st_size > 0 ? static_cast<size_t>(facts.st_size) : 0;
    size_t count = 0;
    const size_t most = size_t{1} << 30;
    file_.resize(std::max<size_t>(std::min(expected, most) + 1, 1 << 14));
    while (true) {
      const ssize_t got = ::read(descriptor, file_.data() + count, file_.size() - count);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) {
        close(descriptor);
        return unreadable();
      }
      if (got == 0) break;
      count += static_cast<size_t>(got);
      if (count > most) break;
      if (count == file_.size()) file_.resize(2 * count);
    }
    close(descriptor);
    file_.resize(count);
    return true;
  }

  bool unreadable() {
    char text[128];
    snprintf(message_, VISION_MESSAGE_CAPACITY, "%s", strerror_r(errno, text, sizeof text));
    return false;
  }

  void window(const VisionSample &sample, const uint8_t *scaled, int64_t stride, uint8_t *out) {
    const int64_t channels = batch_.channels, height = sample.rows.count, width = sample.columns.count;
    const int64_t length = rows_.length(), left = sample.dx;
    const int64_t first = std::clamp<int64_t>(-left, 0, batch_.width);
    const int64_t last = std::clamp<int64_t>(width - left, first, batch_.width);
    const bool isWhole = first == 0 && last == batch_.width;
    if (sample.flip && !isWhole) cut_.assign(length, 0);
    for (int64_t y = 0; y < batch_.height; y++, out += length) {
      const int64_t row = y + sample.dy;
      if (row < 0 || row >= height || first == last) {
        memset(out, 0, length);
        continue;
      }
      const uint8_t *values = scaled + row * stride + (left + first) * channels;
      if (!sample.flip) {
        if (!isWhole) memset(out, 0, length);
        memcpy(out + first * channels, values, (last - first) * channels);
        continue;
      }
      if (!isWhole) {
        memcpy(cut_.data() + first * channels, values, (last - first) * channels);
        values = cut_.data();
      }
      vision::reversePixels(values, out, batch_.width, static_cast<int32_t>(channels));
    }
  }

  const VisionBatch &batch_;
  char *message_;
  RowNumbers rows_;
  size_t size_;
  std::vector<uint8_t> picture_, other_, scaled_, file_, cut_;
  VisionBuffer decoded_ = {nullptr, 0};
  vision::ResampleScratch resampling_;
};

VISION_VECTOR_CLONES
void mixRow(const float *__restrict own, const float *__restrict before, float lambda, float rest, float *__restrict out,
            int64_t count) {
  for (int64_t i = 0; i < count; i++) out[i] = before[i] * rest + own[i] * lambda;
}

}  // namespace

VisionStatus vision_make_samples(const VisionBatch *batch, const VisionSample *samples, float *destination, uint8_t *bytes,
                                 int64_t begin, int64_t end, int64_t *failed, char *message) {
  *failed = begin;
  if (batch->channels <= 0 || batch->height <= 0 || batch->width <= 0 || (!destination && !bytes)) return VISION_NONSENSE;
  try {
    Maker maker(*batch, message);
    const int64_t size = static_cast<int64_t>(batch->height) * batch->width * batch->channels;
    for (int64_t n = begin; n < end; n++) {
      *failed = n;
      const VisionOperation *operations = batch->operations ? batch->operations + n * batch->operationsPerSample : nullptr;
      const VisionStatus status = maker.make(
          samples[n], operations, bytes ? nullptr : destination + n * size, bytes ? bytes + n * size : nullptr);
      if (status != VISION_DONE) return status;
    }
  } catch (const std::bad_alloc &) {
    return VISION_NO_MEMORY;
  }
  return VISION_DONE;
}

VisionStatus vision_mix_samples(const VisionBatch *batch, const VisionSample *samples, const uint8_t *bytes, int64_t count,
                        const VisionMix *mix, float *destination, int64_t begin, int64_t end) {
  try {
    RowNumbers rows(*batch);
    const int64_t length = rows.length(), size = batch->height * length, channels = batch->channels;
    const bool isCut = mix->top < mix->bottom && mix->left < mix->right;
    for (int64_t n = begin; n < end; n++) {
      const int64_t before = (n + count - 1) % count;
      for (int32_t y = 0; y < batch->height; y++) {
        float *out = destination + n * size + y * length;
        const uint8_t *own = bytes + n * size + y * length, *other = bytes + before * size + y * length;
        if (isCut) {
          rows.normalize(*batch, samples[n], own, y, out);
          if (y < mix->top || y >= mix->bottom) continue;
          rows.normalize(*batch, samples[before], other, y, rows.second());
          std::copy(rows.second() + mix->left * channels, rows.second() + mix->right * channels, out + mix->left * channels);
        } else if (mix->lambda == 1) {
          rows.normalize(*batch, samples[n], own, y, out);
        } else {
          rows.normalize(*batch, samples[n], own, y, rows.first());
          rows.normalize(*batch, samples[before], other, y, rows.second());
          mixRow(rows.first(), rows.second(), mix->lambda, 1 - mix->lambda, out, length);
        }
      }
    }
  } catch (const std::bad_alloc &) {
    return VISION_NO_MEMORY;
  }
  return VISION_DONE;
}
