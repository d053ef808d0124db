// gelu(h + bias) of rows, and its gradients.
#ifndef BASIN_ACTIVATION_KERNELS_H
#define BASIN_ACTIVATION_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// x Phi(x) with the normal distribution's Phi, and GPT-2's x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
enum { BASIN_GELU_EXACT, BASIN_GELU_TANH };

#define BASIN_ACTIVATION_ROWS 32

// Rows begin ..< end of out = gelu(h + bias); bias may be null. out may be h.
void basinBiasGELU(int32_t form, const float *h, const float *bias, int64_t width, int64_t begin, int64_t end, float *out);

// Blocks of BASIN_ACTIVATION_ROWS rows: `gradient` becomes that of h; `out` (null: not wanted) gets gelu(h + bias) again; partials
// [blocks, width] the sums of the gradient over each block's rows (null: not wanted).
void basinBiasGELUGradient(int32_t form, const float *h, const float *bias, int64_t rows, int64_t width, int64_t blockBegin,
                           int64_t blockEnd, float *gradient, float *out, float *partials);

#ifdef __cplusplus
}
#endif
#endif
