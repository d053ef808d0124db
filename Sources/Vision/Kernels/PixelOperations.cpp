#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>

#include "KernelDispatch.h"
#include "Scratch.h"

// The bytes are those of a reference that does not fuse, and the same on every machine.
#pragma clang fp contract(off)

namespace {

/// From `base` at factor 0 to the value at 1 and beyond, cut off to whole numbers.
inline uint8_t blended(int32_t base, int32_t value, float factor) {
  const float result = static_cast<float>(base) + factor * static_cast<float>(value - base);
  return static_cast<uint8_t>(static_cast<int32_t>(std::min(std::max(result, 0.0f), 255.0f)));
}

VISION_VECTOR_CLONES
void blendConstant(uint8_t *__restrict values, int64_t count, int32_t base, float factor) {
  for (int64_t i = 0; i < count; i++) values[i] = blended(base, values[i], factor);
}

VISION_VECTOR_CLONES
void blendPicture(const uint8_t *__restrict base, uint8_t *__restrict values, int64_t count, float factor) {
  for (int64_t i = 0; i < count; i++) values[i] = blended(base[i], values[i], factor);
}

/// ITU-R 601 luma in 16 bits of fraction.
inline int32_t grey(const uint8_t *pixel) {
  return (pixel[0] * 19595 + pixel[1] * 38470 + pixel[2] * 7471 + 0x8000) >> 16;
}

VISION_VECTOR_CLONES
void blendGrey(uint8_t *pixels, int64_t count, float factor) {
  for (int64_t i = 0; i < count; i++) {
    uint8_t *pixel = pixels + 3 * i;
    const int32_t base = grey(pixel);
    const uint8_t red = blended(base, pixel[0], factor), green = blended(base, pixel[1], factor);
    const uint8_t blue = blended(base, pixel[2], factor);
    pixel[0] = red;
    pixel[1] = green;
    pixel[2] = blue;
  }
}

VISION_VECTOR_CLONES
int64_t greySum(const uint8_t *pixels, int64_t count, int32_t channels) {
  int64_t sum = 0;
  // 32-bit sums of pieces: 2^20 * 255 fits.
  for (int64_t begin = 0; begin < count; begin += 1 << 20) {
    const int64_t end = std::min<int64_t>(count, begin + (1 << 20));
    int32_t part = 0;
    if (channels == 1) {
      for (int64_t i = begin; i < end; i++) part += pixels[i];
    } else {
      for (int64_t i = begin; i < end; i++) part += grey(pixels + 3 * i);
    }
    sum += part;
  }
  return sum;
}

constexpr int block = 64;

struct Pixels {
  int32_t red[block], green[block], blue[block];
};

/// To hue, saturation and value in 8 bits each, and back with the hue moved on. Without branches, so that it is vectors; types
/// are those of the reference, whose roundings decide what the bytes are.
VISION_VECTOR_CLONES
void turnHues(Pixels &pixels, int32_t turn) {
  for (int i = 0; i < block; i++) {
    const int32_t r = pixels.red[i], g = pixels.green[i], b = pixels.blue[i];
    const int32_t most = std::max(r, std::max(g, b)), least = std::min(r, std::min(g, b));
    // Grey pixels have no hue; they are put right at the end.
    const float range = static_cast<float>(std::max(most - least, 1));
    const float red = static_cast<float>(most - r) / range, green = static_cast<float>(most - g) / range;
    const float blue = static_cast<float>(most - b) / range;
    const double first = static_cast<double>(blue - green), second = 2.0 + red - blue, third = 4.0 + green - red;
    const float hue = static_cast<float>(r == most ? first : g == most ? second : third);
    // Into 0..<1; the argument lies in 0.83...1.84, where the remainder of 1 is exact.
    const double part = static_cast<double>(hue) / 6.0 + 1.0;
    const double fraction = static_cast<double>(static_cast<float>(part - (part >= 1 ? 1.0 : 0.0)));
    const int32_t angle = (std::min(static_cast<int32_t>(fraction * 255.0), 255) + turn) & 255;
    const int32_t saturation =
        static_cast<int32_t>(static_cast<double>(range / static_cast<float>(std::max(most, 1))) * 255.0);
    const double sixth = static_cast<double>(angle) * 6.0 / 255.0;
    const int32_t sector = static_cast<int32_t>(sixth);
    const float rest = static_cast<float>(sixth - static_cast<double>(sector));
    const float share = static_cast<float>(static_cast<double>(saturation) / 255.0);
    const double value = static_cast<double>(most);
    // Not below 0, so that adding a half and cutting off rounds as round() does.
    const int32_t p = static_cast<int32_t>(value * (1.0 - share) + 0.5);
    const int32_t q = static_cast<int32_t>(value * (1.0 - static_cast<double>(share * rest)) + 0.5);
    const int32_t t = static_cast<int32_t>(value * (1.0 - static_cast<double>(share) * (1.0 - rest)) + 0.5);
    const bool isGrey = most == least || saturation == 0;
    const bool in0 = sector == 0 || sector == 6, in1 = sector == 1, in2 = sector == 2, in3 = sector == 3, in4 = sector == 4;
    const int32_t newRed = in1 ? q : in2 || in3 ? p : in4 ? t : most;
    const int32_t newGreen = in0 ? t : in1 || in2 ? most : in3 ? q : p;
    const int32_t newBlue = in0 || in1 ? p : in2 ? t : in3 || in4 ? most : q;
    pixels.red[i] = isGrey ? most : newRed;
    pixels.green[i] = isGrey ? most : newGreen;
    pixels.blue[i] = isGrey ? most : newBlue;
  }
}

void turnHues(uint8_t *values, int64_t count, uint8_t turn) {
  Pixels pixels = {};
  for (int64_t begin = 0; begin < count; begin += block) {
    const int own = static_cast<int>(std::min<int64_t>(block, count - begin));
    uint8_t *pixel = values + 3 * begin;
    for (int i = 0; i < own; i++) {
      pixels.red[i] = pixel[3 * i];
      pixels.green[i] = pixel[3 * i + 1];
      pixels.blue[i] = pixel[3 * i + 2];
    }
    turnHues(pixels, turn);
    for (int i = 0; i < own; i++) {
      pixel[3 * i] = static_cast<uint8_t>(pixels.red[i]);
      pixel[3 * i + 1] = static_cast<uint8_t>(pixels.green[i]);
      pixel[3 * i + 2] = static_cast<uint8_t>(pixels.blue[i]);
    }
  }
}

/// The mean of 3x3 with weight 5 in the middle, rounded; the border stays.
VISION_VECTOR_CLONES
void smoothRow(const uint8_t *__restrict above, const uint8_t *__restrict row, const uint8_t *__restrict below,
               uint8_t *__restrict out, int64_t begin, int64_t end, int64_t step) {
  for (int64_t i = begin; i < end; i++) {
    const int32_t sum = above[i - step] + above[i] + above[i + step] + row[i - step] + 5 * row[i] + row[i + step] +
                        below[i - step] + below[i] + below[i + step];
    // Divided by 13, rounded: at most 3315 + 6, for which the product with 2^18 / 13 is exact enough.
    out[i] = static_cast<uint8_t>(((sum + 6) * 20165) >> 18);
  }
}

void smooth(const uint8_t *picture, uint8_t *out, int64_t height, int64_t width, int64_t channels) {
  const int64_t length = width * channels;
  memcpy(out, picture, height * length);
  for (int64_t y = 1; y + 1 < height; y++) {
    const uint8_t *row = picture + y * length;
    smoothRow(row - length, row, row + length, out + y * length, channels, length - channels, channels);
  }
}

template <int Channels>
void applyTables(uint8_t *values, int64_t count, const uint8_t *tables) {
  for (int64_t i = 0; i < count; i++) {
    for (int c = 0; c < Channels; c++) values[i * Channels + c] = tables[c * 256 + values[i * Channels + c]];
  }
}

void applyTables(uint8_t *values, int64_t pixels, int32_t channels, const uint8_t *tables) {
  return channels == 1 ? applyTables<1>(values, pixels, tables) : applyTables<3>(values, pixels, tables);
}

void count(const uint8_t *values, int64_t pixels, int32_t channels, uint32_t *histograms) {
  memset(histograms, 0, sizeof(uint32_t) * 256 * channels);
  for (int64_t i = 0; i < pixels; i++) {
    for (int32_t c = 0; c < channels; c++) histograms[c * 256 + values[i * channels + c]]++;
  }
}

/// The darkest value to 0, the lightest to 255, a straight line between.
void contrastTable(const uint32_t *histogram, uint8_t *table) {
  int32_t low = 0, high = 255;
  while (low < 255 && !histogram[low]) low++;
  while (high > 0 && !histogram[high]) high--;
  const double scale = high > low ? 255.0 / (high - low) : 1, offset = high > low ? -low * scale : 0;
  for (int32_t i = 0; i < 256; i++) {
    table[i] = static_cast<uint8_t>(std::clamp(static_cast<int32_t>(i * scale + offset), 0, 255));
  }
}

/// Each value to its rank among all, in 255ths of those below the greatest.
void equalizeTable(const uint32_t *histogram, uint8_t *table) {
  int64_t total = 0, last = 0, used = 0;
  for (int32_t i = 0; i < 256; i++) {
    total += histogram[i];
    if (histogram[i]) {
      last = histogram[i];
      used++;
    }
  }
  const int64_t step = (total - last) / 255;
  int64_t sum = step / 2;
  for (int32_t i = 0; i < 256; i++) {
    table[i] = used <= 1 || step == 0 ? static_cast<uint8_t>(i) : static_cast<uint8_t>(std::min<int64_t>(255, sum / step));
    sum += histogram[i];
  }
}

/// Nearest neighbour: output (x, y) is the source at (m0 (x + 0.5) + m1 (y + 0.5) + m2, ...), in 16 bits of fraction.
template <int Channels>
void warp(const uint8_t *source, uint8_t *out, int32_t height, int32_t width, const double *m) {
  const auto fixed = [](double value) { return static_cast<int32_t>(std::floor(value * 65536.0 + 0.5)); };
  const int32_t dxdx = fixed(m[0]), dxdy = fixed(m[1]), dydx = fixed(m[3]), dydy = fixed(m[4]);
  int32_t startX = fixed(m[2] + m[0] * 0.5 + m[1] * 0.5), startY = fixed(m[5] + m[3] * 0.5 + m[4] * 0.5);
  for (int32_t y = 0; y < height; y++, startX += dxdy, startY += dydy) {
    int32_t atX = startX, atY = startY;
    for (int32_t x = 0; x < width; x++, atX += dxdx, atY += dydx, out += Channels) {
      const int32_t column = atX >> 16, row = atY >> 16;
      if (static_cast<uint32_t>(column) < static_cast<uint32_t>(width) &&
          static_cast<uint32_t>(row) < static_cast<uint32_t>(height)) {
        memcpy(out, source + (static_cast<int64_t>(row) * width + column) * Channels, Channels);
      } else {
        memset(out, 0, Channels);
      }
    }
  }
}

void translate(const uint8_t *source, uint8_t *out, int64_t height, int64_t width, int64_t channels, int64_t right,
               int64_t down) {
  const int64_t first = std::clamp<int64_t>(right, 0, width), last = std::clamp<int64_t>(width + right, first, width);
  for (int64_t y = 0; y < height; y++) {
    uint8_t *row = out + y * width * channels;
    if (y - down < 0 || y - down >= height || first == last) {
      memset(row, 0, width * channels);
      continue;
    }
    memset(row, 0, first * channels);
    memcpy(row + first * channels, source + ((y - down) * width + first - right) * channels, (last - first) * channels);
    memset(row + last * channels, 0, (width - last) * channels);
  }
}

/// The matrix from output to source; false for operations that have none.
bool matrix(const VisionOperation &operation, int32_t height, int32_t width, double *m) {
  const double unit[6] = {1, 0, 0, 0, 1, 0};
  memcpy(m, unit, sizeof unit);
  if (operation.kind == VISION_SHEAR_X) {
    m[1] = operation.value;
  } else if (operation.kind == VISION_SHEAR_Y) {
    m[3] = operation.value;
  } else if (operation.kind == VISION_ROTATE) {
    const double angle = -(operation.value * 3.14159265358979323846 / 180);
    m[0] = m[4] = std::cos(angle);
    m[1] = std::sin(angle);
    m[3] = -m[1];
    const double x = width / 2.0, y = height / 2.0;
    m[2] = m[0] * -x + m[1] * -y + x;
    m[5] = m[3] * -x + m[4] * -y + y;
  } else {
    return false;
  }
  return true;
}

}  // namespace

