#include "ResidualNormKernels.h"

#include <cmath>
#include <cstring>

#include "Philox.h"
#include "Scratch.h"
#include "VectorMath.h"

namespace {

using namespace basin;

struct Span {
  int64_t begin, end;
};

BASIN_INLINE Span rowsOf(const BasinResidualNorm &n, int64_t block) {
  const int64_t begin = block * BASIN_RESIDUAL_NORM_ROWS, end = begin + BASIN_RESIDUAL_NORM_ROWS;
  return {begin, end < n.rows ? end : n.rows};
}

BASIN_INLINE uint64_t groupOfRow(const BasinResidualNorm &n, int64_t row) {
  return static_cast<uint64_t>(row * ((n.width + 31) / 32));
}

// sum = x + mask (h + bias), over a row.
template <bool isBiased, bool drops>
BASIN_INLINE void addRow(const BasinResidualNorm &n, const float *x, const float *h, uint64_t group, float *sum) {
  for (int64_t first = 0; first < n.width; first += 32, ++group) {
    const int64_t count = n.width - first < 32 ? n.width - first : 32;
    float mask[32];
    if constexpr (drops) maskOfGroup(n.key, group, n.threshold, n.keep, mask);
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
      Eight value = eight(h + first + i);
      if constexpr (isBiased) value += eight(n.bias + first + i);
      if constexpr (drops) value *= eight(mask + i);
      eight(sum + first + i) = eight(x + first + i) + value;
    }
    for (; i < count; ++i) {
      float value = h[first + i];
      if constexpr (isBiased) value += n.bias[first + i];
      if constexpr (drops) value *= mask[i];
      sum[first + i] = x[first + i] + value;
    }
  }
}

BASIN_INLINE float sumOfRow(const float *x, int64_t width) {
  Eight sums[2] = {};
  int64_t c = 0;
  for (; c + 16 <= width; c += 16) {
    sums[0] += eight(x + c);
    sums[1] += eight(x + c + 8);
  }
  sums[0] += sums[1];
  float sum = sumAcross(sums[0]);
  for (; c < width; ++c) sum += x[c];
  return sum;
}

BASIN_INLINE float squaresOfRow(const float *x, float mean, int64_t width) {
  Eight sums[2] = {};
  int64_t c = 0;
  for (; c + 16 <= width; c += 16) {
    const Eight a = eight(x + c) - mean, b = eight(x + c + 8) - mean;
    sums[0] += a * a;
    sums[1] += b * b;
  }
  sums[0] += sums[1];
  float sum = sumAcross(sums[0]);
  for (; c < width; ++c) sum += (x[c] - mean) * (x[c] - mean);
  return sum;
}

BASIN_INLINE void normalizeRow(const BasinResidualNorm &n, const float *sum, float mean, float inverse, float *out) {
  int64_t c = 0;
  for (; c + 8 <= n.width; c += 8) {
    eight(out + c) = (eight(sum + c) - mean) * inverse * eight(n.weight + c) + eight(n.shift + c);
  }
  for (; c < n.width; ++c) out[c] = (sum[c] - mean) * inverse * n.weight[c] + n.shift[c];
}

BASIN_VERSIONS void forward(BasinResidualNorm n, const float *x, const float *h, int64_t blockBegin, int64_t blockEnd, float *sum, float *out,
                            float *moments) {
  const float width = static_cast<float>(n.width);
  for (int64_t block = blockBegin; block < blockEnd; ++block) {
    const Span rows = rowsOf(n, block);
    for (int64_t r = rows.begin; r < rows.end; ++r) {
      const int64_t at = r * n.width;
      if (h) {
        const uint64_t group = groupOfRow(n, r);
        if (n.bias && n.threshold > 0) {
          addRow<true, true>(n, x + at, h + at, group, sum + at);
        } else if (n.bias) {
          addRow<true, false>(n, x + at, h + at, group, sum + at);
        } else if (n.threshold > 0) {
          addRow<false, true>(n, x + at, h + at, group, sum + at);
        } else {
          addRow<false, false>(n, x + at, h + at, group, sum + at);
        }
      }
      const float *row = h ? sum + at : x + at;
      const float mean = sumOfRow(row, n.width) / width;
      const float variance = squaresOfRow(row, mean, n.width) / width;
      const float inverse = static_cast<float>(1 / std::sqrt(static_cast<double>(variance) + n.epsilon));
      normalizeRow(n, row, mean, inverse, out + at);
      moments[2 * r] = mean;
      moments[2 * r + 1] = inverse;
    }
  }
}

// The sums over a row of the gradient of xhat, and of that times xhat; adds to the gradients of weight and shift.
BASIN_INLINE void sumsOfRow(const BasinResidualNorm &n, const float *sum, float mean, float inverse, const float *gradient,
                            float *weightSums, float *shiftSums, float &plain, float &weighted) {
  Eight first{}, second{};
  int64_t c = 0;
  for (; c + 8 <= n.width; c += 8) {
    const Eight incoming = eight(gradient + c), hat = (eight(sum + c) - mean) * inverse;
    const Eight inner = incoming * eight(n.weight + c);
    first += inner;
    second += inner * hat;
    eight(weightSums + c) += incoming * hat;
    eight(shiftSums + c) += incoming;
  }
  plain = sumAcross(first);
  weighted = sumAcross(second);
  for (; c < n.width; ++c) {
    const float hat = (sum[c] - mean) * inverse, inner = gradient[c] * n.weight[c];
    plain += inner;
    weighted += inner * hat;
    weightSums[c] += gradient[c] * hat;
    shiftSums[c] += gradient[c];
  }
}

