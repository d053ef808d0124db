#include "AttentionKernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "Vectors.h"

using namespace basin;

namespace {

BASIN_INLINE float product(const float *a, const float *b, int64_t count) {
  Eight sum = {};
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) sum += eight(a + i) * eight(b + i);
  float rest = 0;
  for (; i < count; ++i) rest += a[i] * b[i];
  return total(sum) + rest;
}

BASIN_INLINE void addScaled(float *out, const float *x, float scale, int64_t count) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) eight(out + i) += eight(x + i) * scale;
  for (; i < count; ++i) out[i] += x[i] * scale;
}

BASIN_INLINE float leaky(float x, float slope) { return x > 0 ? x : x * slope; }

BASIN_INLINE bool isKept(const BasinAttention &a, int64_t bit) {
  return !a.kept || ((a.kept[bit >> 5] >> (bit & 31)) & 1);
}

// The weight after dropout.
BASIN_INLINE float dropped(const BasinAttention &a, float weight, int64_t bit) {
  return isKept(a, bit) ? weight * (a.kept ? a.scale : 1.0f) : 0.0f;
}

// Scores of a row, [count, heads], to their softmax over `count`.
BASIN_INLINE void softmaxRow(float *weights, int64_t count, int64_t heads) {
  int64_t h = 0;
  for (; h + 8 <= heads; h += 8) {
    Eight greatest = Eight{} - INFINITY, sum = {};
    for (int64_t k = 0; k < count; ++k) {
      const Eight &x = eight(weights + k * heads + h);
      greatest = x > greatest ? x : greatest;
    }
    for (int64_t k = 0; k < count; ++k) {
      Eight x = eight(weights + k * heads + h) - greatest;
      exponentiate(x);
      eight(weights + k * heads + h) = x;
      sum += x;
    }
    const Eight inverse = 1.0f / sum;
    for (int64_t k = 0; k < count; ++k) eight(weights + k * heads + h) *= inverse;
  }
  for (; h < heads; ++h) {
    float greatest = -INFINITY, sum = 0;
    for (int64_t k = 0; k < count; ++k) greatest = std::max(greatest, weights[k * heads + h]);
    // Eight neighbours at a time, since there is but one head of them.
    for (int64_t first = 0; first < count; first += 8) {
      const int64_t n = std::min<int64_t>(8, count - first);
      Eight x = Eight{} - INFINITY;
      for (int64_t i = 0; i < n; ++i) x[i] = weights[(first + i) * heads + h] - greatest;
      exponentiate(x);
      for (int64_t i = 0; i < n; ++i) {
        weights[(first + i) * heads + h] = x[i];
        sum += x[i];
      }
    }
    const float inverse = 1.0f / sum;
    for (int64_t k = 0; k < count; ++k) weights[k * heads + h] *= inverse;
  }
}

// The gradient of a row's scores from that of its dropped weights, in place: w (g - sum of w g).
BASIN_INLINE void softmaxGradientRow(const float *weights, float *gradients, int64_t count, int64_t heads) {
  for (int64_t h = 0; h < heads; ++h) {
    float sum = 0;
    for (int64_t k = 0; k < count; ++k) sum += weights[k * heads + h] * gradients[k * heads + h];
    for (int64_t k = 0; k < count; ++k) {
      gradients[k * heads + h] = weights[k * heads + h] * (gradients[k * heads + h] - sum);
    }
  }
}

BASIN_INLINE void sumRow(const BasinAttention &a, int64_t row, const float *x, const float *weights, float *out) {
  const BasinNeighborhood &g = *a.graph;
  const int64_t stride = a.heads * a.width;
  float *target = out + row * stride;
  std::memset(target, 0, sizeof(float) * static_cast<size_t>(stride));
  for (int64_t k = g.pointers[row]; k < g.pointers[row + 1]; ++k) {
    const float *source = x + static_cast<int64_t>(g.columns[k]) * stride;
    for (int64_t h = 0; h < a.heads; ++h) {
      const float weight = dropped(a, weights[k * a.heads + h], k * a.heads + h);
      if (weight != 0) addScaled(target + h * a.width, source + h * a.width, weight, a.width);
    }
  }
}

// The gradients of the row's weights before dropout, to `scores`.
BASIN_INLINE void weightGradientRow(const BasinAttention &a, int64_t row, const float *x, const float *gradient,
                                    float *scores) {
  const BasinNeighborhood &g = *a.graph;
  const int64_t stride = a.heads * a.width;
  for (int64_t k = g.pointers[row]; k < g.pointers[row + 1]; ++k) {
    const float *source = x + static_cast<int64_t>(g.columns[k]) * stride;
    for (int64_t h = 0; h < a.heads; ++h) {
      scores[k * a.heads + h] =
          dropped(a, product(gradient + row * stride + h * a.width, source + h * a.width, a.width), k * a.heads + h);
    }
  }
}

}  // namespace

