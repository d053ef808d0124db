// Batch normalization of rows with what stands beside it in networks: a sum before or after, and ReLU.
//
// Values are row-major [rows, channels]: [N, C], or [N, C, H, W] in channels last with N H W rows. Work is divided into
// blocks of rows that fit a processor's own cache; each function writes what belongs to its blocks only, so that any
// division over threads gives the same bits.
#ifndef BASIN_NORM_KERNELS_H
#define BASIN_NORM_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Rows of a block, and how many blocks there are.
int64_t basinNormBlockRows(int64_t channels);
int64_t basinNormBlocks(int64_t rows, int64_t channels);

// The mean of each channel over a block and the sum of squares about it: partials[block, 2, channels]. With `other`, of
// the sums of both, which are written to `sum`.
void basinNormMoments(const float *x, const float *other, int64_t rows, int64_t channels, int64_t blockBegin,
                      int64_t blockEnd, float *sum, float *partials);

// The moments of all blocks together (Chan et al. 1979): mean and variance [channels], not corrected.
void basinNormCombine(const float *partials, int64_t rows, int64_t channels, double *mean, double *variance);

// y = x scale + shift, xhat = (x - mean) inverse; applied is [4, channels]: scale, shift, mean, inverse.
void basinNormPrepare(const double *mean, const double *variance, const float *weight, const float *bias, double epsilon,
                      int64_t channels, float *applied);

// out = x scale + shift (+ other), then max(out, 0) where `rectifies`. `other` may be null.
void basinNormApply(const float *x, const float *other, const float *applied, int32_t rectifies, int64_t rows,
                    int64_t channels, int64_t blockBegin, int64_t blockEnd, float *out);

// What the gradient of the result is let through: everything, where x scale + shift is over 0, or where `result` is.
enum { BASIN_PASS_ALL, BASIN_PASS_POSITIVE, BASIN_PASS_BY_RESULT };

// The sums over a block of the gradient let through, and of that times xhat: partials[block, 2, channels]. With `passed`
// the gradient let through is written there.
void basinNormGradientSums(const float *x, const float *applied, const float *gradient, const float *result,
                           int32_t passing, int64_t rows, int64_t channels, int64_t blockBegin, int64_t blockEnd,
                           float *passed, float *partials);

// The sums of all blocks: the gradients of bias and weight; and by rows, what is taken off each row's, [2, channels] (0
// where the moments are not the batch's).
void basinNormGradientCombine(const float *partials, int64_t rows, int64_t channels, int32_t byBatch, float *weightGradient,
                              float *biasGradient, float *means);

// out = scale (gradient let through - means[0] - xhat means[1]) (+ other). `passing` is not BASIN_PASS_BY_RESULT.
void basinNormGradient(const float *x, const float *applied, const float *means, const float *gradient, const float *other,
                       int32_t passing, int64_t rows, int64_t channels, int64_t blockBegin, int64_t blockEnd, float *out);

#ifdef __cplusplus
}
#endif
#endif
