// The products of minimal filtering, over panels of 16 channels that are read from front to back.
#ifndef BASIN_WINOGRAD_PRODUCTS_H
#define BASIN_WINOGRAD_PRODUCTS_H

#include "Vectors.h"

namespace basin {

// Channels of a panel. Transformed values lie in panels, [position][panel][row][16], where a row is a tile or an input:
// the products read them from front to back.
constexpr int64_t panel = 16;

// `Rows` rows of sums of 16: out += left right, over `depth` panels of the left side.
template <int Rows>
BASIN_INLINE void productRows(const float *left, int64_t leftStride, const float *right, int64_t depth, bool isFirst,
                              float *out) {
  Eight sums[Rows][2];
#pragma clang loop unroll(full)
  for (int r = 0; r < Rows; ++r) {
    sums[r][0] = isFirst ? Eight{} : eight(out + r * panel);
    sums[r][1] = isFirst ? Eight{} : eight(out + r * panel + 8);
  }
  for (int64_t d = 0; d < depth; ++d, left += leftStride) {
#pragma clang loop unroll_count(4)
    for (int k = 0; k < panel; ++k, right += panel) {
      const Eight low = eight(right), high = eight(right + 8);
#pragma clang loop unroll(full)
      for (int r = 0; r < Rows; ++r) {
        const float value = left[r * panel + k];
        sums[r][0] += value * low;
        sums[r][1] += value * high;
      }
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < Rows; ++r) {
    eight(out + r * panel) = sums[r][0];
    eight(out + r * panel + 8) = sums[r][1];
  }
}

// M = V U for one position: V [inputPanels][stride][16], U [outputPanels][inputs][16], M [outputPanels][stride][16].
BASIN_INLINE void products(const float *v, const float *u, int64_t rows, int64_t stride, int64_t inputPanels,
                           int64_t outputPanels, float *out) {
  // Panels of inputs at a time whose weights stay in the first-level cache.
  constexpr int64_t depth = 16;
  for (int64_t begin = 0; begin < inputPanels; begin += depth) {
    const int64_t part = smaller(depth, inputPanels - begin);
    for (int64_t j = 0; j < outputPanels; ++j) {
      const float *right = u + (j * inputPanels + begin) * panel * panel;
      const float *left = v + begin * stride * panel;
      float *sums = out + j * stride * panel;
      int64_t r = 0;
      for (; r + 6 <= rows; r += 6) productRows<6>(left + r * panel, stride * panel, right, part, begin == 0, sums + r * panel);
      for (; r + 2 <= rows; r += 2) productRows<2>(left + r * panel, stride * panel, right, part, begin == 0, sums + r * panel);
      for (; r < rows; ++r) productRows<1>(left + r * panel, stride * panel, right, part, begin == 0, sums + r * panel);
    }
  }
}

// `Rows` inputs: out [Rows][16] += left^T right over `count` tiles, which are summed apart for the sake of rounding.
template <int Rows>
BASIN_INLINE void outerRows(const float *left, const float *right, int64_t count, float *out) {
  Eight sums[Rows][2];
#pragma clang loop unroll(full)
  for (int r = 0; r < Rows; ++r) sums[r][0] = sums[r][1] = Eight{};
#pragma clang loop unroll_count(4)
  for (int64_t t = 0; t < count; ++t, left += panel, right += panel) {
    const Eight low = eight(right), high = eight(right + 8);
#pragma clang loop unroll(full)
    for (int r = 0; r < Rows; ++r) {
      sums[r][0] += left[r] * low;
      sums[r][1] += left[r] * high;
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < Rows; ++r) {
    eight(out + r * panel) += sums[r][0];
    eight(out + r * panel + 8) += sums[r][1];
  }
}

}  // namespace basin

#endif
