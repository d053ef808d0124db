#include <string.h>

#include "AttentionRows.h"
#include "Scratch.h"

namespace {

using namespace basin;

BASIN_INLINE int64_t paddedLength(int64_t length) { return groupsOfRow(length) * 32; }

// exp(scores - shift) of the row's keys, `shift` being the greatest score where there is none yet, and 1 or the dropout's factors.
BASIN_INLINE float weightsOfFirstRow(const BasinPackedAttention &a, const Unit &u, const float *query, const float *keys,
                                     const float *logSum, float *weights, float *mask, float *shift) {
  for (int64_t r = 0; r < u.length; ++r) weights[r] = innerProduct(query, keys + r * a.stride, a.width);
  *shift = logSum ? *logSum : greatestOfRow(weights, u.length);
  const float sum = exponentialsOfRow(weights, u.length, u.length, *shift);
  if (a.threshold > 0) {
    maskOfRow(a, u, 0, u.length, mask);
  } else {
    for (int64_t r = 0; r < u.length; ++r) mask[r] = 1;
  }
  return sum;
}

// out += x scale.
BASIN_INLINE void addRow(const float *x, float scale, int64_t width, float *out) {
  int64_t c = 0;
  for (; c + 8 <= width; c += 8) eight(out + c) += eight(x + c) * scale;
  for (; c < width; ++c) out[c] += x[c] * scale;
}

BASIN_VERSIONS void forward(const BasinPackedAttention &a, const Unit &u, float *memory, float *out, float *logSums) {
  float *weights = memory, *mask = weights + paddedLength(u.length), *query = mask + paddedLength(u.length);
  const int64_t first = u.first * a.stride + u.column, place = u.sequence * a.heads * a.width + u.column;
  scaleRow(a.queries + place, nullptr, a.scale, a.width, query);
  float shift;
  const float sum = weightsOfFirstRow(a, u, query, a.keys + first, nullptr, weights, mask, &shift);
  logSums[u.sequence * a.heads + u.column / a.width] = shift + logf(sum);
  float *mixed = out + place, total = 0;
  memset(mixed, 0, static_cast<size_t>(a.width) * sizeof(float));
  for (int64_t r = 0; r < u.length; ++r) {
    const float weight = weights[r] * mask[r] / sum;
    addRow(a.values + first + r * a.stride, weight, a.width, mixed);
    total += weight;
  }
  if (a.valueBias) addRow(a.valueBias + u.column, total, a.width, mixed);
}

BASIN_VERSIONS void backward(const BasinPackedAttention &a, const Unit &u, float *memory, const float *out,
                             const float *logSums, const float *gradient, int64_t gradientStride, float *queryGradient,
                             float *keyGradient, float *valueGradient, float *valueBiasGradients) {
  float *weights = memory, *mask = weights + paddedLength(u.length), *query = mask + paddedLength(u.length);
  const int64_t first = u.first * a.stride + u.column, gradientFirst = u.first * gradientStride + u.column,
                place = u.sequence * a.heads * a.width + u.column;
  const float *incoming = gradient + place;
  scaleRow(a.queries + place, nullptr, a.scale, a.width, query);
  float shift;
  weightsOfFirstRow(a, u, query, a.keys + first, logSums + u.sequence * a.heads + u.column / a.width, weights, mask, &shift);
  // The sum over keys of weight times its gradient is that of the result times its gradient.
  const float inner = innerProduct(out + place, incoming, a.width);
  const float biased = a.valueBias ? innerProduct(a.valueBias + u.column, incoming, a.width) : 0;
  float total = 0;
  memset(queryGradient + place, 0, static_cast<size_t>(a.width) * sizeof(float));
  for (int64_t r = 0; r < u.length; ++r) {
    const float kept = weights[r] * mask[r];
    const float change = kept * (innerProduct(a.values + first + r * a.stride, incoming, a.width) + biased) - weights[r] * inner;
    addRow(a.keys + first + r * a.stride, change * a.scale, a.width, queryGradient + place);
    scaleRow(query, nullptr, change, a.width, keyGradient + gradientFirst + r * gradientStride);
    scaleRow(incoming, nullptr, kept, a.width, valueGradient + gradientFirst + r * gradientStride);
    total += kept;
  }
  if (valueBiasGradients) scaleRow(incoming, nullptr, total, a.width, valueBiasGradients + place);
}

BASIN_INLINE float *memoryOf(const BasinPackedAttention *a, const Unit &u) { return scratch(2 * paddedLength(u.length) + a->width); }

}  // namespace

extern "C" {

void basinFirstRowAttention(const BasinPackedAttention *a, int64_t unitBegin, int64_t unitEnd, float *out, float *logSums) {
  for (int64_t index = unitBegin; index < unitEnd; ++index) {
    const Unit u = unitOf(*a, index);
    forward(*a, u, memoryOf(a, u), out, logSums);
  }
}

void basinFirstRowAttentionGradient(const BasinPackedAttention *a, int64_t unitBegin, int64_t unitEnd, const float *out,
                                    const float *logSums, const float *gradient, int64_t gradientStride, float *queryGradient,
                                    float *keyGradient, float *valueGradient, float *valueBiasGradients) {
  for (int64_t index = unitBegin; index < unitEnd; ++index) {
    const Unit u = unitOf(*a, index);
    backward(*a, u, memoryOf(a, u), out, logSums, gradient, gradientStride, queryGradient, keyGradient, valueGradient,
             valueBiasGradients);
  }
}
}