BASIN_INLINE void gradientOfRow(const BasinResidualNorm &n, const float *sum, float mean, float inverse, const float *gradient,
                                const float *beside, float plain, float weighted, float *out) {
  int64_t c = 0;
  for (; c + 8 <= n.width; c += 8) {
    const Eight hat = (eight(sum + c) - mean) * inverse;
    Eight value = (eight(gradient + c) * eight(n.weight + c) - plain - hat * weighted) * inverse;
    if (beside) value += eight(beside + c);
    eight(out + c) = value;
  }
  for (; c < n.width; ++c) {
    out[c] = (gradient[c] * n.weight[c] - plain - (sum[c] - mean) * inverse * weighted) * inverse;
    if (beside) out[c] += beside[c];
  }
}

// out (where it is not null) = mask x; adds to the gradient of the bias.
template <bool drops>
BASIN_INLINE void passRow(const BasinResidualNorm &n, const float *x, uint64_t group, float *out, float *biasSums) {
  for (int64_t first = 0; first < n.width; first += 32, ++group) {
    const int64_t count = n.width - first < 32 ? n.width - first : 32;
    float mask[32];
    if constexpr (drops) maskOfGroup(n.key, group, n.threshold, n.keep, mask);
    int64_t i = 0;
    for (; i + 8 <= count; i += 8) {
      Eight value = eight(x + first + i);
      if constexpr (drops) {
        value *= eight(mask + i);
        if (out) eight(out + first + i) = value;
      }
      eight(biasSums + first + i) += value;
    }
    for (; i < count; ++i) {
      float value = x[first + i];
      if constexpr (drops) {
        value *= mask[i];
        if (out) out[first + i] = value;
      }
      biasSums[first + i] += value;
    }
  }
}

BASIN_VERSIONS void backward(BasinResidualNorm n, const float *sum, const float *moments, const float *gradient,
                             const float *second, const float *sumGradient, int64_t blockBegin, int64_t blockEnd, float *both,
                             float *xGradient, float *hGradient, float *partials) {
  const float width = static_cast<float>(n.width);
  for (int64_t block = blockBegin; block < blockEnd; ++block) {
    const Span rows = rowsOf(n, block);
    float *weightSums = partials + block * 3 * n.width, *shiftSums = weightSums + n.width, *biasSums = shiftSums + n.width;
    memset(weightSums, 0, static_cast<size_t>(3 * n.width) * sizeof(float));
    for (int64_t r = rows.begin; r < rows.end; ++r) {
      const int64_t at = r * n.width;
      const float mean = moments[2 * r], inverse = moments[2 * r + 1];
      const float *incoming = gradient + at;
      if (second) {
        for (int64_t c = 0; c < n.width; ++c) both[c] = incoming[c] + second[at + c];
        incoming = both;
      }
      float plain, weighted;
      sumsOfRow(n, sum + at, mean, inverse, incoming, weightSums, shiftSums, plain, weighted);
      gradientOfRow(n, sum + at, mean, inverse, incoming, sumGradient ? sumGradient + at : nullptr, plain / width,
                    weighted / width, xGradient + at);
      if (n.threshold > 0) {
        passRow<true>(n, xGradient + at, groupOfRow(n, r), hGradient ? hGradient + at : nullptr, biasSums);
      } else if (n.bias) {
        passRow<false>(n, xGradient + at, 0, nullptr, biasSums);
      }
    }
  }
}

BASIN_VERSIONS void sumOfRows(const float *in, int64_t count, int64_t stride, int64_t width, float scale, float *out) {
  memset(out, 0, static_cast<size_t>(width) * sizeof(float));
  for (int64_t r = 0; r < count; ++r) {
    for (int64_t c = 0; c < width; ++c) out[c] += in[r * stride + c];
  }
  if (scale != 1) {
    for (int64_t c = 0; c < width; ++c) out[c] *= scale;
  }
}

BASIN_VERSIONS void shares(const float *in, int64_t count, int64_t width, float scale, float *out) {
  for (int64_t r = 0; r < count; ++r) {
    for (int64_t c = 0; c < width; ++c) out[r * width + c] = in[c] * scale;
  }
}

BASIN_INLINE float shareOf(int64_t length) { return 1 / static_cast<float>(length > 0 ? length : 1); }

}  // namespace

extern "C" {

void basinResidualNorm(const BasinResidualNorm *norm, const float *x, const float *h, int64_t blockBegin, int64_t blockEnd,
                       float *sum, float *out, float *moments) {
  forward(*norm, x, h, blockBegin, blockEnd, sum, out, moments);
}

void basinResidualNormGradient(const BasinResidualNorm *norm, const float *sum, const float *moments, const float *gradient,
                               const float *second, const float *sumGradient, int64_t blockBegin, int64_t blockEnd, float *xGradient,
                               float *hGradient, float *partials) {
  float *both = second ? scratch(norm->width) : nullptr;
  backward(*norm, sum, moments, gradient, second, sumGradient, blockBegin, blockEnd, both, xGradient, hGradient, partials);
}

void basinSumOfRows(const float *in, int64_t count, int64_t stride, int64_t width, float *out) {
  sumOfRows(in, count, stride, width, 1, out);
}

void basinSequenceMeans(const int64_t *offsets, int64_t begin, int64_t end, int64_t width, const float *in, float *out) {
  for (int64_t s = begin; s < end; ++s) {
    const int64_t length = offsets[s + 1] - offsets[s];
    sumOfRows(in + offsets[s] * width, length, width, width, shareOf(length), out + s * width);
  }
}

void basinSequenceShares(const int64_t *offsets, int64_t begin, int64_t end, int64_t width, const float *in, float *out) {
  for (int64_t s = begin; s < end; ++s) {
    const int64_t length = offsets[s + 1] - offsets[s];
    shares(in + s * width, length, width, shareOf(length), out + offsets[s] * width);
  }
}
}
