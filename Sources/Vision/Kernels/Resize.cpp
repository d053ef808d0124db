#include "VisionKernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <vector>

// Without fused operations the bytes of a scaled picture are the same on every machine.
#pragma clang fp contract(off)

namespace {

/// The source positions one output position is a weighted mean of.
struct Taps {
  int32_t first;
  int32_t count;
  size_t offset;
};

/// Taps of `out` positions, cut from the middle of a side of `side` that is scaled by 1 / `ratio`.
void makeTaps(int32_t side, int32_t out, double ratio, std::vector<Taps> &taps, std::vector<float> &weights) {
  const double support = std::max(ratio, 1.0);
  const double start = (side - out * ratio) / 2;
  for (int32_t i = 0; i < out; i++) {
    const double middle = start + (i + 0.5) * ratio;
    const int32_t first = std::max(0, static_cast<int32_t>(std::floor(middle - support)));
    const int32_t last = std::min(side, static_cast<int32_t>(std::ceil(middle + support)));
    const Taps tap{first, last - first, weights.size()};
    double sum = 0;
    for (int32_t j = first; j < last; j++) sum += std::max(0.0, 1 - std::abs(j + 0.5 - middle) / support);
    for (int32_t j = first; j < last; j++) {
      weights.push_back(static_cast<float>(std::max(0.0, 1 - std::abs(j + 0.5 - middle) / support) / sum));
    }
    taps.push_back(tap);
  }
}

void resize(const uint8_t *source, int32_t height, int32_t width, int32_t channels, uint8_t *destination,
            int32_t outHeight, int32_t outWidth) {
  const double ratio = std::min(static_cast<double>(height) / outHeight, static_cast<double>(width) / outWidth);
  std::vector<Taps> rows, columns;
  std::vector<float> rowWeights, columnWeights;
  makeTaps(height, outHeight, ratio, rows, rowWeights);
  makeTaps(width, outWidth, ratio, columns, columnWeights);

  // Rows outside the window are never touched; each source row is shrunk once, then added to the rows it belongs to.
  const size_t outLength = static_cast<size_t>(outWidth) * channels;
  std::vector<float> sums(static_cast<size_t>(outHeight) * outLength), row(outLength);
  int32_t lowest = 0;
  const int32_t from = rows.front().first, to = rows.back().first + rows.back().count;
  for (int32_t y = from; y < to; y++) {
    const uint8_t *line = source + static_cast<size_t>(y) * width * channels;
    for (int32_t x = 0; x < outWidth; x++) {
      const float *weight = columnWeights.data() + columns[x].offset;
      const uint8_t *pixel = line + static_cast<size_t>(columns[x].first) * channels;
      for (int32_t c = 0; c < channels; c++) {
        float sum = 0;
        for (int32_t k = 0; k < columns[x].count; k++) sum += weight[k] * pixel[k * channels + c];
        row[static_cast<size_t>(x) * channels + c] = sum;
      }
    }
    while (lowest < outHeight && rows[lowest].first + rows[lowest].count <= y) lowest++;
    for (int32_t i = lowest; i < outHeight && rows[i].first <= y; i++) {
      const float weight = rowWeights[rows[i].offset + (y - rows[i].first)];
      float *sum = sums.data() + i * outLength;
      for (size_t k = 0; k < outLength; k++) sum[k] += weight * row[k];
    }
  }
  for (size_t k = 0; k < sums.size(); k++) {
    destination[k] = static_cast<uint8_t>(std::clamp(sums[k] + 0.5f, 0.0f, 255.0f));
  }
}

}  // namespace

int32_t vision_resize_cover(const uint8_t *source, int32_t height, int32_t width, int32_t channels,
                            uint8_t *destination, int32_t outHeight, int32_t outWidth) {
  if (height <= 0 || width <= 0 || channels <= 0 || outHeight <= 0 || outWidth <= 0) return 1;
  if (height == outHeight && width == outWidth) {
    memcpy(destination, source, static_cast<size_t>(height) * width * channels);
    return 0;
  }
  try {
    resize(source, height, width, channels, destination, outHeight, outWidth);
  } catch (const std::bad_alloc &) {
    return 1;
  }
  return 0;
}
