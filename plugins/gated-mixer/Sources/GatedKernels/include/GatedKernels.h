// The gated activation of SwiGLU over rows of 2 `width` floats: the first half opens the second, y = a / (1 + exp(-a)) b.
#ifndef GATED_KERNELS_H
#define GATED_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Rows `begin` to `end` of `h` [rows, 2 width] to `out` [rows, width].
void gatedForward(const float *h, int64_t width, int64_t begin, int64_t end, float *out);

// The same rows of the gradient of `h` from `incoming`, that of the result [rows, width].
void gatedBackward(const float *h, const float *incoming, int64_t width, int64_t begin, int64_t end, float *out);

#ifdef __cplusplus
}
#endif
#endif
