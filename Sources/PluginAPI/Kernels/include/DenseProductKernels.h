// Products of dense matrices that are not wide, in blocks that stay in a core's caches. Matrices are contiguous, their columns multiples of 16.
//
// Every sum runs over its terms in order, in blocks of BASIN_DENSE_DEPTH: any division over threads gives the same bits.
#ifndef BASIN_DENSE_PRODUCT_KERNELS_H
#define BASIN_DENSE_PRODUCT_KERNELS_H

#include <stdint.h>

#include "ActivationKernels.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
  BASIN_DENSE_WIDTH = 16,   // what numbers of columns are multiples of
  BASIN_DENSE_DEPTH = 256,  // terms of a sum at a time
  BASIN_DENSE_ROWS = 96,    // rows at a time
};

// Whether these products are faster than LibTorch's on this processor: MKL has wider vectors than these on Intel's alone.
int32_t basinDenseProductPays(void);

// How many panels so many columns are.
int64_t basinDensePanelCount(int64_t columns);

// Panels begin ..< end of a right side for basinDenseProduct: of weight^T, weight [columns, depth], where `transposes`, else of
// weight [depth, columns]. panels is [depth * columns].
void basinDensePanels(const float *weight, int32_t transposes, int64_t depth, int64_t columns, int64_t begin, int64_t end,
                      float *panels);

// Rows begin ..< end of out [rows, columns] = left [rows, depth] right (+ bias [columns], unless null).
void basinDenseProduct(const float *left, int64_t depth, const float *panels, int64_t columns, const float *bias, int64_t begin,
                       int64_t end, float *out);

// The same with gelu(left + shift [depth]) in place of left; shift may be null.
void basinDenseProductOfGELU(int32_t form, const float *left, const float *shift, int64_t depth, const float *panels,
                             int64_t columns, int64_t begin, int64_t end, float *out);

// left^T right [leftColumns, rightColumns] of left [rows, leftColumns] and right [rows, rightColumns] in two steps: the narrower side
// is arranged once, in as much memory, in blocks of BASIN_DENSE_DEPTH rows, begin ..< end of them at a time; then columns begin ..< end of the other one,
// bounds that are multiples of 16, are multiplied with all of it.
void basinDenseOuterSide(const float *in, int64_t columns, int64_t rows, int32_t isLeft, int64_t begin, int64_t end, float *side);
void basinDenseOuterProductOfLeft(const float *left, int64_t leftColumns, const float *side, int64_t rightColumns, int64_t rows,
                                  int64_t begin, int64_t end, float *out);
void basinDenseOuterProductOfRight(const float *side, int64_t leftColumns, const float *right, int64_t rightColumns, int64_t rows,
                                   int64_t begin, int64_t end, float *out);

#ifdef __cplusplus
}
#endif
#endif
