// Products of small matrices whose right side lies in panels of 16 columns.
#ifndef BASIN_PANEL_PRODUCTS_H
#define BASIN_PANEL_PRODUCTS_H

#include <string.h>

#include "VectorMath.h"

namespace basin {

constexpr int64_t panelWidth = 16;

BASIN_INLINE int64_t panelsOf(int64_t columns) { return (columns + panelWidth - 1) / panelWidth; }

// `Rows` rows of 8 `Vectors` sums: out = left right, or out += where `adds`. left(r, k) is left[r * rowStride + k * depthStride], rows
// of the right side are `rightStride` apart.
template <int Rows, int Vectors = 2>
BASIN_INLINE void panelRows(const float *left, int64_t rowStride, int64_t depthStride, const float *right, int64_t depth,
                            bool adds, float *out, int64_t outStride, int64_t rightStride = Vectors * 8) {
  Eight sums[Rows][Vectors];
#pragma clang loop unroll(full)
  for (int r = 0; r < Rows; ++r) {
#pragma clang loop unroll(full)
    for (int v = 0; v < Vectors; ++v) sums[r][v] = adds ? eight(out + r * outStride + v * 8) : Eight{};
  }
#pragma clang loop unroll_count(4)
  for (int64_t k = 0; k < depth; ++k, left += depthStride, right += rightStride) {
    Eight side[Vectors];
#pragma clang loop unroll(full)
    for (int v = 0; v < Vectors; ++v) side[v] = eight(right + v * 8);
#pragma clang loop unroll(full)
    for (int r = 0; r < Rows; ++r) {
      const float value = left[r * rowStride];
#pragma clang loop unroll(full)
      for (int v = 0; v < Vectors; ++v) sums[r][v] += value * side[v];
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < Rows; ++r) {
#pragma clang loop unroll(full)
    for (int v = 0; v < Vectors; ++v) eight(out + r * outStride + v * 8) = sums[r][v];
  }
}

// out [rows, 16 panels] = left [rows, depth] right, right in panels [panels][panelStride / 16][16].
BASIN_INLINE void panelProduct(const float *left, int64_t rowStride, int64_t depthStride, int64_t rows, const float *right,
                               int64_t panelStride, int64_t panels, int64_t depth, bool adds, float *out,
                               int64_t outStride) {
  for (int64_t j = 0; j < panels; ++j) {
    const float *side = right + j * panelStride;
    float *to = out + j * panelWidth;
    int64_t r = 0;
    for (; r + 6 <= rows; r += 6) {
      panelRows<6>(left + r * rowStride, rowStride, depthStride, side, depth, adds, to + r * outStride, outStride);
    }
    const float *rest = left + r * rowStride;
    float *last = to + r * outStride;
    switch (rows - r) {
      case 5: panelRows<5>(rest, rowStride, depthStride, side, depth, adds, last, outStride); break;
      case 4: panelRows<4>(rest, rowStride, depthStride, side, depth, adds, last, outStride); break;
      case 3: panelRows<3>(rest, rowStride, depthStride, side, depth, adds, last, outStride); break;
      case 2: panelRows<2>(rest, rowStride, depthStride, side, depth, adds, last, outStride); break;
      case 1: panelRows<1>(rest, rowStride, depthStride, side, depth, adds, last, outStride); break;
      default: break;
    }
  }
}

// Rows of `columns` floats (+ bias, then times `scale`) to panels [ceil(columns / Width)][rows][Width], zeros behind the last column.
template <int64_t Width = panelWidth>
BASIN_INLINE void rowsToPanels(const float *in, int64_t stride, const float *bias, float scale, int64_t rows,
                               int64_t columns, float *out) {
  for (int64_t c = 0; c < columns; c += Width) {
    const int64_t count = columns - c < Width ? columns - c : Width;
    if (count == Width) {
      Eight shift[Width / 8];
#pragma clang loop unroll(full)
      for (int64_t v = 0; v < Width / 8; ++v) shift[v] = bias ? eight(bias + c + v * 8) : Eight{};
      for (int64_t r = 0; r < rows; ++r, out += Width) {
#pragma clang loop unroll(full)
        for (int64_t v = 0; v < Width / 8; ++v) eight(out + v * 8) = (eight(in + r * stride + c + v * 8) + shift[v]) * scale;
      }
    } else {
      for (int64_t r = 0; r < rows; ++r, out += Width) {
        for (int64_t i = 0; i < count; ++i) {
          out[i] = in[r * stride + c + i];
          if (bias) out[i] += bias[c + i];
          out[i] *= scale;
        }
        for (int64_t i = count; i < Width; ++i) out[i] = 0;
      }
    }
  }
}

// Rows of `columns` floats (+ bias) transposed to panels [ceil(rows / Width)][columns][Width], zeros behind the last row.
template <int64_t Width = panelWidth>
BASIN_INLINE void columnsToPanels(const float *in, int64_t stride, const float *bias, int64_t rows, int64_t columns,
                                  float *out) {
  for (int64_t r = 0; r < rows; r += Width, out += columns * Width) {
    const int64_t count = rows - r < Width ? rows - r : Width;
    if (count < Width) memset(out, 0, static_cast<size_t>(columns * Width) * sizeof(float));
    int64_t c = 0;
    for (; c + 8 <= columns; c += 8) {
      const Eight shift = bias ? eight(bias + c) : Eight{};
      for (int64_t i = 0; i < count; i += 8) {
        Eight block[8], turned[8];
#pragma clang loop unroll(full)
        for (int k = 0; k < 8; ++k) block[k] = i + k < count ? eight(in + (r + i + k) * stride + c) + shift : Eight{};
        transposeEight(block, turned);
#pragma clang loop unroll(full)
        for (int k = 0; k < 8; ++k) eight(out + (c + k) * Width + i) = turned[k];
      }
    }
    for (; c < columns; ++c) {
      for (int64_t i = 0; i < count; ++i) out[c * Width + i] = in[(r + i) * stride + c] + (bias ? bias[c] : 0.0f);
    }
  }
}

}  // namespace basin

#endif
