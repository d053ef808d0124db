// Sparse products, dropout of stored values and their gradients over raw memory.
//
// Every function takes a range of rows (or words, or blocks) and writes only what belongs to it, each element computed
// by one thread in a fixed order: any division of the work over threads gives the same bits. Indices are trusted; Swift
// checks them.
#ifndef BASIN_GRAPH_KERNELS_H
#define BASIN_GRAPH_KERNELS_H

#include <stdint.h>

#include "AttentionKernels.h"
#include "IsomorphismKernels.h"
#include "Neighborhoods.h"
#include "SegmentKernels.h"

#ifdef __cplusplus
extern "C" {
#endif

// Rows of a sparse matrix. Output row r is row `rows[r]` (null: r itself): the entries pointers[row]..<pointers[row +
// 1].
// Entry k lies in column columns[k] and has the value values[k], or values[places[k]] where `places` is not null.
typedef struct BasinSparseRows {
  const int64_t *pointers;
  const int32_t *rows;
  const int32_t *columns;
  const int32_t *places;
  const float *values;
} BasinSparseRows;

// What is done to a row of a product: x + bias, then max(x, 0), then dropout. Null pointers and 0 leave a part out.
// Element j of output row r is kept where bit nodes[r] * width + j of `kept` is set, and multiplied by `scale`.
typedef struct BasinActivation {
  const float *bias;
  int32_t rectified;
  float scale;
  const uint32_t *kept;
  const int32_t *nodes;
} BasinActivation;

// out[r, :] = activation(sum over the entries of row r of value * dense[column, :]) for r in begin..<end.
// `dense` and `out` are row-major, `width` wide; `activation` may be null.
void basinSparseProduct(const BasinSparseRows *matrix, const float *dense, int64_t width, int64_t begin, int64_t end,
                        const BasinActivation *activation, float *out);

#define BASIN_TRANSPOSED_BLOCK 16

// The same without activation, transposed: out[j * rowCount + r], for the rows of blocks blockBegin..<blockEnd of
// BASIN_TRANSPOSED_BLOCK rows each.
void basinSparseProductTransposed(const BasinSparseRows *matrix, const float *dense, int64_t width, int64_t rowCount,
                                  int64_t blockBegin, int64_t blockEnd, float *out);

// out[c, r] = in[r, c] for the columns c in begin..<end of `in`, `rows` x `columns`.
void basinTranspose(const float *in, int64_t rows, int64_t columns, int64_t begin, int64_t end, float *out);

// Bit i of `bits` is set where words[i] >= threshold, for the 32-bit words wordBegin..<wordEnd of `bits`.
void basinPackKept(const uint32_t *words, uint32_t threshold, int64_t count, int64_t wordBegin, int64_t wordEnd,
                   uint32_t *bits);

// out[i] = bit i of `kept` ? in[i] * scale : 0, for the words wordBegin..<wordEnd of `kept`.
void basinDropValues(const uint32_t *kept, float scale, int64_t count, int64_t wordBegin, int64_t wordEnd,
                     const float *in, float *out);

#define BASIN_GRADIENT_BLOCK 2048

// The gradient before dropout and max(x, 0), from their result: out = result > 0 ? gradient * scale : 0, and its column
// sums over each block of BASIN_GRADIENT_BLOCK rows, sums[block, :]. With a null `result` out is not written (it is
// `gradient`).
void basinActivationGradient(const float *result, const float *gradient, float scale, int64_t rows, int64_t width,
                             int64_t blockBegin, int64_t blockEnd, float *out, float *sums);

#ifdef __cplusplus
}
#endif
#endif
