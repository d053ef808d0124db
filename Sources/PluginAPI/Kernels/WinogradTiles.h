// Tiles of pictures: read and transformed into panels, and results written back.
#ifndef BASIN_WINOGRAD_TILES_H
#define BASIN_WINOGRAD_TILES_H

#include "WinogradKernels.h"
#include "WinogradProducts.h"
#include "WinogradTransforms.h"

namespace basin {

struct Sizes {
  int64_t m, positions, rows, columns, tiles, inputPanels, outputPanels;
};

BASIN_INLINE Sizes sizesOf(const BasinConvolution &c) {
  const int64_t m = c.tile, a = m == 1 ? 1 : m + 2, rows = (c.height + m - 1) / m, columns = (c.width + m - 1) / m;
  return {m, a * a, rows, columns, c.count * rows * columns, c.inputs / panel, c.outputs / panel};
}

struct Place {
  int64_t picture, y, x;
};

BASIN_INLINE Place placeOf(int64_t tile, int64_t rows, int64_t columns, int64_t m) {
  const int64_t column = tile % columns, rest = tile / columns;
  return {rest / rows, rest % rows * m, column * m};
}

// Batch normalization and ReLU of the values as they are read: max(x scale + shift, 0), as in NormKernels.
struct Rectifier {
  const float *scale, *shift;
};

template <bool rectifies>
BASIN_INLINE void load(const float *p, const Eight &scale, const Eight &shift, Eight &value) {
  value = eight(p);
  if constexpr (rectifies) {
    value = shift + value * scale;
    value = (Eight)((EightBits)value & ~(EightBits)(value < 0));
  }
}

// Reads `side` x `side` vectors from row `top` and column `left` on; outside of the picture there are zeros.
template <int side, bool rectifies>
BASIN_INLINE void loadSquare(const float *picture, int64_t height, int64_t width, int64_t channels, int64_t top,
                             int64_t left, const Eight &scale, const Eight &shift, Eight *values) {
  const bool isInside = top >= 0 && left >= 0 && top + side <= height && left + side <= width;
  if (isInside) {
    for (int y = 0; y < side; ++y) {
      const float *row = picture + ((top + y) * width + left) * channels;
#pragma clang loop unroll(full)
      for (int x = 0; x < side; ++x) load<rectifies>(row + x * channels, scale, shift, values[y * side + x]);
    }
    return;
  }
  for (int64_t y = 0; y < side; ++y) {
    for (int64_t x = 0; x < side; ++x) {
      const int64_t row = top + y, column = left + x;
      const bool isThere = row >= 0 && row < height && column >= 0 && column < width;
      if (isThere) {
        load<rectifies>(picture + (row * width + column) * channels, scale, shift, values[y * side + x]);
      } else {
        values[y * side + x] = Eight{};
      }
    }
  }
}

// The tiles first..<first + count of `x` transformed (of results' gradients where `isGradient`), as rows row... of panels
// of `stride` rows.
template <int m, bool isGradient, bool rectifies>
BASIN_INLINE void transformTiles(const BasinConvolution &c, const Sizes &s, const float *x, const Rectifier &rectifier,
                                 int64_t first, int64_t count, int64_t row, int64_t stride, float *out) {
  constexpr int kernel = Minimal<m>::kernel, a = m + kernel - 1, positions = a * a, side = isGradient ? m : a;
  constexpr int64_t padding = isGradient ? 0 : kernel / 2;
  const int64_t channels = isGradient ? c.outputs : c.inputs, panels = channels / panel;
  for (int64_t t = 0; t < count; ++t) {
    const float *picture = x + (first + t) * channels;
    int64_t top = 0, left = 0;
    if constexpr (m > 1) {
      const Place place = placeOf(first + t, s.rows, s.columns, m);
      picture = x + place.picture * c.height * c.width * channels;
      top = place.y - padding;
      left = place.x - padding;
    }
    for (int64_t channel = 0; channel < channels; channel += 8) {
      Eight values[side * side], transformed[positions], scale{}, shift{};
      if constexpr (rectifies) {
        scale = eight(rectifier.scale + channel);
        shift = eight(rectifier.shift + channel);
      }
      if constexpr (m == 1) {
        load<rectifies>(picture + channel, scale, shift, values[0]);
      } else {
        loadSquare<side, rectifies>(picture + channel, c.height, c.width, channels, top, left, scale, shift, values);
      }
      if constexpr (isGradient) {
        outputGradientBoth<m>(values, transformed);
      } else {
        inputBoth<m>(values, transformed);
      }
      float *to = out + (channel / panel * stride + row + t) * panel + channel % panel;
#pragma clang loop unroll(full)
      for (int p = 0; p < positions; ++p) eight(to + p * panels * stride * panel) = transformed[p];
    }
  }
}

template <int m>
BASIN_INLINE void transformInputs(const BasinConvolution &c, const Sizes &s, const float *x, const float *applied,
                                  int64_t first, int64_t count, int64_t row, int64_t stride, float *out) {
  const Rectifier rectifier{applied, applied ? applied + c.inputs : nullptr};
  if (applied) {
    transformTiles<m, false, true>(c, s, x, rectifier, first, count, row, stride, out);
  } else {
    transformTiles<m, false, false>(c, s, x, rectifier, first, count, row, stride, out);
  }
}

template <int m>
BASIN_INLINE void writeTiles(const BasinConvolution &c, const Sizes &s, const float *products, const float *bias,
                             int64_t first, int64_t count, int64_t stride, float *y) {
  constexpr int a = m + Minimal<m>::kernel - 1, positions = a * a;
  for (int64_t t = 0; t < count; ++t) {
    // Of 1x1 tiles the places of all pictures are one row.
    const Place place = m == 1 ? Place{0, 0, first + t} : placeOf(first + t, s.rows, s.columns, m);
    float *picture = y + place.picture * c.height * c.width * c.outputs;
    const int64_t height = m == 1 ? 1 : smaller(m, c.height - place.y), width = m == 1 ? 1 : smaller(m, c.width - place.x);
    for (int64_t channel = 0; channel < c.outputs; channel += 8) {
      Eight values[positions], results[m * m];
      const float *from = products + (channel / panel * stride + t) * panel + channel % panel;
#pragma clang loop unroll(full)
      for (int p = 0; p < positions; ++p) values[p] = eight(from + p * s.outputPanels * stride * panel);
      outputBoth<m>(values, results);
      const Eight shift = bias ? eight(bias + channel) : Eight{};
      for (int64_t i = 0; i < height; ++i) {
        float *row = picture + ((place.y + i) * c.width + place.x) * c.outputs + channel;
        for (int64_t j = 0; j < width; ++j) eight(row + j * c.outputs) = results[i * m + j] + shift;
      }
    }
  }
}

}  // namespace basin

#endif
