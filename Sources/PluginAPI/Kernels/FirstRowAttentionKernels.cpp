#include "FirstRowAttentionKernels.h"

#include "AttentionRows.h"
#include "PanelProducts.h"
#include "Scratch.h"

namespace {

using namespace basin;

struct Rows {
  const float *first;
  int64_t stride;
};

BASIN_INLINE int64_t paddedLength(int64_t length) { return groupsOfRow(length) * 32; }

// out[h * outStride + t] = scale x(t) y(h) for `R` rows of x and `H` of y.
template <int R, int H>
BASIN_INLINE void innerProductsOf(const float *x, int64_t xStride, const float *y, int64_t yStride, int64_t size, float scale, float *out,
                                  int64_t outStride) {
  Eight sums[R][H];
#pragma clang loop unroll(full)
  for (int r = 0; r < R; ++r) {
#pragma clang loop unroll(full)
    for (int h = 0; h < H; ++h) sums[r][h] = Eight{};
  }
  int64_t c = 0;
  for (; c + 8 <= size; c += 8) {
#pragma clang loop unroll(full)
    for (int r = 0; r < R; ++r) {
#pragma clang loop unroll(full)
      for (int h = 0; h < H; ++h) sums[r][h] += eight(x + r * xStride + c) * eight(y + h * yStride + c);
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < R; ++r) {
#pragma clang loop unroll(full)
    for (int h = 0; h < H; ++h) {
      float sum = sumAcross(sums[r][h]);
      for (int64_t i = c; i < size; ++i) sum += x[r * xStride + i] * y[h * yStride + i];
      out[h * outStride + r] = sum * scale;
    }
  }
}

// The inner products of `length` rows with those of each head: out [heads, outStride].
BASIN_INLINE void innerProducts(Rows x, int64_t length, Rows y, int64_t heads, int64_t size, float scale, float *out, int64_t outStride) {
  for (int64_t h = 0; h < heads;) {
    const int64_t taken = heads - h >= 4 ? 4 : 1;
    const float *side = y.first + h * y.stride;
    float *to = out + h * outStride;
    int64_t t = 0;
    for (; t + 2 <= length; t += 2) {
      const float *row = x.first + t * x.stride;
      if (taken == 4) innerProductsOf<2, 4>(row, x.stride, side, y.stride, size, scale, to + t, outStride);
      else innerProductsOf<2, 1>(row, x.stride, side, y.stride, size, scale, to + t, outStride);
    }
    if (t < length) {
      const float *row = x.first + t * x.stride;
      if (taken == 4) innerProductsOf<1, 4>(row, x.stride, side, y.stride, size, scale, to + t, outStride);
      else innerProductsOf<1, 1>(row, x.stride, side, y.stride, size, scale, to + t, outStride);
    }
    h += taken;
  }
}

// Rows of out, each a sum of rows of y: out(r) = sum of weight(r, k) y(k), or out(r) += where `adds`; weight(r, k) is
// weights[r * rowStride + k * depthStride].
template <int R>
BASIN_INLINE void weightedSumsOf(const float *weights, int64_t rowStride, int64_t depthStride, int64_t depth, Rows y, int64_t size,
                                 bool adds, float *out, int64_t outStride) {
  int64_t c = 0;
  for (; c + 16 <= size; c += 16) {
    panelRows<R, 2>(weights, rowStride, depthStride, y.first + c, depth, adds, out + c, outStride, y.stride);
  }
  for (; c + 8 <= size; c += 8) {
    panelRows<R, 1>(weights, rowStride, depthStride, y.first + c, depth, adds, out + c, outStride, y.stride);
  }
  for (; c < size; ++c) {
    for (int r = 0; r < R; ++r) {
      float sum = adds ? out[r * outStride + c] : 0;
      for (int64_t k = 0; k < depth; ++k) sum += weights[r * rowStride + k * depthStride] * y.first[k * y.stride + c];
      out[r * outStride + c] = sum;
    }
  }
}

BASIN_INLINE void weightedSums(const float *weights, int64_t rowStride, int64_t depthStride, int64_t rows, int64_t depth, Rows y,
                               int64_t size, bool adds, float *out, int64_t outStride) {
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4) {
    weightedSumsOf<4>(weights + r * rowStride, rowStride, depthStride, depth, y, size, adds, out + r * outStride, outStride);
  }
  for (; r < rows; ++r) {
    weightedSumsOf<1>(weights + r * rowStride, rowStride, depthStride, depth, y, size, adds, out + r * outStride, outStride);
  }
}

// A sequence, and what its heads' rows begin with in [heads, sequences, size].
struct Sequence {
  int64_t index, first, length;
  Rows rows, asked;

