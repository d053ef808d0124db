// Softmax over the neighbours of each node and the sums weighted by it, forward and backward, in one pass each.
//
// H heads of D columns: rows of features are H D wide, head by head. Weights are [E, H], entry by entry of a
// neighborhood. Every element is computed by one thread in a fixed order.
#ifndef BASIN_ATTENTION_KERNELS_H
#define BASIN_ATTENTION_KERNELS_H

#include "Neighborhoods.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct BasinAttention {
  const BasinNeighborhood *graph;
  int64_t heads, width;
  // The slope of leaky ReLU below 0.
  float slope;
  // Dropout of the weights: bit k H + h of `kept`; null: none.
  float scale;
  const uint32_t *kept;
} BasinAttention;

// scores[c, h] = sum over d of x[c, h D + d] vector[h D + d], for the rows begin..<end.
void basinHeadProducts(const BasinAttention *attention, const float *x, const float *vector, int64_t begin, int64_t end,
                       float *scores);

// GAT (Velickovic et al. 2018): the score of neighbour c for row r is leaky(source[c] + target[selves[r]]).
// weights: its softmax over each row, before dropout. out[r] = sum of weight * kept * x[c].
void basinAttend(const BasinAttention *attention, const float *x, const float *source, const float *target,
                 int64_t begin, int64_t end, float *weights, float *out);

// From the gradient of `out`, for rows begin..<end: that of each score before leaky ReLU, [E, H], and its sums over
// each row, [R, H].
void basinAttendGradient(const BasinAttention *attention, const float *x, const float *source, const float *target,
                         const float *weights, const float *gradient, int64_t begin, int64_t end, float *scores,
                         float *targets);

// For inputs begin..<end: the sums of the scores' gradients, [C, H], and the gradient of x by way of the sums alone.
void basinAttendGradientInputs(const BasinAttention *attention, const float *weights, const float *scores,
                               const float *gradient, int64_t begin, int64_t end, float *sources, float *out);

// GATv2 (Brody et al. 2022): the score is the product of `vector`, [H D], with leaky(x[c] + y[selves[r]]).
void basinAttendDynamic(const BasinAttention *attention, const float *x, const float *y, const float *vector,
                        int64_t begin, int64_t end, float *weights, float *out);

#define BASIN_ATTENTION_BLOCK 256

// For the rows of blocks blockBegin..<blockEnd of BASIN_ATTENTION_BLOCK: the gradient of each score, [E, H], that of
// y's row, rows[r] [R, H D], and of `vector` summed over the block, vectors[block] [H D].
void basinAttendDynamicGradient(const BasinAttention *attention, const float *x, const float *y, const float *vector,
                                const float *weights, const float *gradient, int64_t blockBegin, int64_t blockEnd,
                                float *scores, float *rows, float *vectors);

// For inputs begin..<end: the gradient of x.
void basinAttendDynamicGradientInputs(const BasinAttention *attention, const float *x, const float *y,
                                      const float *vector, const float *weights, const float *scores,
                                      const float *gradient, int64_t begin, int64_t end, float *out);

#ifdef __cplusplus
}
#endif
#endif
