// Attention of each sequence's first row alone, in the space of the rows: where one query looks at a sequence, q (W x) is (W^T q) x, and a
// sum of rows that are weighed and then multiplied is one of rows first. So neither keys nor values are made (docs/decisions.md).
//
// A unit of work is a sequence. Each function writes what belongs to its sequences only, and one thread computes one: any division over
// threads gives the same bits.
#ifndef BASIN_FIRST_ROW_ATTENTION_KERNELS_H
#define BASIN_FIRST_ROW_ATTENTION_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct BasinFirstRowAttention {
  const int64_t *offsets;  // [sequences + 1]; no sequence is empty
  int64_t sequences, heads, size;
  const float *rows;   // [T, size]
  const float *asked;  // [heads, sequences, size]: a row's score is its inner product with this, times `scale`
  float scale;
  // Dropout of attention weights; none where threshold is 0. The random words are those of row 0 of BasinPackedAttention.
  const int64_t *firstGroups;  // [sequences]
  uint64_t key;
  uint32_t threshold;
  float keep;
} BasinFirstRowAttention;

// weights, heads * T numbers: of head h of sequence n those from heads * offsets[n] + h * length on, softmax of the scores, with a minus
// where dropout takes one away; kept for the gradients. With what is kept, times `keep`: mixed [heads, sequences, size], the weighted sum of
// the sequence's rows, and totals [heads, sequences], the sum of the weights.
void basinFirstRowAttention(const BasinFirstRowAttention *attention, int64_t begin, int64_t end, float *weights, float *mixed, float *totals);

// From the gradients of mixed and totals (or null: 0), those of asked, and of rows [T, size]; changes [heads, sequences]: the sum of the
// gradients of a sequence's scores, which rounding alone keeps from 0.
void basinFirstRowAttentionGradient(const BasinFirstRowAttention *attention, int64_t begin, int64_t end, const float *weights,
                                    const float *mixedGradient, const float *totalGradient, float *askedGradient, float *rowGradient,
                                    float *changes);

#ifdef __cplusplus
}
#endif
#endif
