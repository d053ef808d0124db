// Layer normalization of rows together with the residual sum and the dropout before it: s = x + dropout(h + bias),
// y = (s - mean) / sqrt(variance + epsilon) weight + shift.
//
// Values are row-major [rows, width]. Work is divided into blocks of rows; each function writes what belongs to its blocks only,
// so that any division over threads gives the same bits. The mask of dropout is drawn again for the gradients.
#ifndef BASIN_RESIDUAL_NORM_KERNELS_H
#define BASIN_RESIDUAL_NORM_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BASIN_RESIDUAL_NORM_ROWS 32

typedef struct BasinResidualNorm {
  int64_t rows, width;
  const float *bias;            // [width], or null
  const float *weight, *shift;  // [width]
  double epsilon;
  // Column c of row r is kept, times `keep`, where word 32 ceil(width / 32) r + c of stream `key` is not below the threshold.
  // threshold 0: no dropout.
  uint64_t key;
  uint32_t threshold;
  float keep;
} BasinResidualNorm;

// sum and out [rows, width], moments [rows, 2]: mean and 1 / sqrt(variance + epsilon). h null: of x itself, and `sum` is not
// written.
void basinResidualNorm(const BasinResidualNorm *norm, const float *x, const float *h, int64_t blockBegin, int64_t blockEnd,
                       float *sum, float *out, float *moments);

// From the gradient of `out`, which is `gradient` or its sum with `second` (unless that is null), and, where it is not null, that of `sum`: the
// gradients of x, of h (null: not wanted, or that of x) and of each block's rows the sums for weight, shift and bias, partials
// [blocks, 3, width].
void basinResidualNormGradient(const BasinResidualNorm *norm, const float *sum, const float *moments, const float *gradient,
                               const float *second, const float *sumGradient, int64_t blockBegin, int64_t blockEnd, float *xGradient,
                               float *hGradient, float *partials);

// out[i] = the sum over `count` rows of `width` numbers, `stride` from one to the next, in their order.
void basinSumOfRows(const float *in, int64_t count, int64_t stride, int64_t width, float *out);

// The mean over the rows of each sequence, in [T, width] to out [sequences, width]; zeros for one without rows.
void basinSequenceMeans(const int64_t *offsets, int64_t begin, int64_t end, int64_t width, const float *in, float *out);
// Its gradient: each row of a sequence of L gets the sequence's row of `in` / L.
void basinSequenceShares(const int64_t *offsets, int64_t begin, int64_t end, int64_t width, const float *in, float *out);

#ifdef __cplusplus
}
#endif
#endif
