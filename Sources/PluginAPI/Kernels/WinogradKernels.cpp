#include "WinogradKernels.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "WinogradTransforms.h"

// On functions of this file alone: of exported ones the loader may choose a version too early (docs/decisions.md).
#if defined(__x86_64__) && defined(__linux__) && defined(__clang__)
#define BASIN_WINOGRAD_VERSIONS __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define BASIN_WINOGRAD_VERSIONS
#endif

namespace {

using namespace basin;

// Channels of a panel. Transformed values lie in panels, [position][panel][row][16], where a row is a tile or an input:
// the products read them from front to back.
constexpr int64_t panel = 16;

// As std::min and std::max, which may stay functions of their own in one of the versions below.
BASIN_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
BASIN_INLINE int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

struct Sizes {
  int64_t m, positions, rows, columns, tiles, inputPanels, outputPanels;
};

BASIN_INLINE Sizes sizesOf(const BasinConvolution &c) {
  const int64_t m = c.tile, a = m == 1 ? 1 : m + 2, rows = (c.height + m - 1) / m, columns = (c.width + m - 1) / m;
  return {m, a * a, rows, columns, c.count * rows * columns, c.inputs / panel, c.outputs / panel};
}

// Tiles that are transformed, multiplied and transformed back together: their values stay in a second-level cache, but of
// many channels there are enough tiles to make up for reading the weights.
BASIN_INLINE int64_t tilesOfBlock(const BasinConvolution &c, const Sizes &s) {
  constexpr int64_t cache = 384 << 10, least = 48;
  const int64_t bytes = s.positions * (c.inputs + c.outputs) * static_cast<int64_t>(sizeof(float));
  // Whole rows of the products' tiles.
  const int64_t count = larger(least, cache / bytes / 6 * 6);
  return smaller(count, s.tiles);
}

// Tiles of a group of the weights' gradient: their values stay in a third-level cache.
BASIN_INLINE int64_t tilesOfGradientGroup(const BasinConvolution &c, const Sizes &s) {
  constexpr int64_t cache = 8 << 20, least = 64;
  const int64_t bytes = s.positions * (c.inputs + c.outputs) * static_cast<int64_t>(sizeof(float));
  return smaller(larger(least, cache / bytes), s.tiles);
}

struct Freeing {
  void operator()(float *p) const { free(p); }
};

// Memory of this thread that is kept between calls, 64-byte aligned.
float *scratch(int64_t count) {
  thread_local std::unique_ptr<float, Freeing> memory;
  thread_local int64_t size = 0;
  if (count > size) {
    memory.reset();
    size = 0;
    const size_t bytes = (static_cast<size_t>(count) * sizeof(float) + 63) / 64 * 64;
    memory.reset(static_cast<float *>(aligned_alloc(64, bytes)));
    if (!memory) abort();
    size = count;
  }
  return memory.get();
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

template <int m>
BASIN_INLINE void convolve(const BasinConvolution &c, const float *x, const float *applied, const float *u,
                           const float *bias, int64_t begin, int64_t end, float *memory, float *y) {
  const Sizes s = sizesOf(c);
  const int64_t stride = tilesOfBlock(c, s);
  float *v = memory, *sums = memory + s.positions * c.inputs * stride;
  for (int64_t block = begin; block < end; ++block) {
    const int64_t first = block * stride, count = smaller(stride, s.tiles - first);
    transformInputs<m>(c, s, x, applied, first, count, 0, stride, v);
    for (int64_t p = 0; p < s.positions; ++p) {
      products(v + p * c.inputs * stride, u + p * c.inputs * c.outputs, count, stride, s.inputPanels, s.outputPanels,
               sums + p * c.outputs * stride);
    }
    writeTiles<m>(c, s, sums, bias, first, count, stride, y);
  }
}

BASIN_WINOGRAD_VERSIONS void convolveOne(const BasinConvolution &c, const float *x, const float *applied, const float *u,
                                          const float *bias, int64_t begin, int64_t end, float *memory, float *y) {
  convolve<1>(c, x, applied, u, bias, begin, end, memory, y);
}

BASIN_WINOGRAD_VERSIONS void convolveTwo(const BasinConvolution &c, const float *x, const float *applied, const float *u,
                                          const float *bias, int64_t begin, int64_t end, float *memory, float *y) {
  convolve<2>(c, x, applied, u, bias, begin, end, memory, y);
}

BASIN_WINOGRAD_VERSIONS void convolveFour(const BasinConvolution &c, const float *x, const float *applied, const float *u,
                                           const float *bias, int64_t begin, int64_t end, float *memory, float *y) {
  convolve<4>(c, x, applied, u, bias, begin, end, memory, y);
}

// The vectors of a kernel's weights transformed: position p is written to out + p * stride.
template <int m>
BASIN_INLINE void transformKernel(const Eight *taps, int64_t stride, float *out) {
  constexpr int a = m + Minimal<m>::kernel - 1, positions = a * a;
  Eight transformed[positions];
  weightsBoth<m>(taps, transformed);
#pragma clang loop unroll(full)
  for (int p = 0; p < positions; ++p) eight(out + p * stride) = transformed[p];
}

template <int m>
BASIN_INLINE void transformWeights(const BasinConvolution &c, const float *weights, bool flipped, int64_t begin,
                                   int64_t end, float *out) {
  constexpr int taps = Minimal<m>::kernel * Minimal<m>::kernel;
  const int64_t stride = c.inputs * c.outputs;
  for (int64_t j = begin; j < end; ++j) {
    float *to = out + j * c.inputs * panel;
    if (flipped) {
      // weights [inputs, taps, outputs]: outputs lie side by side.
      for (int64_t input = 0; input < c.inputs; ++input) {
        for (int64_t half = 0; half < panel; half += 8) {
          const float *from = weights + input * taps * c.outputs + j * panel + half;
          Eight values[taps];
#pragma clang loop unroll(full)
          for (int tap = 0; tap < taps; ++tap) values[tap] = eight(from + (taps - 1 - tap) * c.outputs);
          transformKernel<m>(values, stride, to + input * panel + half);
        }
      }
      continue;
    }
    // weights [outputs, taps, inputs]: eight inputs of sixteen outputs are turned at a time.
    for (int64_t input = 0; input < c.inputs; input += 8) {
      alignas(64) float turned[8][taps][panel];
      for (int64_t k = 0; k < panel; ++k) {
        const float *from = weights + (j * panel + k) * taps * c.inputs + input;
        for (int tap = 0; tap < taps; ++tap) {
          for (int i = 0; i < 8; ++i) turned[i][tap][k] = from[tap * c.inputs + i];
        }
      }
      for (int i = 0; i < 8; ++i) {
        for (int64_t half = 0; half < panel; half += 8) {
          Eight values[taps];
#pragma clang loop unroll(full)
          for (int tap = 0; tap < taps; ++tap) values[tap] = eight(&turned[i][tap][half]);
          transformKernel<m>(values, stride, to + (input + i) * panel + half);
        }
      }
    }
  }
}

BASIN_WINOGRAD_VERSIONS void weightsOf(const BasinConvolution &c, const float *weights, bool flipped, int64_t begin,
                                       int64_t end, float *out) {
  if (c.tile == 1) return transformWeights<1>(c, weights, flipped, begin, end, out);
  if (c.tile == 2) return transformWeights<2>(c, weights, flipped, begin, end, out);
  transformWeights<4>(c, weights, flipped, begin, end, out);
}

template <int m>
BASIN_INLINE void gradientTiles(const BasinConvolution &c, const float *x, const float *applied, const float *gradient,
                                int64_t group, int64_t begin, int64_t end, float *inputs, float *gradients) {
  const Sizes s = sizesOf(c);
  const int64_t stride = tilesOfGradientGroup(c, s), first = group * stride + begin;
  transformInputs<m>(c, s, x, applied, first, end - begin, begin, stride, inputs);
  transformTiles<m, true, false>(c, s, gradient, Rectifier{}, first, end - begin, begin, stride, gradients);
}

BASIN_WINOGRAD_VERSIONS void gradientTilesOf(const BasinConvolution &c, const float *x, const float *applied,
                                             const float *gradient, int64_t group, int64_t begin, int64_t end,
                                             float *inputs, float *gradients) {
  if (c.tile == 1) return gradientTiles<1>(c, x, applied, gradient, group, begin, end, inputs, gradients);
  if (c.tile == 2) return gradientTiles<2>(c, x, applied, gradient, group, begin, end, inputs, gradients);
  gradientTiles<4>(c, x, applied, gradient, group, begin, end, inputs, gradients);
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

BASIN_WINOGRAD_VERSIONS void gradientProductsOf(const BasinConvolution &c, const float *inputs, const float *gradients,
                                                int64_t group, int64_t begin, int64_t end, float *sums) {
  // Tiles at a time whose values stay in the first-level cache.
  constexpr int64_t depth = 192;
  const Sizes s = sizesOf(c);
  const int64_t stride = tilesOfGradientGroup(c, s), tiles = smaller(stride, s.tiles - group * stride);
  for (int64_t index = begin; index < end; ++index) {
    const int64_t p = index / s.inputPanels;
    const float *left = inputs + index * stride * panel;
    float *out = sums + index * s.outputPanels * panel * panel;
    if (group == 0) memset(out, 0, static_cast<size_t>(s.outputPanels * panel * panel) * sizeof(float));
    for (int64_t t = 0; t < tiles; t += depth) {
      const int64_t count = smaller(depth, tiles - t);
      for (int64_t j = 0; j < s.outputPanels; ++j) {
        const float *right = gradients + ((p * s.outputPanels + j) * stride + t) * panel;
        float *to = out + j * panel * panel;
        outerRows<6>(left + t * panel, right, count, to);
        outerRows<6>(left + t * panel + 6, right, count, to + 6 * panel);
        outerRows<4>(left + t * panel + 12, right, count, to + 12 * panel);
      }
    }
  }
}

template <int m>
BASIN_INLINE void gradientWeights(const BasinConvolution &c, const float *sums, int64_t begin, int64_t end, float *weights) {
  const Sizes s = sizesOf(c);
  constexpr int kernel = Minimal<m>::kernel, taps = kernel * kernel, a = m + kernel - 1, positions = a * a;
  for (int64_t j = begin; j < end; ++j) {
    for (int64_t i = 0; i < s.inputPanels; ++i) {
      alignas(64) float turned[panel][taps][panel];  // [output][tap][input]
      for (int64_t input = 0; input < panel; ++input) {
        for (int64_t half = 0; half < panel; half += 8) {
          Eight values[positions], found[taps];
#pragma clang loop unroll(full)
          for (int p = 0; p < positions; ++p) {
            values[p] = eight(sums + ((p * s.inputPanels + i) * s.outputPanels + j) * panel * panel + input * panel + half);
          }
          weightsGradientBoth<m>(values, found);
          for (int tap = 0; tap < taps; ++tap) {
            for (int k = 0; k < 8; ++k) turned[half + k][tap][input] = found[tap][k];
          }
        }
      }
      for (int64_t k = 0; k < panel; ++k) {
        for (int tap = 0; tap < taps; ++tap) {
          memcpy(weights + ((j * panel + k) * taps + tap) * c.inputs + i * panel, turned[k][tap], panel * sizeof(float));
        }
      }
    }
  }
}

BASIN_WINOGRAD_VERSIONS void gradientWeightsOf(const BasinConvolution &c, const float *sums, int64_t begin, int64_t end,
                                               float *weights) {
  if (c.tile == 1) return gradientWeights<1>(c, sums, begin, end, weights);
  if (c.tile == 2) return gradientWeights<2>(c, sums, begin, end, weights);
  gradientWeights<4>(c, sums, begin, end, weights);
}

}  // namespace

extern "C" {

int32_t basinWinogradTile(int64_t height, int64_t width) {
  const int64_t four = (height + 3) / 4 * ((width + 3) / 4) * 36, two = (height + 1) / 2 * ((width + 1) / 2) * 16;
  return four < two ? 4 : 2;
}

int64_t basinWinogradWeightCount(const BasinConvolution *c) { return sizesOf(*c).positions * c->inputs * c->outputs; }

void basinWinogradWeights(const BasinConvolution *c, const float *weights, int32_t flipped, int64_t begin, int64_t end,
                          float *transformed) {
  weightsOf(*c, weights, flipped != 0, begin, end, transformed);
}

int64_t basinWinogradBlocks(const BasinConvolution *c) {
  const Sizes s = sizesOf(*c);
  const int64_t count = tilesOfBlock(*c, s);
  return count > 0 ? (s.tiles + count - 1) / count : 0;
}

void basinWinogradConvolve(const BasinConvolution *c, const float *x, const float *applied, const float *transformed,
                           const float *bias, int64_t begin, int64_t end, float *y) {
  const Sizes s = sizesOf(*c);
  float *memory = scratch(s.positions * (c->inputs + c->outputs) * tilesOfBlock(*c, s));
  const auto convolve = c->tile == 1 ? convolveOne : c->tile == 2 ? convolveTwo : convolveFour;
  convolve(*c, x, applied, transformed, bias, begin, end, memory, y);
}

BasinWinogradGradient basinWinogradGradient(const BasinConvolution *c) {
  const Sizes s = sizesOf(*c);
  const int64_t tiles = tilesOfGradientGroup(*c, s);
  return {tiles > 0 ? (s.tiles + tiles - 1) / tiles : 0, tiles, s.positions * c->inputs * tiles,
          s.positions * c->outputs * tiles, s.positions * c->inputs * c->outputs, s.positions * s.inputPanels};
}

int64_t basinWinogradTilesOfGroup(const BasinConvolution *c, int64_t group) {
  const Sizes s = sizesOf(*c);
  const int64_t tiles = tilesOfGradientGroup(*c, s);
  return smaller(tiles, s.tiles - group * tiles);
}

void basinWinogradGradientTiles(const BasinConvolution *c, const float *x, const float *applied, const float *gradient,
                                int64_t group, int64_t begin, int64_t end, float *inputs, float *gradients) {
  gradientTilesOf(*c, x, applied, gradient, group, begin, end, inputs, gradients);
}

void basinWinogradGradientProducts(const BasinConvolution *c, const float *inputs, const float *gradients, int64_t group,
                                   int64_t begin, int64_t end, float *sums) {
  gradientProductsOf(*c, inputs, gradients, group, begin, end, sums);
}

void basinWinogradGradientWeights(const BasinConvolution *c, const float *sums, int64_t begin, int64_t end, float *weights) {
  gradientWeightsOf(*c, sums, begin, end, weights);
}
}