  Sequence(const BasinFirstRowAttention &a, int64_t n)
      : index(n), first(a.offsets[n]), length(a.offsets[n + 1] - first), rows{a.rows + first * a.size, a.size},
        asked{a.asked + n * a.size, a.sequences * a.size} {}
};

// How often each weight counts, and all of them.
BASIN_INLINE float countsOf(const float *weights, int64_t length, float keep, float *counts) {
  float total = 0;
  for (int64_t t = 0; t < length; ++t) {
    counts[t] = countOf(weights[t], keep);
    total += counts[t];
  }
  return total;
}

BASIN_VERSIONS void forward(BasinFirstRowAttention a, Sequence s, float *counts, float *weights, float *mixed, float *totals) {
  const int64_t stride = paddedLength(s.length), step = a.sequences * a.size;
  const bool drops = a.threshold > 0;
  innerProducts(s.rows, s.length, s.asked, a.heads, a.size, a.scale, counts, stride);
  float *mask = counts + a.heads * stride;
  for (int64_t h = 0; h < a.heads; ++h) {
    float *scores = counts + h * stride, *row = weights + h * s.length;
    const float part = 1 / exponentialsOfRow(scores, s.length, stride, greatestOfRow(scores, s.length));
    if (drops) {
      maskOfRow(a, static_cast<uint64_t>(a.firstGroups[s.index] + h * s.length * groupsOfRow(s.length)), s.length, mask);
      for (int64_t t = 0; t < s.length; ++t) row[t] = signedBy(scores[t] * part, mask[t]);
    } else {
      for (int64_t t = 0; t < s.length; ++t) row[t] = scores[t] * part;
    }
    totals[h * a.sequences + s.index] = countsOf(row, s.length, drops ? a.keep : 1, scores);
  }
  weightedSums(counts, stride, 1, a.heads, s.length, s.rows, a.size, false, mixed + s.index * a.size, step);
}

BASIN_VERSIONS void backward(BasinFirstRowAttention a, Sequence s, float *memory, const float *weights,
                             const float *mixedGradient, const float *totalGradient, float *askedGradient, float *rowGradient,
                             float *changeSums) {
  const int64_t stride = paddedLength(s.length), step = a.sequences * a.size;
  const Rows incoming = {mixedGradient + s.index * a.size, step};
  float *counts = memory, *changes = memory + a.heads * stride;
  innerProducts(s.rows, s.length, incoming, a.heads, a.size, 1, changes, stride);
  for (int64_t h = 0; h < a.heads; ++h) {
    const float *row = weights + h * s.length;
    float *change = changes + h * stride, *count = counts + h * stride, inner = 0;
    const float total = totalGradient ? totalGradient[h * a.sequences + s.index] : 0;
    countsOf(row, s.length, a.threshold > 0 ? a.keep : 1, count);
    for (int64_t t = 0; t < s.length; ++t) {
      change[t] = count[t] * (change[t] + total);
      inner += change[t];
    }
    float sum = 0;
    for (int64_t t = 0; t < s.length; ++t) {
      change[t] = (change[t] - fabsf(row[t]) * inner) * a.scale;
      sum += change[t];
    }
    changeSums[h * a.sequences + s.index] = sum;
  }
  weightedSums(changes, stride, 1, a.heads, s.length, s.rows, a.size, false, askedGradient + s.index * a.size, step);
  // Four rows at a time, for they stay in the first cache from one sum to the other.
  for (int64_t t = 0; t < s.length; t += 4) {
    const int64_t rows = smaller(4, s.length - t);
    float *to = rowGradient + (s.first + t) * a.size;
    weightedSums(changes + t, 1, stride, rows, a.heads, s.asked, a.size, false, to, a.size);
    weightedSums(counts + t, 1, stride, rows, a.heads, incoming, a.size, true, to, a.size);
  }
}

}  // namespace

extern "C" {

void basinFirstRowAttention(const BasinFirstRowAttention *a, int64_t begin, int64_t end, float *weights, float *mixed, float *totals) {
  for (int64_t n = begin; n < end; ++n) {
    const Sequence s(*a, n);
    float *memory = scratch((a->heads + 1) * paddedLength(s.length));
    forward(*a, s, memory, weights + a->heads * s.first, mixed, totals);
  }
}

void basinFirstRowAttentionGradient(const BasinFirstRowAttention *a, int64_t begin, int64_t end, const float *weights,
                                    const float *mixedGradient, const float *totalGradient, float *askedGradient, float *rowGradient,
                                    float *changes) {
  for (int64_t n = begin; n < end; ++n) {
    const Sequence s(*a, n);
    float *memory = scratch(2 * a->heads * paddedLength(s.length));
    backward(*a, s, memory, weights + a->heads * s.first, mixedGradient, totalGradient, askedGradient, rowGradient, changes);
  }
}
}
