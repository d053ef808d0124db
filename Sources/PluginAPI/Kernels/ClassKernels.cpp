#include "ClassKernels.h"

#include <cmath>
#include <limits>

#include "VectorMath.h"

namespace {

using namespace basin;

constexpr float least = -std::numeric_limits<float>::infinity();

// The greatest of a row, and whether there is a NaN in it.
BASIN_INLINE float greatest(const float *row, int64_t width, bool &hasNaN) {
  Eight most = Eight{} + least;
  EightBits strange{};
  for (int64_t c = 0; c < width; c += 8) {
    Eight x;
    loadSome(row + c, width - c, x, least);
    most = x > most ? x : most;
    strange |= x != x;
  }
  hasNaN = false;
  for (int i = 0; i < 8; ++i) hasNaN = hasNaN || strange[i] != 0;
  return greatestAcross(most);
}

// exp(x - shift), exactly 0 where it is below the normal numbers.
BASIN_INLINE void shiftedExponential(Eight &x, float shift) {
  x -= shift;
  const Eight argument = x;
  exponential(x);
  x = argument < -87.0f ? Eight{} : x;
}

BASIN_VERSIONS void losses(const float *logits, const int64_t *classes, int64_t width, int64_t begin, int64_t end,
                           float *partitions, float *result) {
  for (int64_t r = begin; r < end; ++r) {
    const float *row = logits + r * width;
    bool hasNaN;
    const float most = greatest(row, width, hasNaN);
    Eight sums{};
    for (int64_t c = 0; c < width; c += 8) {
      Eight x;
      loadSome(row + c, width - c, x, least);
      shiftedExponential(x, most);
      sums += x;
    }
    const float sum = sumAcross(sums);
    partitions[2 * r] = most;
    partitions[2 * r + 1] = sum;
    const double logarithm = static_cast<double>(most) + std::log(static_cast<double>(sum));
    result[r] = classes[r] == BASIN_NO_CLASS ? 0 : static_cast<float>(logarithm - static_cast<double>(row[classes[r]]));
  }
}

BASIN_VERSIONS void gradients(const float *logits, const int64_t *classes, const float *partitions, float scale, int64_t width,
                              int64_t begin, int64_t end, float *gradient) {
  for (int64_t r = begin; r < end; ++r) {
    const float *row = logits + r * width;
    float *out = gradient + r * width;
    if (classes[r] == BASIN_NO_CLASS) {
      for (int64_t c = 0; c < width; ++c) out[c] = 0;
      continue;
    }
    const float part = scale / partitions[2 * r + 1];
    for (int64_t c = 0; c < width; c += 8) {
      Eight x;
      loadSome(row + c, width - c, x, least);
      shiftedExponential(x, partitions[2 * r]);
      x *= part;
      storeSome(x, width - c, out + c);
    }
    out[classes[r]] -= scale;
  }
}

BASIN_VERSIONS int64_t right(const float *logits, const int64_t *classes, int64_t width, int64_t begin, int64_t end) {
  int64_t count = 0;
  for (int64_t r = begin; r < end; ++r) {
    const float *row = logits + r * width;
    bool hasNaN;
    const float most = greatest(row, width, hasNaN);
    int64_t first = 0;
    while (first < width - 1 && !(hasNaN ? row[first] != row[first] : row[first] == most)) ++first;
    count += first == classes[r];
  }
  return count;
}

}  // namespace

extern "C" {

void basinCrossEntropy(const float *logits, const int64_t *classes, int64_t width, int64_t begin, int64_t end,
                       float *partitions, float *result) {
  losses(logits, classes, width, begin, end, partitions, result);
}

void basinCrossEntropyGradient(const float *logits, const int64_t *classes, const float *partitions, float scale, int64_t width,
                               int64_t begin, int64_t end, float *gradient) {
  gradients(logits, classes, partitions, scale, width, begin, end, gradient);
}

int64_t basinClassOutside(const int64_t *classes, int64_t rows, int64_t width, int64_t *counting) {
  *counting = 0;
  for (int64_t r = 0; r < rows; ++r) {
    if (classes[r] == BASIN_NO_CLASS) continue;
    if (classes[r] < 0 || classes[r] >= width) return r;
    ++*counting;
  }
  return -1;
}

int64_t basinRightRows(const float *logits, const int64_t *classes, int64_t width, int64_t begin, int64_t end) {
  return right(logits, classes, width, begin, end);
}
}
