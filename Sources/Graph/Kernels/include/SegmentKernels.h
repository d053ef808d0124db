// Sums, means and maxima over the nodes of each graph and over the neighbours of each node.
//
// Every element is computed by one thread in a fixed order.
#ifndef BASIN_SEGMENT_KERNELS_H
#define BASIN_SEGMENT_KERNELS_H

#include "Neighborhoods.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { BASIN_SUM = 0, BASIN_MEAN = 1, BASIN_MAX = 2 };

// out[g] = the reduction of rows pointers[g]..<pointers[g + 1] of x, `width` wide, for g in begin..<end; 0 for none.
// arg[g, j]: the row of a maximum (the first of equal ones), -1 for none; needed for maxima alone.
void basinSegmentReduce(const int64_t *pointers, int64_t width, int32_t kind, const float *x, int64_t begin,
                        int64_t end, float *out, int32_t *arg);

// The gradient of x from that of `out`, the rows of the segments begin..<end.
void basinSegmentSpread(const int64_t *pointers, int64_t width, int32_t kind, const float *gradient,
                        const int32_t *arg, int64_t begin, int64_t end, float *out);

// out[r] = the maximum of x over the neighbours of row r in begin..<end, 0 for none; arg: the input it comes from.
void basinNeighborMax(const BasinNeighborhood *graph, const float *x, int64_t width, int64_t begin, int64_t end,
                      float *out, int32_t *arg);

// Its gradient, for inputs begin..<end.
void basinNeighborMaxGradient(const BasinNeighborhood *graph, const float *gradient, const int32_t *arg, int64_t width,
                              int64_t begin, int64_t end, float *out);

// out[g] = the sum of a[i]^T b[i] over the rows of segment g, [K, D], for g in begin..<end; a is K wide, b D.
void basinSegmentProduct(const int64_t *pointers, const float *a, int64_t k, const float *b, int64_t d, int64_t begin,
                         int64_t end, float *out);

// out[i] = m[g] x[i] for the rows i of the segments begin..<end, with m[g] [A, B] and x B wide.
void basinSegmentApply(const int64_t *pointers, const float *m, int64_t a, int64_t b, const float *x, int64_t begin,
                       int64_t end, float *out);

// Of each segment of n rows the ceil(ratio n) of the greatest scores (of equal ones the first; NaN is the least), in
// rising order to `kept`, their number in each segment to lengths[g]. Returns how many rows are kept in all.
int64_t basinTopRows(const int64_t *pointers, int64_t count, const float *scores, double ratio, int32_t *kept,
                     int64_t *lengths);

#ifdef __cplusplus
}
#endif
#endif