extern "C" {

BASIN_VECTORIZED void basinHeadProducts(const BasinAttention *attention, const float *x, const float *vector,
                                        int64_t begin, int64_t end, float *scores) {
  const int64_t heads = attention->heads, width = attention->width;
  for (int64_t c = begin; c < end; ++c) {
    for (int64_t h = 0; h < heads; ++h) {
      scores[c * heads + h] = product(x + (c * heads + h) * width, vector + h * width, width);
    }
  }
}

BASIN_VECTORIZED void basinAttend(const BasinAttention *attention, const float *x, const float *source,
                                  const float *target, int64_t begin, int64_t end, float *weights, float *out) {
  const BasinAttention a = *attention;
  const BasinNeighborhood &g = *a.graph;
  for (int64_t row = begin; row < end; ++row) {
    const float *own = target + static_cast<int64_t>(g.selves[row]) * a.heads;
    for (int64_t k = g.pointers[row]; k < g.pointers[row + 1]; ++k) {
      const float *other = source + static_cast<int64_t>(g.columns[k]) * a.heads;
      for (int64_t h = 0; h < a.heads; ++h) weights[k * a.heads + h] = leaky(other[h] + own[h], a.slope);
    }
    softmaxRow(weights + g.pointers[row] * a.heads, g.pointers[row + 1] - g.pointers[row], a.heads);
    sumRow(a, row, x, weights, out);
  }
}

BASIN_VECTORIZED void basinAttendGradient(const BasinAttention *attention, const float *x, const float *source,
                                          const float *target, const float *weights, const float *gradient,
                                          int64_t begin, int64_t end, float *scores, float *targets) {
  const BasinAttention a = *attention;
  const BasinNeighborhood &g = *a.graph;
  for (int64_t row = begin; row < end; ++row) {
    const int64_t first = g.pointers[row], count = g.pointers[row + 1] - first;
    weightGradientRow(a, row, x, gradient, scores);
    softmaxGradientRow(weights + first * a.heads, scores + first * a.heads, count, a.heads);
    const float *own = target + static_cast<int64_t>(g.selves[row]) * a.heads;
    for (int64_t h = 0; h < a.heads; ++h) targets[row * a.heads + h] = 0;
    for (int64_t k = first; k < first + count; ++k) {
      const float *other = source + static_cast<int64_t>(g.columns[k]) * a.heads;
      for (int64_t h = 0; h < a.heads; ++h) {
        float &score = scores[k * a.heads + h];
        if (!(other[h] + own[h] > 0)) score *= a.slope;
        targets[row * a.heads + h] += score;
      }
    }
  }
}

BASIN_VECTORIZED void basinAttendGradientInputs(const BasinAttention *attention, const float *weights,
                                                const float *scores, const float *gradient, int64_t begin, int64_t end,
                                                float *sources, float *out) {
  const BasinAttention a = *attention;
  const BasinNeighborhood &g = *a.graph;
  const int64_t stride = a.heads * a.width;
  for (int64_t c = begin; c < end; ++c) {
    float *target = out + c * stride;
    std::memset(target, 0, sizeof(float) * static_cast<size_t>(stride));
    for (int64_t h = 0; h < a.heads; ++h) sources[c * a.heads + h] = 0;
    for (int64_t b = g.backPointers[c]; b < g.backPointers[c + 1]; ++b) {
      const int64_t place = static_cast<int64_t>(g.backPlaces[b]) * a.heads;
      const float *incoming = gradient + static_cast<int64_t>(g.backColumns[b]) * stride;
      for (int64_t h = 0; h < a.heads; ++h) {
        sources[c * a.heads + h] += scores[place + h];
        const float weight = dropped(a, weights[place + h], place + h);
        if (weight != 0) addScaled(target + h * a.width, incoming + h * a.width, weight, a.width);
      }
    }
  }
}

BASIN_VECTORIZED void basinAttendDynamic(const BasinAttention *attention, const float *x, const float *y,
                                         const float *vector, int64_t begin, int64_t end, float *weights, float *out) {
  const BasinAttention a = *attention;
  const BasinNeighborhood &g = *a.graph;
  const int64_t stride = a.heads * a.width;
  for (int64_t row = begin; row < end; ++row) {
    const float *own = y + static_cast<int64_t>(g.selves[row]) * stride;
    for (int64_t k = g.pointers[row]; k < g.pointers[row + 1]; ++k) {
      const float *other = x + static_cast<int64_t>(g.columns[k]) * stride;
      for (int64_t h = 0; h < a.heads; ++h) {
        Eight sum = {};
        float rest = 0;
        int64_t d = h * a.width;
        const int64_t last = d + a.width;
        for (; d + 8 <= last; d += 8) {
          const Eight z = eight(other + d) + eight(own + d);
          sum += eight(vector + d) * (z > 0 ? z : z * a.slope);
        }
        for (; d < last; ++d) rest += vector[d] * leaky(other[d] + own[d], a.slope);
        weights[k * a.heads + h] = total(sum) + rest;
      }
    }
    softmaxRow(weights + g.pointers[row] * a.heads, g.pointers[row + 1] - g.pointers[row], a.heads);
    sumRow(a, row, x, weights, out);
  }
}

BASIN_VECTORIZED void basinAttendDynamicGradient(const BasinAttention *attention, const float *x, const float *y,
                                                 const float *vector, const float *weights, const float *gradient,
                                                 int64_t blockBegin, int64_t blockEnd, float *scores, float *rows,
                                                 float *vectors) {
  const BasinAttention a = *attention;
  const BasinNeighborhood &g = *a.graph;
  const int64_t stride = a.heads * a.width;
  for (int64_t block = blockBegin; block < blockEnd; ++block) {
    float *sums = vectors + block * stride;
    std::memset(sums, 0, sizeof(float) * static_cast<size_t>(stride));
    const int64_t end = std::min<int64_t>(g.outputCount, (block + 1) * BASIN_ATTENTION_BLOCK);
    for (int64_t row = block * BASIN_ATTENTION_BLOCK; row < end; ++row) {
      const int64_t first = g.pointers[row], count = g.pointers[row + 1] - first;
      weightGradientRow(a, row, x, gradient, scores);
      softmaxGradientRow(weights + first * a.heads, scores + first * a.heads, count, a.heads);
      const float *own = y + static_cast<int64_t>(g.selves[row]) * stride;
      float *target = rows + row * stride;
      std::memset(target, 0, sizeof(float) * static_cast<size_t>(stride));
      for (int64_t k = first; k < first + count; ++k) {
        const float *other = x + static_cast<int64_t>(g.columns[k]) * stride;
        for (int64_t h = 0; h < a.heads; ++h) {
          const float score = scores[k * a.heads + h];
          int64_t d = h * a.width;
          const int64_t last = d + a.width;
          for (; d + 8 <= last; d += 8) {
            const Eight z = eight(other + d) + eight(own + d);
            const Eight weighted = score * eight(vector + d);
            eight(sums + d) += score * (z > 0 ? z : z * a.slope);
            eight(target + d) += z > 0 ? weighted : weighted * a.slope;
          }
          for (; d < last; ++d) {
            const float z = other[d] + own[d];
            sums[d] += score * leaky(z, a.slope);
            target[d] += score * vector[d] * (z > 0 ? 1 : a.slope);
          }
        }
      }
    }
  }
}

BASIN_VECTORIZED void basinAttendDynamicGradientInputs(const BasinAttention *attention, const float *x, const float *y,
                                                       const float *vector, const float *weights, const float *scores,
                                                       const float *gradient, int64_t begin, int64_t end, float *out) {
  const BasinAttention a = *attention;
  const BasinNeighborhood &g = *a.graph;
  const int64_t stride = a.heads * a.width;
  for (int64_t c = begin; c < end; ++c) {
    float *target = out + c * stride;
    const float *other = x + c * stride;
    std::memset(target, 0, sizeof(float) * static_cast<size_t>(stride));
    for (int64_t b = g.backPointers[c]; b < g.backPointers[c + 1]; ++b) {
      const int64_t place = static_cast<int64_t>(g.backPlaces[b]) * a.heads, row = g.backColumns[b];
      const float *incoming = gradient + row * stride;
      const float *own = y + static_cast<int64_t>(g.selves[row]) * stride;
      for (int64_t h = 0; h < a.heads; ++h) {
        const float weight = dropped(a, weights[place + h], place + h), score = scores[place + h];
        int64_t d = h * a.width;
        const int64_t last = d + a.width;
        for (; d + 8 <= last; d += 8) {
          const Eight z = eight(other + d) + eight(own + d);
          const Eight weighted = score * eight(vector + d);
          eight(target + d) += eight(incoming + d) * weight + (z > 0 ? weighted : weighted * a.slope);
        }
        for (; d < last; ++d) {
          target[d] += incoming[d] * weight + score * vector[d] * (other[d] + own[d] > 0 ? 1 : a.slope);
        }
      }
    }
  }
}

}
