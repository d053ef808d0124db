// Counter-based random numbers and dropout over raw memory.
//
// Random words: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). The 64-bit key is the
// stream. Words come in groups of 32: word i of a stream is word (i % 32) / 8 of the block whose counter is
// (i / 32) * 8 + i % 8, so that eight blocks are computed side by side in vector registers. Every function takes a range of
// groups: any division of the work over threads gives the same numbers.
#ifndef BASIN_TENSOR_KERNELS_H
#define BASIN_TENSOR_KERNELS_H

#include <stdint.h>

#include "ActivationKernels.h"
#include "ClassKernels.h"
#include "DenseProductKernels.h"
#include "FirstRowAttentionKernels.h"
#include "NormKernels.h"
#include "PackedAttentionKernels.h"
#include "ResidualNormKernels.h"
#include "WinogradKernels.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BASIN_RANDOM_GROUP 32

// Words begin..<end of stream `key`, at any alignment (the plain form, used for single words).
void basinRandomWords(uint64_t key, int64_t begin, int64_t end, uint32_t *out);

// out[i] in [0, 1): the upper 24 bits of word i, for the elements of groups groupBegin..<groupEnd below `count`.
void basinRandomUniform(uint64_t key, int64_t groupBegin, int64_t groupEnd, int64_t count, float *out);

// out[i] = word i of stream `key` >= threshold ? in[i] * scale : 0. Forward and backward are the same function.
void basinDropout(uint64_t key, uint32_t threshold, float scale, int64_t groupBegin, int64_t groupEnd, int64_t count,
                  const float *in, float *out);

// Sums for the mean and variance of each channel: sums[c] = sum of x - shift[c], sums[channels + c] = sum of its square, over
// the values of channel c. In the order of the memory, so that the same range gives the same bits on any number of threads.
//
// Channels last: `values` is row-major [rows, channels]; rows begin..<end.
void basinRowMoments(int64_t begin, int64_t end, int64_t channels, const float *values, const double *shift, double *sums);
// Channels first: `values` is row-major [examples, channels, size]; examples begin..<end.
void basinPlaneMoments(int64_t begin, int64_t end, int64_t channels, int64_t size, const float *values, const double *shift,
                       double *sums);

// Bytes that the program has taken from the system's allocator and not given back; -1 where there is no way to know.
int64_t basinAllocatedBytes(void);

// values[i] += weight * (targets[i] - values[i]).
void basinLerp(int64_t begin, int64_t end, float weight, const float *targets, float *values);

// Row `row` of `to` is row places[row] of `from`; rows begin..<end of `size` numbers each.
void basinGatherRows(int64_t begin, int64_t end, int64_t size, const intptr_t *places, const float *from, float *to);

// Row `place` of `to` is the sum of rows order[starts[place]..<starts[place + 1]] of `from`, in this order; places begin..<end.
void basinSumRows(int64_t begin, int64_t end, int64_t size, const intptr_t *starts, const intptr_t *order,
                  const float *from, float *to);

#ifdef __cplusplus
}
#endif
#endif