namespace vision {

bool apply(const VisionOperation *operations, int32_t operationCount, uint8_t *picture, uint8_t *other, int32_t height,
           int32_t width, int32_t channels) {
  if (channels != 1 && channels != 3) return false;
  const int64_t pixels = static_cast<int64_t>(height) * width, bytes = pixels * channels;
  uint8_t tables[3 * 256];
  uint32_t histograms[3 * 256];
  for (int32_t i = 0; i < operationCount; i++) {
    const VisionOperation &operation = operations[i];
    const float factor = static_cast<float>(operation.value);
    switch (operation.kind) {
      case VISION_IDENTITY: break;
      case VISION_BRIGHTNESS: blendConstant(picture, bytes, 0, factor); break;
      case VISION_CONTRAST: {
        const int64_t sum = greySum(picture, pixels, channels);
        blendConstant(picture, bytes, static_cast<int32_t>((2 * sum + pixels) / (2 * pixels)), factor);
        break;
      }
      case VISION_SATURATION:
        if (channels == 3) blendGrey(picture, pixels, factor);
        break;
      case VISION_SHARPNESS:
        smooth(picture, other, height, width, channels);
        blendPicture(other, picture, bytes, factor);
        break;
      case VISION_HUE: {
        const uint8_t turn = static_cast<uint8_t>(static_cast<int32_t>(operation.value * 255));
        if (channels == 3) turnHues(picture, pixels, turn);
        break;
      }
      case VISION_POSTERIZE: {
        const uint8_t mask = static_cast<uint8_t>(0xff << (8 - std::clamp(static_cast<int32_t>(operation.value), 0, 8)));
        for (int64_t n = 0; n < bytes; n++) picture[n] &= mask;
        break;
      }
      case VISION_SOLARIZE: {
        const int32_t threshold = static_cast<int32_t>(std::ceil(std::clamp(operation.value, 0.0, 256.0)));
        for (int64_t n = 0; n < bytes; n++) picture[n] = picture[n] < threshold ? picture[n] : 255 - picture[n];
        break;
      }
      case VISION_AUTOCONTRAST:
      case VISION_EQUALIZE:
        count(picture, pixels, channels, histograms);
        for (int32_t c = 0; c < channels; c++) {
          if (operation.kind == VISION_EQUALIZE) {
            equalizeTable(histograms + 256 * c, tables + 256 * c);
          } else {
            contrastTable(histograms + 256 * c, tables + 256 * c);
          }
        }
        applyTables(picture, pixels, channels, tables);
        break;
      case VISION_TRANSLATE_X:
      case VISION_TRANSLATE_Y: {
        const int64_t by = static_cast<int64_t>(std::clamp(operation.value, -1e6, 1e6));
        memcpy(other, picture, bytes);
        const bool isAcross = operation.kind == VISION_TRANSLATE_X;
        translate(other, picture, height, width, channels, isAcross ? by : 0, isAcross ? 0 : by);
        break;
      }
      default: {
        double m[6];
        if (!matrix(operation, height, width, m)) return false;
        memcpy(other, picture, bytes);
        channels == 1 ? warp<1>(other, picture, height, width, m) : warp<3>(other, picture, height, width, m);
      }
    }
  }
  return true;
}

}  // namespace vision

int32_t vision_apply(const VisionOperation *operations, int32_t count, uint8_t *picture, int32_t height, int32_t width,
                     int32_t channels) {
  if (height <= 0 || width <= 0 || (channels != 1 && channels != 3)) return 2;
  try {
    std::vector<uint8_t> other(static_cast<size_t>(height) * width * channels);
    return vision::apply(operations, count, picture, other.data(), height, width, channels) ? 0 : 2;
  } catch (const std::bad_alloc &) {
    return 1;
  }
}
