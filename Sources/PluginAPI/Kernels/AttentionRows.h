// What kernels of attention within sequences share: a head of a sequence, its random words, and rows of scores.
#ifndef BASIN_ATTENTION_ROWS_H
#define BASIN_ATTENTION_ROWS_H

#include <math.h>

#include "PackedAttentionKernels.h"
#include "Philox.h"
#include "VectorMath.h"

namespace basin {

struct Unit {
  int64_t sequence, first, length, column;
  uint64_t group;  // of the random words of its first weight
  float *weights;  // [length, length], or null
};

BASIN_INLINE int64_t groupsOfRow(int64_t length) { return (length + 31) / 32; }

BASIN_INLINE Unit unitOf(const BasinPackedAttention &a, int64_t index) {
  Unit u;
  u.sequence = index / a.heads;
  u.first = a.offsets[u.sequence];
  u.length = a.offsets[u.sequence + 1] - u.first;
  u.column = index % a.heads * a.width;
  u.weights = a.weights ? a.weights + a.firstWeights[u.sequence] + index % a.heads * u.length * u.length : nullptr;
  u.group = 0;
  if (a.threshold > 0) {
    u.group = static_cast<uint64_t>(a.firstGroups[u.sequence] + index % a.heads * u.length * groupsOfRow(u.length));
  }
  return u;
}

// keep or 0 for each weight of a row whose random words begin with `group`; `attention` is either of the structures.
template <typename Attention>
BASIN_INLINE void maskOfRow(const Attention &attention, uint64_t group, int64_t count, float *mask) {
  for (int64_t c = 0; c < count; c += 32, ++group) maskOfGroup(attention.key, group, attention.threshold, attention.keep, mask + c);
}

// A weight that is kept for the gradients has dropout's choice as its sign.
BASIN_INLINE float signedBy(float weight, float mask) { return mask > 0 ? weight : -weight; }

// How often one counts, from its sign.
BASIN_INLINE float countOf(float weight, float keep) { return (weight < 0 ? 0 : weight) * keep; }

// Asks for a row that is read, or written, some thousand operations later.
template <bool isWritten = false>
BASIN_INLINE void fetchRow(const float *row, int64_t width) {
  for (int64_t c = 0; c < width; c += 16) __builtin_prefetch(row + c, isWritten, 2);
}

// The first `count` numbers of x, `rest` behind them.
BASIN_INLINE void firstOf(Eight &x, int64_t count, float rest) {
  constexpr EightBits places = {0, 1, 2, 3, 4, 5, 6, 7};
  x = places < static_cast<int32_t>(count) ? x : Eight{} + rest;
}

// exp(scores - shift), zeros behind the keys a row sees; their sum. `shift` is no less than any of them. The row's memory is whole vectors.
BASIN_INLINE float exponentialsOfRow(float *scores, int64_t seen, int64_t columns, float shift) {
  Eight sum{};
  int64_t c = 0;
  for (; c + 8 <= seen; c += 8) {
    Eight x = eight(scores + c) - shift;
    exponentialUpTo88(x);
    eight(scores + c) = x;
    sum += x;
  }
  if (c < seen) {
    Eight x = eight(scores + c) - shift;
    exponentialUpTo88(x);
    firstOf(x, seen - c, 0);
    eight(scores + c) = x;
    sum += x;
    c += 8;
  }
  for (; c < columns; c += 8) eight(scores + c) = Eight{};
  return sumAcross(sum);
}

BASIN_INLINE float greatestOfRow(const float *scores, int64_t seen) {
  Eight most = Eight{} - INFINITY;
  int64_t c = 0;
  for (; c + 8 <= seen; c += 8) most = eight(scores + c) > most ? eight(scores + c) : most;
  if (c < seen) {
    Eight x = eight(scores + c);
    firstOf(x, seen - c, -INFINITY);
    most = x > most ? x : most;
  }
  return greatestAcross(most);
}

BASIN_INLINE float innerProduct(const float *x, const float *y, int64_t count) {
  Eight sums{};
  int64_t c = 0;
  for (; c + 8 <= count; c += 8) sums += eight(x + c) * eight(y + c);
  float sum = sumAcross(sums);
  for (; c < count; ++c) sum += x[c] * y[c];
  return sum;
}

// out = (in + bias) scale. Without a condition in the loop, which would become masked loads from no address: very slow ones.
BASIN_INLINE void scaleRow(const float *in, const float *bias, float scale, int64_t width, float *out) {
  int64_t c = 0;
  if (bias) {
    for (; c + 8 <= width; c += 8) eight(out + c) = (eight(in + c) + eight(bias + c)) * scale;
    for (; c < width; ++c) out[c] = (in[c] + bias[c]) * scale;
  } else {
    for (; c + 8 <= width; c += 8) eight(out + c) = eight(in + c) * scale;
    for (; c < width; ++c) out[c] = in[c] * scale;
  }
}

}  // namespace basin

#endif
