#include "SegmentKernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "Vectors.h"

using namespace basin;

namespace {

BASIN_INLINE void clear(float *out, int64_t count) { std::memset(out, 0, sizeof(float) * static_cast<size_t>(count)); }

}  // namespace

extern "C" {

BASIN_VECTORIZED void basinSegmentReduce(const int64_t *pointers, int64_t width, int32_t kind, const float *x,
                                         int64_t begin, int64_t end, float *out, int32_t *arg) {
  for (int64_t g = begin; g < end; ++g) {
    float *target = out + g * width;
    const int64_t first = pointers[g], last = pointers[g + 1];
    if (kind == BASIN_MAX) {
      int32_t *from = arg + g * width;
      for (int64_t j = 0; j < width; ++j) {
        target[j] = first < last ? x[first * width + j] : 0;
        from[j] = first < last ? static_cast<int32_t>(first) : -1;
      }
      for (int64_t i = first + 1; i < last; ++i) {
        const float *row = x + i * width;
        for (int64_t j = 0; j < width; ++j) {
          const bool more = row[j] > target[j];
          target[j] = more ? row[j] : target[j];
          from[j] = more ? static_cast<int32_t>(i) : from[j];
        }
      }
      continue;
    }
    clear(target, width);
    for (int64_t i = first; i < last; ++i) {
      const float *row = x + i * width;
      for (int64_t j = 0; j < width; ++j) target[j] += row[j];
    }
    if (kind == BASIN_MEAN && last > first) {
      const float scale = 1.0f / static_cast<float>(last - first);
      for (int64_t j = 0; j < width; ++j) target[j] *= scale;
    }
  }
}

BASIN_VECTORIZED void basinSegmentSpread(const int64_t *pointers, int64_t width, int32_t kind, const float *gradient,
                                         const int32_t *arg, int64_t begin, int64_t end, float *out) {
  for (int64_t g = begin; g < end; ++g) {
    const float *source = gradient + g * width;
    const int64_t first = pointers[g], last = pointers[g + 1];
    const float scale = kind == BASIN_MEAN && last > first ? 1.0f / static_cast<float>(last - first) : 1.0f;
    for (int64_t i = first; i < last; ++i) {
      float *row = out + i * width;
      if (kind == BASIN_MAX) {
        const int32_t *from = arg + g * width;
        for (int64_t j = 0; j < width; ++j) row[j] = from[j] == i ? source[j] : 0;
      } else {
        for (int64_t j = 0; j < width; ++j) row[j] = source[j] * scale;
      }
    }
  }
}

BASIN_VECTORIZED void basinNeighborMax(const BasinNeighborhood *graph, const float *x, int64_t width, int64_t begin,
                                       int64_t end, float *out, int32_t *arg) {
  const BasinNeighborhood &g = *graph;
  for (int64_t row = begin; row < end; ++row) {
    float *target = out + row * width;
    int32_t *from = arg + row * width;
    int64_t k = g.pointers[row];
    const int64_t last = g.pointers[row + 1];
    const int32_t start = k < last ? g.columns[k] : -1;
    for (int64_t j = 0; j < width; ++j) {
      target[j] = k < last ? x[start * width + j] : 0;
      from[j] = start;
    }
    for (++k; k < last; ++k) {
      const int32_t column = g.columns[k];
      const float *source = x + column * width;
      for (int64_t j = 0; j < width; ++j) {
        const bool more = source[j] > target[j];
        target[j] = more ? source[j] : target[j];
        from[j] = more ? column : from[j];
      }
    }
  }
}

BASIN_VECTORIZED void basinNeighborMaxGradient(const BasinNeighborhood *graph, const float *gradient,
                                               const int32_t *arg, int64_t width, int64_t begin, int64_t end,
                                               float *out) {
  const BasinNeighborhood &g = *graph;
  for (int64_t c = begin; c < end; ++c) {
    float *target = out + c * width;
    clear(target, width);
    for (int64_t b = g.backPointers[c]; b < g.backPointers[c + 1]; ++b) {
      const int64_t at = static_cast<int64_t>(g.backColumns[b]) * width;
      for (int64_t j = 0; j < width; ++j) target[j] += arg[at + j] == c ? gradient[at + j] : 0;
    }
  }
}

BASIN_VECTORIZED void basinSegmentProduct(const int64_t *pointers, const float *a, int64_t k, const float *b, int64_t d,
                                          int64_t begin, int64_t end, float *out) {
  for (int64_t g = begin; g < end; ++g) {
    float *target = out + g * k * d;
    clear(target, k * d);
    for (int64_t i = pointers[g]; i < pointers[g + 1]; ++i) {
      const float *right = b + i * d;
      for (int64_t r = 0; r < k; ++r) {
        const float left = a[i * k + r];
        float *row = target + r * d;
        for (int64_t j = 0; j < d; ++j) row[j] += left * right[j];
      }
    }
  }
}

BASIN_VECTORIZED void basinSegmentApply(const int64_t *pointers, const float *m, int64_t a, int64_t b, const float *x,
                                        int64_t begin, int64_t end, float *out) {
  for (int64_t g = begin; g < end; ++g) {
    const float *matrix = m + g * a * b;
    for (int64_t i = pointers[g]; i < pointers[g + 1]; ++i) {
      const float *vector = x + i * b;
      for (int64_t r = 0; r < a; ++r) {
        const float *row = matrix + r * b;
        Eight sum = {};
        int64_t j = 0;
        for (; j + 8 <= b; j += 8) sum += eight(row + j) * eight(vector + j);
        float rest = 0;
        for (; j < b; ++j) rest += row[j] * vector[j];
        out[i * a + r] = total(sum) + rest;
      }
    }
  }
}

int64_t basinTopRows(const int64_t *pointers, int64_t count, const float *scores, double ratio, int32_t *kept,
                     int64_t *lengths) {
  int64_t total = 0;
  for (int64_t g = 0; g < count; ++g) {
    const int64_t n = pointers[g + 1] - pointers[g];
    const int64_t wanted = std::min(n, static_cast<int64_t>(std::ceil(ratio * static_cast<double>(n))));
    int32_t *rows = kept + total;
    // All rows of the segment for a moment: there is room, for those before it kept no more than they have.
    std::iota(rows, rows + n, static_cast<int32_t>(pointers[g]));
    const auto isBefore = [scores](int32_t a, int32_t b) {
      const float x = std::isnan(scores[a]) ? -INFINITY : scores[a], y = std::isnan(scores[b]) ? -INFINITY : scores[b];
      return x != y ? x > y : a < b;
    };
    if (wanted < n) std::nth_element(rows, rows + wanted, rows + n, isBefore);
    std::sort(rows, rows + wanted);
    lengths[g] = wanted;
    total += wanted;
  }
  return total;
}

}
