// 3x3 convolutions of stride 1 and padding 1 by minimal filtering (Winograd 1980; Lavin and Gray, arXiv 1509.09308):
// F(2x2, 3x3) and F(4x4, 3x3), forward and both gradients.
//
// Pictures are [N, H, W, C] (channels last), weights [outputs, k, k, inputs]; inputs and outputs are multiples of 16. Each
// tile of m x m results comes from a tile of a x a values, a = m + 2, by a^2 products instead of 9 m^2. In the transformed
// space position p of a^2 is a matrix product over channels: M_p = V_p U_p. 1x1 convolutions of stride 1 are the least case,
// m = a = 1.
//
// Inputs may be what batch normalization and ReLU make of x, max(x scale + shift, 0) with `applied` [2, inputs], without its
// being written anywhere; null: x itself. Functions with a range may be called for
// disjoint ranges at once; how a range is divided does not change a bit.
#ifndef BASIN_WINOGRAD_KERNELS_H
#define BASIN_WINOGRAD_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
  int64_t count, height, width, inputs, outputs;
  // m: 2 or 4 of a 3x3 convolution, 1 of a 1x1 one.
  int32_t tile;
} BasinConvolution;

// The better m of a 3x3 convolution for pictures of that size: the one with fewer products.
int32_t basinWinogradTile(int64_t height, int64_t width);

// Numbers of transformed weights: a^2 inputs outputs.
int64_t basinWinogradWeightCount(const BasinConvolution *convolution);

// Transforms the weights for panels begin..<end of 16 outputs.
//
// `flipped`: for the gradient of the input, a convolution with the weights turned by 180 degrees whose inputs are the
// outputs of `weights`. `convolution` is then that one: its inputs are the rows of `weights`.
void basinWinogradWeights(const BasinConvolution *convolution, const float *weights, int32_t flipped, int64_t begin,
                          int64_t end, float *transformed);

// Blocks of tiles, and the convolution over blocks begin..<end. `bias` [outputs] may be null.
int64_t basinWinogradBlocks(const BasinConvolution *convolution);
void basinWinogradConvolve(const BasinConvolution *convolution, const float *x, const float *applied,
                           const float *transformed, const float *bias, int64_t begin, int64_t end, float *y);

// The gradient of the weights, in groups of tiles one after another: for each group its tiles of the input and of the
// gradient are transformed (begin..<end within the group), then their products are added for begin..<end of the
// positions times panels of inputs; at last the sums are transformed back for panels begin..<end of 16 outputs.
typedef struct {
  int64_t groups;
  // Of a group but the last.
  int64_t tilesOfGroup;
  // Numbers in the buffers of inputs, gradients and sums.
  int64_t inputCount, gradientCount, sumCount;
  // a^2 times panels of inputs.
  int64_t products;
} BasinWinogradGradient;

BasinWinogradGradient basinWinogradGradient(const BasinConvolution *convolution);
int64_t basinWinogradTilesOfGroup(const BasinConvolution *convolution, int64_t group);
void basinWinogradGradientTiles(const BasinConvolution *convolution, const float *x, const float *applied,
                                const float *gradient, int64_t group, int64_t begin, int64_t end, float *inputs,
                                float *gradients);
void basinWinogradGradientProducts(const BasinConvolution *convolution, const float *inputs, const float *gradients,
                                   int64_t group, int64_t begin, int64_t end, float *sums);
void basinWinogradGradientWeights(const BasinConvolution *convolution, const float *sums, int64_t begin, int64_t end,
                                  float *weights);

#ifdef __cplusplus
}
#endif

#endif
