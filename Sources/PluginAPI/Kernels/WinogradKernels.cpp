#include "WinogradKernels.h"

#include <cstring>

#include "Scratch.h"
#include "WinogradProducts.h"
#include "WinogradTiles.h"

namespace {

using namespace basin;

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

BASIN_VERSIONS void convolveOne(BasinConvolution c, const float *x, const float *applied, const float *u,
                                          const float *bias, int64_t begin, int64_t end, float *memory, float *y) {
  convolve<1>(c, x, applied, u, bias, begin, end, memory, y);
}

BASIN_VERSIONS void convolveTwo(BasinConvolution c, const float *x, const float *applied, const float *u,
                                          const float *bias, int64_t begin, int64_t end, float *memory, float *y) {
  convolve<2>(c, x, applied, u, bias, begin, end, memory, y);
}

BASIN_VERSIONS void convolveFour(BasinConvolution c, const float *x, const float *applied, const float *u,
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

BASIN_VERSIONS void weightsOf(BasinConvolution c, const float *weights, bool flipped, int64_t begin,
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

BASIN_VERSIONS void gradientTilesOf(BasinConvolution c, const float *x, const float *applied,
                                             const float *gradient, int64_t group, int64_t begin, int64_t end,
                                             float *inputs, float *gradients) {
  if (c.tile == 1) return gradientTiles<1>(c, x, applied, gradient, group, begin, end, inputs, gradients);
  if (c.tile == 2) return gradientTiles<2>(c, x, applied, gradient, group, begin, end, inputs, gradients);
  gradientTiles<4>(c, x, applied, gradient, group, begin, end, inputs, gradients);
}

BASIN_VERSIONS void gradientProductsOf(BasinConvolution c, const float *inputs, const float *gradients,
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

BASIN_VERSIONS void gradientWeightsOf(BasinConvolution c, const float *sums, int64_t begin, int64_t end,
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
