#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>

#include "KernelDispatch.h"
#include "Scratch.h"

// Weights are made without fused operations, so that they are the same on every machine.
#pragma clang fp contract(off)

namespace {

constexpr int precision = 22;
constexpr int32_t half = 1 << (precision - 1);

/// Bounds (first, count) and weights of every output position; `taps` weights a position.
int32_t makeTaps(const VisionAxis &axis, std::vector<int32_t> &bounds, std::vector<int32_t> &weights) {
  const double support = std::max(axis.ratio, 1.0), shrink = 1 / support;
  const int32_t taps = static_cast<int32_t>(std::ceil(support)) * 2 + 1, size = axis.high - axis.low;
  bounds.resize(2 * static_cast<size_t>(axis.count));
  weights.assign(static_cast<size_t>(axis.count) * taps, 0);
  // Relative to `low`: a part of a picture is scaled as if it had been cut out before.
  const double start = axis.start - axis.low;
  for (int32_t i = 0; i < axis.count; i++) {
    const double center = start + (axis.first + i + 0.5) * axis.ratio;
    int32_t first = std::max(0, static_cast<int32_t>(center - support + 0.5));
    int32_t last = std::min(size, static_cast<int32_t>(center + support + 0.5));
    // Positions that lie outside of all pixels take the nearest.
    if (last <= first) {
      first = std::clamp(first, 0, size - 1);
      last = first + 1;
    }
    int32_t *own = weights.data() + static_cast<size_t>(i) * taps;
    double sum = 0;
    for (int32_t j = first; j < last; j++) sum += std::max(0.0, 1 - std::abs((j - center + 0.5) * shrink));
    for (int32_t j = first; j < last; j++) {
      const double weight = std::max(0.0, 1 - std::abs((j - center + 0.5) * shrink));
      own[j - first] = sum > 0 ? static_cast<int32_t>(0.5 + weight / sum * (1 << precision)) : j == first ? 1 << precision : 0;
    }
    bounds[2 * i] = first + axis.low;
    bounds[2 * i + 1] = last - first;
  }
  return taps;
}

inline uint8_t rounded(int32_t sum) { return static_cast<uint8_t>(std::clamp(sum >> precision, 0, 255)); }

typedef int32_t Four __attribute__((vector_size(16)));
typedef uint8_t FourBytes __attribute__((vector_size(4)));

inline Four pixelAt(const uint8_t *pixel) {
  FourBytes values;
  memcpy(&values, pixel, 4);
  return __builtin_convertvector(values, Four);
}

inline void store(Four sum, uint8_t *out) {
  for (int c = 0; c < 3; c++) out[c] = rounded(sum[c]);
}

/// Four rows of three channels at once, so that each weight is loaded once: the fourth number is the next pixel's red, and
/// thrown away. Reads one byte behind the last pixel. Rows may be the same.
VISION_VECTOR_CLONES
void resampleRows3(const uint8_t *const *rows, const int32_t *bounds, const int32_t *weights, int32_t taps, int32_t count,
                   uint8_t *const *out) {
  const uint8_t *row0 = rows[0], *row1 = rows[1], *row2 = rows[2], *row3 = rows[3];
  for (int32_t x = 0; x < count; x++) {
    int64_t at = 3 * static_cast<int64_t>(bounds[2 * x]);
    const int32_t *weight = weights + static_cast<int64_t>(x) * taps;
    const int32_t own = bounds[2 * x + 1];
    Four sum0 = {half, half, half, half}, sum1 = sum0, sum2 = sum0, sum3 = sum0;
    for (int32_t k = 0; k < own; k++, at += 3) {
      const Four factor = {weight[k], weight[k], weight[k], weight[k]};
      sum0 += pixelAt(row0 + at) * factor;
      sum1 += pixelAt(row1 + at) * factor;
      sum2 += pixelAt(row2 + at) * factor;
      sum3 += pixelAt(row3 + at) * factor;
    }
    store(sum0, out[0] + 3 * x);
    store(sum1, out[1] + 3 * x);
    store(sum2, out[2] + 3 * x);
    store(sum3, out[3] + 3 * x);
  }
}

void resampleRow(const uint8_t *row, int32_t channels, const int32_t *bounds, const int32_t *weights, int32_t taps,
                 int32_t count, uint8_t *out) {
  for (int32_t x = 0; x < count; x++) {
    const uint8_t *pixel = row + static_cast<int64_t>(bounds[2 * x]) * channels;
    const int32_t *weight = weights + static_cast<int64_t>(x) * taps;
    for (int32_t c = 0; c < channels; c++) {
      int32_t sum = half;
      for (int32_t k = 0; k < bounds[2 * x + 1]; k++) sum += weight[k] * pixel[k * channels + c];
      out[static_cast<int64_t>(x) * channels + c] = rounded(sum);
    }
  }
}

VISION_VECTOR_CLONES
void addRow(const uint8_t *__restrict row, int32_t weight, int32_t *__restrict sums, int64_t count) {
  for (int64_t i = 0; i < count; i++) sums[i] += weight * row[i];
}

VISION_VECTOR_CLONES
void addRows(const uint8_t *__restrict first, const uint8_t *__restrict second, int32_t weight1, int32_t weight2,
             int32_t *__restrict sums, int64_t count) {
  for (int64_t i = 0; i < count; i++) sums[i] = half + weight1 * first[i] + weight2 * second[i];
}

VISION_VECTOR_CLONES
void roundRow(const int32_t *__restrict sums, uint8_t *__restrict out, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    const int32_t value = sums[i] >> precision;
    out[i] = static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value);
  }
}

}  // namespace

