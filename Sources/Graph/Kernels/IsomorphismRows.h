// What the passes of IsomorphismKernels.h do to the rows of a block, [rows, stride], stride a multiple of 16.
#ifndef BASIN_GRAPH_ISOMORPHISM_ROWS_H
#define BASIN_GRAPH_ISOMORPHISM_ROWS_H

#include "IsomorphismPass.h"
#include "SmallProducts.h"

namespace basin {

template <int Vectors>
BASIN_INLINE void sumNeighborsOfRow(const int64_t *pointers, const int32_t *columns, const float *values, float own,
                                    const float *x, int64_t row, int64_t origin, int64_t stride, float *out) {
  Sixteen sums[Vectors];
  for (int v = 0; v < Vectors; ++v) sums[v] = own * sixteen(x + (row - origin) * stride + 16 * v);
  for (int64_t k = pointers[row]; k < pointers[row + 1]; ++k) {
    const float value = values[k];
    const float *other = x + (columns[k] - origin) * stride;
    for (int v = 0; v < Vectors; ++v) sums[v] += value * sixteen(other + 16 * v);
  }
  for (int v = 0; v < Vectors; ++v) sixteen(out + (row - origin) * stride + 16 * v) = sums[v];
}

// Rows begin..<end of out: the weighted sums over the entries of each row, plus `own` times the row itself. x and out
// begin at row `begin`.
BASIN_INLINE void sumNeighbors(const int64_t *pointers, const int32_t *columns, const float *values, float own,
                               const float *x, int64_t begin, int64_t end, int64_t stride, float *out) {
  for (int64_t r = begin; r < end; ++r) {
    int64_t j = 0;
    for (; j + 32 <= stride; j += 32) {
      sumNeighborsOfRow<2>(pointers, columns, values, own, x + j, r, begin, stride, out + j);
    }
    if (j < stride) sumNeighborsOfRow<1>(pointers, columns, values, own, x + j, r, begin, stride, out + j);
  }
}

BASIN_INLINE void addRows(const float *x, int64_t rows, int64_t stride, float *out) {
  for (int64_t j = 0; j < stride; j += 16) {
    Sixteen sum = sixteen(out + j);
    for (int64_t r = 0; r < rows; ++r) sum += sixteen(x + r * stride + j);
    sixteen(out + j) = sum;
  }
}

// The mean of each column and the sum of squares about it.
BASIN_INLINE void moments(const float *x, int64_t rows, int64_t stride, float *out) {
  for (int64_t j = 0; j < stride; j += 16) {
    Sixteen mean = {}, squares = {};
    for (int64_t r = 0; r < rows; ++r) mean += sixteen(x + r * stride + j);
    mean *= 1.0f / static_cast<float>(rows);
    for (int64_t r = 0; r < rows; ++r) {
      const Sixteen distance = sixteen(x + r * stride + j) - mean;
      squares += distance * distance;
    }
    sixteen(out + j) = mean;
    sixteen(out + stride + j) = squares;
  }
}

// max(x scale + shift, 0); a NaN stays one.
BASIN_INLINE void rectified(const float *x, const Applied &norm, int64_t rows, int64_t stride, float *out) {
  for (int64_t j = 0; j < stride; j += 16) {
    const Sixteen scale = sixteen(norm.scale + j), shift = sixteen(norm.shift + j);
    for (int64_t r = 0; r < rows; ++r) {
      const Sixteen y = sixteen(x + r * stride + j) * scale + shift;
      sixteen(out + r * stride + j) = (Sixteen)((SixteenBits)y & ~(SixteenBits)(y < 0));
    }
  }
}

// The gradient at a normalization's result, through ReLU: `gradient` where the result is over 0, in place; and what
// combineGradients adds up.
BASIN_INLINE void throughRectifier(const float *x, const Applied &norm, int64_t rows, int64_t stride, float *gradient,
                                   float *sums) {
  for (int64_t j = 0; j < stride; j += 16) {
    const Sixteen scale = sixteen(norm.scale + j), shift = sixteen(norm.shift + j);
    const Sixteen mean = sixteen(norm.mean + j), inverse = sixteen(norm.inverse + j);
    Sixteen plain = {}, weighted = {};
    for (int64_t r = 0; r < rows; ++r) {
      const Sixteen in = sixteen(x + r * stride + j), y = in * scale + shift;
      float *place = gradient + r * stride + j;
      const Sixteen kept = (Sixteen)((SixteenBits)sixteen(place) & ~(SixteenBits)(y <= 0));
      sixteen(place) = kept;
      plain += kept;
      weighted += kept * ((in - mean) * inverse);
    }
    sixteen(sums + j) = plain;
    sixteen(sums + stride + j) = weighted;
  }
}

// Through the normalization: scale (gradient - means - xhat weighted means).
BASIN_INLINE void throughNorm(const float *x, const Applied &norm, const float *means, const float *gradient,
                              int64_t rows, int64_t stride, float *out) {
  for (int64_t j = 0; j < stride; j += 16) {
    const Sixteen scale = sixteen(norm.scale + j), mean = sixteen(norm.mean + j), inverse = sixteen(norm.inverse + j);
    const Sixteen plain = sixteen(means + j), weighted = sixteen(means + stride + j);
    for (int64_t r = 0; r < rows; ++r) {
      const Sixteen hat = (sixteen(x + r * stride + j) - mean) * inverse;
      sixteen(out + r * stride + j) = scale * (sixteen(gradient + r * stride + j) - plain - hat * weighted);
    }
  }
}

BASIN_INLINE float dot(const float *a, const float *b, int64_t count) {
  Sixteen sum = {};
  for (int64_t i = 0; i < count; i += 16) sum += sixteen(a + i) * sixteen(b + i);
  float total = 0;
  for (int i = 0; i < 16; ++i) total += sum[i];
  return total;
}

}  // namespace basin

#endif
