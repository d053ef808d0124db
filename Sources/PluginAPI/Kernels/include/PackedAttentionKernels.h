// Attention within sequences of rows that lie one behind the other: softmax(scale (Q + bq)(K + bk)^T)(V + bv) for each sequence
// and head, and its gradients.
//
// A unit of work is a head of a sequence, unit = sequence * heads + head. Each function writes what belongs to its units only,
// and one thread computes a unit: any division over threads gives the same bits. Scores of a block of queries are in scratch
// memory of the thread, of size rows + a constant whatever the length. For the gradients they are computed again, or their weights kept.
#ifndef BASIN_PACKED_ATTENTION_KERNELS_H
#define BASIN_PACKED_ATTENTION_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct BasinPackedAttention {
  const int64_t *offsets;  // [sequences + 1]
  int64_t sequences, heads, width;  // width: columns of a head
  const float *queries, *keys, *values;  // row t of head h: p + t * stride + h * width
  int64_t stride;
  const float *queryBias, *keyBias, *valueBias;  // [heads * width], or null
  float scale;
  int32_t causal;  // a row sees itself and those before it
  // Dropout of attention weights; none where threshold is 0. A sequence of L rows takes heads * L * ceil(L / 32) groups of 32
  // words of stream `key` from firstGroups[sequence] on, ceil(L / 32) for each row of each head in turn. The weight of key j
  // is kept, times `keep`, where word j of its row's groups is not below the threshold.
  const int64_t *firstGroups;  // [sequences]
  uint64_t key;
  uint32_t threshold;
  float keep;
  // The softmax of the scores as it is kept for the gradients, with a minus where dropout takes a weight away; null: computed again. A
  // sequence of L rows has heads * L * L from firstWeights[sequence] on.
  float *weights;
  const int64_t *firstWeights;  // [sequences]
} BasinPackedAttention;

// Units of about equal work: part p of `parts` is units ends[p] ..< ends[p + 1]. ends is [parts + 1].
void basinPackedAttentionParts(const BasinPackedAttention *attention, int64_t parts, int64_t *ends);

// out [T, heads * width]; logSums [T, heads]: the logarithm of the sum of exp of each row's scores, kept for the gradients where weights are
// not, else not written.
void basinPackedAttention(const BasinPackedAttention *attention, int64_t unitBegin, int64_t unitEnd, float *out,
                          float *logSums);

// The gradients of queries, keys and values, with rows of `gradientStride` floats, from the gradient of `out`, rows of
// heads * width. biasGradients [sequences, 3, heads * width] gets their sums over each sequence, or is null.
void basinPackedAttentionGradient(const BasinPackedAttention *attention, int64_t unitBegin, int64_t unitEnd, const float *out,
                                  const float *logSums, const float *gradient, int64_t gradientStride,
                                  float *queryGradient, float *keyGradient, float *valueGradient, float *biasGradients);

#ifdef __cplusplus
}
#endif
#endif