namespace vision {

bool isIdentity(const VisionAxis &axis) {
  const double start = axis.start + axis.first;
  return axis.ratio == 1 && start == std::floor(start) && start >= axis.low && start + axis.count <= axis.high;
}

void resample(const uint8_t *source, int64_t stride, int32_t channels, const VisionAxis &rows, const VisionAxis &columns,
              uint8_t *destination, ResampleScratch &scratch) {
  const int64_t length = static_cast<int64_t>(columns.count) * channels;
  int32_t taps = makeTaps(columns, scratch.bounds, scratch.weights);
  int32_t from = rows.high, to = rows.low;
  {
    // The rows that will be asked for; bounds rise, so that the first and the last position tell.
    const double support = std::max(rows.ratio, 1.0);
    const double first = rows.start + (rows.first + 0.5) * rows.ratio - support;
    const double last = rows.start + (rows.first + rows.count - 0.5) * rows.ratio + support;
    from = std::clamp(static_cast<int32_t>(std::floor(first)) - 1, rows.low, rows.high - 1);
    to = std::clamp(static_cast<int32_t>(std::ceil(last)) + 1, from + 1, rows.high);
  }
  scratch.middle.resize(static_cast<size_t>(to - from) * length);
  const int64_t used = static_cast<int64_t>(columns.high) * channels;
  if (channels == 3) {
    // The byte behind the last row may not be ours.
    scratch.line.resize(used + 1);
    memcpy(scratch.line.data(), source + (to - 1) * stride, used);
    for (int32_t y = from; y < to; y += 4) {
      const uint8_t *in[4];
      uint8_t *out[4];
      for (int32_t i = 0; i < 4; i++) {
        const int32_t row = std::min(y + i, to - 1);
        in[i] = row == to - 1 ? scratch.line.data() : source + row * stride;
        out[i] = scratch.middle.data() + (row - from) * length;
      }
      resampleRows3(in, scratch.bounds.data(), scratch.weights.data(), taps, columns.count, out);
    }
  } else {
    for (int32_t y = from; y < to; y++) {
      resampleRow(source + y * stride, channels, scratch.bounds.data(), scratch.weights.data(), taps, columns.count,
                  scratch.middle.data() + (y - from) * length);
    }
  }
  taps = makeTaps(rows, scratch.bounds, scratch.weights);
  scratch.sums.resize(length);
  for (int32_t y = 0; y < rows.count; y++) {
    const int32_t first = scratch.bounds[2 * y] - from, own = scratch.bounds[2 * y + 1];
    const int32_t *weight = scratch.weights.data() + static_cast<int64_t>(y) * taps;
    const uint8_t *row = scratch.middle.data() + first * length;
    addRows(row, own > 1 ? row + length : row, weight[0], own > 1 ? weight[1] : 0, scratch.sums.data(), length);
    for (int32_t k = 2; k < own; k++) addRow(row + k * length, weight[k], scratch.sums.data(), length);
    roundRow(scratch.sums.data(), destination + y * length, length);
  }
}

}  // namespace vision

static bool makesSense(const VisionAxis &axis) {
  return axis.count > 0 && axis.low >= 0 && axis.low < axis.high && axis.ratio > 0 && axis.ratio < 1e6 &&
         std::abs(axis.start) < 1e9 && std::abs(static_cast<double>(axis.first)) < 1e9;
}

int32_t vision_resample(const uint8_t *source, int64_t stride, int32_t channels, const VisionAxis *rows,
                        const VisionAxis *columns, uint8_t *destination) {
  if (!makesSense(*rows) || !makesSense(*columns) || channels <= 0) return 1;
  try {
    vision::ResampleScratch scratch;
    vision::resample(source, stride, channels, *rows, *columns, destination, scratch);
  } catch (const std::bad_alloc &) {
    return 1;
  }
  return 0;
}

int32_t vision_resize_cover(const uint8_t *source, int32_t height, int32_t width, int32_t channels,
                            uint8_t *destination, int32_t outHeight, int32_t outWidth) {
  if (height <= 0 || width <= 0 || channels <= 0 || outHeight <= 0 || outWidth <= 0) return 1;
  if (height == outHeight && width == outWidth) {
    memcpy(destination, source, static_cast<size_t>(height) * width * channels);
    return 0;
  }
  const double ratio = std::min(static_cast<double>(height) / outHeight, static_cast<double>(width) / outWidth);
  const VisionAxis rows = {(height - outHeight * ratio) / 2, ratio, 0, outHeight, 0, height};
  const VisionAxis columns = {(width - outWidth * ratio) / 2, ratio, 0, outWidth, 0, width};
  return vision_resample(source, static_cast<int64_t>(width) * channels, channels, &rows, &columns, destination);
}
