#include "NormKernels.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "Vectors.h"

namespace {

using namespace basin;

// Floats of a block: half of a first-level cache.
constexpr int64_t blockFloats = 6144;

struct Rows {
  int64_t begin, end;
};

BASIN_INLINE int64_t rowsOfBlock(int64_t channels) {
  const int64_t count = blockFloats / (channels > 0 ? channels : 1);
  return count > 0 ? count : 1;
}

BASIN_INLINE Rows rowsOf(int64_t block, int64_t rows, int64_t channels) {
  const int64_t count = rowsOfBlock(channels), begin = block * count, end = begin + count;
  return {begin, end < rows ? end : rows};
}

// `Width` neighbouring channels in registers: whole vectors, or single numbers at the end of a row.
template <int Width>
struct Lane {
  static constexpr int vectors = Width / 8;
  Eight v[vectors];
  BASIN_INLINE void load(const float *p) {
    for (int i = 0; i < vectors; ++i) v[i] = eight(p + 8 * i);
  }
  BASIN_INLINE void store(float *p) const {
    for (int i = 0; i < vectors; ++i) eight(p + 8 * i) = v[i];
  }
  BASIN_INLINE void clear() {
    for (int i = 0; i < vectors; ++i) v[i] = Eight{};
  }
  BASIN_INLINE void add(const Lane &x) {
    for (int i = 0; i < vectors; ++i) v[i] += x.v[i];
  }
  BASIN_INLINE void subtract(const Lane &x) {
    for (int i = 0; i < vectors; ++i) v[i] -= x.v[i];
  }
  BASIN_INLINE void multiply(const Lane &x) {
    for (int i = 0; i < vectors; ++i) v[i] *= x.v[i];
  }
  BASIN_INLINE void addProduct(const Lane &x, const Lane &y) {
    for (int i = 0; i < vectors; ++i) v[i] += x.v[i] * y.v[i];
  }
  BASIN_INLINE void scale(float x) {
    for (int i = 0; i < vectors; ++i) v[i] *= x;
  }
  // max(x, 0), and 0 where y is not over 0; a NaN stays one.
  BASIN_INLINE void rectify() {
    for (int i = 0; i < vectors; ++i) v[i] = (Eight)((EightBits)v[i] & ~(EightBits)(v[i] < 0));
  }
  BASIN_INLINE void keepWhere(const Lane &y) {
    for (int i = 0; i < vectors; ++i) v[i] = (Eight)((EightBits)v[i] & ~(EightBits)(y.v[i] <= 0));
  }
};

template <>
struct Lane<1> {
  float x;
  BASIN_INLINE void load(const float *p) { x = *p; }
  BASIN_INLINE void store(float *p) const { *p = x; }
  BASIN_INLINE void clear() { x = 0; }
  BASIN_INLINE void add(const Lane &y) { x += y.x; }
  BASIN_INLINE void subtract(const Lane &y) { x -= y.x; }
  BASIN_INLINE void multiply(const Lane &y) { x *= y.x; }
  BASIN_INLINE void addProduct(const Lane &a, const Lane &b) { x += a.x * b.x; }
  BASIN_INLINE void scale(float y) { x *= y; }
  BASIN_INLINE void rectify() { x = x < 0 ? 0 : x; }
  BASIN_INLINE void keepWhere(const Lane &y) { x = y.x <= 0 ? 0 : x; }
};

// Calls f<Width>(first channel) for all channels.
#define BASIN_FOR_CHANNELS(channels, call)          \
  {                                                 \
    int64_t c = 0;                                  \
    for (; c + 32 <= (channels); c += 32) call(32); \
    for (; c + 16 <= (channels); c += 16) call(16); \
    for (; c + 8 <= (channels); c += 8) call(8);    \
    for (; c < (channels); ++c) call(1);            \
  }

template <int Width>
BASIN_INLINE void moments(const float *x, const float *other, const Rows &rows, int64_t channels, int64_t c, float *sum,
                          float *partial) {
  Lane<Width> mean, squares, value;
  mean.clear();
  squares.clear();
  const float *source = other ? sum : x;
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    const int64_t at = r * channels + c;
    value.load(x + at);
    if (other) {
      Lane<Width> more;
      more.load(other + at);
      value.add(more);
      value.store(sum + at);
    }
    mean.add(value);
  }
  mean.scale(1.0f / static_cast<float>(rows.end - rows.begin));
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    value.load(source + r * channels + c);
    value.subtract(mean);
    squares.addProduct(value, value);
  }
  mean.store(partial + c);
  squares.store(partial + channels + c);
}

template <int Width>
BASIN_INLINE void apply(const float *x, const float *other, const float *applied, bool rectifies, const Rows &rows,
                        int64_t channels, int64_t c, float *out) {
  Lane<Width> scale, shift;
  scale.load(applied + c);
  shift.load(applied + channels + c);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    const int64_t at = r * channels + c;
    Lane<Width> value, y = shift;
    value.load(x + at);
    y.addProduct(value, scale);
    if (other) {
      value.load(other + at);
      y.add(value);
    }
    if (rectifies) y.rectify();
    y.store(out + at);
  }
}

// The gradient let through at `at`, and xhat.
template <int Width, int passing>
BASIN_INLINE void passGradient(const float *x, const Lane<Width> &scale, const Lane<Width> &shift, const Lane<Width> &mean,
                               const Lane<Width> &inverse, const float *gradient, const float *result, int64_t at,
                               Lane<Width> &passed, Lane<Width> &hat) {
  Lane<Width> y;
  passed.load(gradient + at);
  hat.load(x + at);
  if constexpr (passing == BASIN_PASS_POSITIVE) {
    y = shift;
    y.addProduct(hat, scale);
    passed.keepWhere(y);
  } else if constexpr (passing == BASIN_PASS_BY_RESULT) {
    y.load(result + at);
    passed.keepWhere(y);
  }
  hat.subtract(mean);
  hat.multiply(inverse);
}

template <int Width, int passing>
BASIN_INLINE void gradientSums(const float *x, const float *applied, const float *gradient, const float *result,
                               const Rows &rows, int64_t channels, int64_t c, float *passed, float *partial) {
  Lane<Width> scale, shift, mean, inverse, plain, weighted;
  scale.load(applied + c);
  shift.load(applied + channels + c);
  mean.load(applied + 2 * channels + c);
  inverse.load(applied + 3 * channels + c);
  plain.clear();
  weighted.clear();
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    const int64_t at = r * channels + c;
    Lane<Width> value, hat;
    passGradient<Width, passing>(x, scale, shift, mean, inverse, gradient, result, at, value, hat);
    plain.add(value);
    weighted.addProduct(value, hat);
    if (passed) value.store(passed + at);
  }
  plain.store(partial + c);
  weighted.store(partial + channels + c);
}

template <int Width, int passing>
BASIN_INLINE void inputGradient(const float *x, const float *applied, const float *means, const float *gradient,
                                const float *other, const Rows &rows, int64_t channels, int64_t c, float *out) {
  Lane<Width> scale, shift, mean, inverse, plain, weighted;
  scale.load(applied + c);
  shift.load(applied + channels + c);
  mean.load(applied + 2 * channels + c);
  inverse.load(applied + 3 * channels + c);
  plain.load(means + c);
  weighted.load(means + channels + c);
  for (int64_t r = rows.begin; r < rows.end; ++r) {
    const int64_t at = r * channels + c;
    Lane<Width> value, hat;
    passGradient<Width, passing>(x, scale, shift, mean, inverse, gradient, nullptr, at, value, hat);
    hat.multiply(weighted);
    value.subtract(plain);
    value.subtract(hat);
    value.multiply(scale);
    if (other) {
      hat.load(other + at);
      value.add(hat);
    }
    value.store(out + at);
  }
}

BASIN_VERSIONS void momentsOf(const float *x, const float *other, int64_t rows, int64_t channels, int64_t begin,
                                   int64_t end, float *sum, float *partials) {
  for (int64_t block = begin; block < end; ++block) {
    const Rows part = rowsOf(block, rows, channels);
#define BASIN_CALL(Width) moments<Width>(x, other, part, channels, c, sum, partials + block * 2 * channels)
    BASIN_FOR_CHANNELS(channels, BASIN_CALL)
#undef BASIN_CALL
  }
}

BASIN_VERSIONS void applyTo(const float *x, const float *other, const float *applied, bool rectifies, int64_t rows,
                                 int64_t channels, int64_t begin, int64_t end, float *out) {
  for (int64_t block = begin; block < end; ++block) {
    const Rows part = rowsOf(block, rows, channels);
#define BASIN_CALL(Width) apply<Width>(x, other, applied, rectifies, part, channels, c, out)
    BASIN_FOR_CHANNELS(channels, BASIN_CALL)
#undef BASIN_CALL
  }
}

template <int passing>
BASIN_INLINE void sumsOf(const float *x, const float *applied, const float *gradient, const float *result, int64_t rows,
                         int64_t channels, int64_t begin, int64_t end, float *passed, float *partials) {
  for (int64_t block = begin; block < end; ++block) {
    const Rows part = rowsOf(block, rows, channels);
#define BASIN_CALL(Width) \
  gradientSums<Width, passing>(x, applied, gradient, result, part, channels, c, passed, partials + block * 2 * channels)
    BASIN_FOR_CHANNELS(channels, BASIN_CALL)
#undef BASIN_CALL
  }
}

template <int passing>
BASIN_INLINE void inputsOf(const float *x, const float *applied, const float *means, const float *gradient,
                           const float *other, int64_t rows, int64_t channels, int64_t begin, int64_t end, float *out) {
  for (int64_t block = begin; block < end; ++block) {
    const Rows part = rowsOf(block, rows, channels);
#define BASIN_CALL(Width) inputGradient<Width, passing>(x, applied, means, gradient, other, part, channels, c, out)
    BASIN_FOR_CHANNELS(channels, BASIN_CALL)
#undef BASIN_CALL
  }
}

BASIN_VERSIONS void gradientSumsOf(const float *x, const float *applied, const float *gradient, const float *result,
                                        int32_t passing, int64_t rows, int64_t channels, int64_t begin, int64_t end,
                                        float *passed, float *partials) {
  switch (passing) {
    case BASIN_PASS_POSITIVE:
      return sumsOf<BASIN_PASS_POSITIVE>(x, applied, gradient, result, rows, channels, begin, end, passed, partials);
    case BASIN_PASS_BY_RESULT:
      return sumsOf<BASIN_PASS_BY_RESULT>(x, applied, gradient, result, rows, channels, begin, end, passed, partials);
    default: return sumsOf<BASIN_PASS_ALL>(x, applied, gradient, result, rows, channels, begin, end, passed, partials);
  }
}

BASIN_VERSIONS void inputGradientOf(const float *x, const float *applied, const float *means, const float *gradient,
                                         const float *other, int32_t passing, int64_t rows, int64_t channels,
                                         int64_t begin, int64_t end, float *out) {
  if (passing == BASIN_PASS_POSITIVE) {
    return inputsOf<BASIN_PASS_POSITIVE>(x, applied, means, gradient, other, rows, channels, begin, end, out);
  }
  inputsOf<BASIN_PASS_ALL>(x, applied, means, gradient, other, rows, channels, begin, end, out);
}

}  // namespace

extern "C" {

int64_t basinNormBlockRows(int64_t channels) { return rowsOfBlock(channels); }

int64_t basinNormBlocks(int64_t rows, int64_t channels) {
  const int64_t count = rowsOfBlock(channels);
  return (rows + count - 1) / count;
}

void basinNormMoments(const float *x, const float *other, int64_t rows, int64_t channels, int64_t blockBegin,
                      int64_t blockEnd, float *sum, float *partials) {
  momentsOf(x, other, rows, channels, blockBegin, blockEnd, sum, partials);
}

void basinNormCombine(const float *partials, int64_t rows, int64_t channels, double *mean, double *variance) {
  const int64_t blocks = basinNormBlocks(rows, channels);
  std::fill(mean, mean + channels, 0.0);
  std::fill(variance, variance + channels, 0.0);
  for (int64_t block = 0; block < blocks; ++block) {
    const float *part = partials + block * 2 * channels;
    const double n = static_cast<double>(rowsOf(block, rows, channels).end - rowsOf(block, rows, channels).begin);
    for (int64_t c = 0; c < channels; ++c) mean[c] += n * static_cast<double>(part[c]);
  }
  for (int64_t c = 0; c < channels; ++c) mean[c] /= static_cast<double>(rows);
  for (int64_t block = 0; block < blocks; ++block) {
    const float *part = partials + block * 2 * channels;
    const double n = static_cast<double>(rowsOf(block, rows, channels).end - rowsOf(block, rows, channels).begin);
    for (int64_t c = 0; c < channels; ++c) {
      const double distance = static_cast<double>(part[c]) - mean[c];
      variance[c] += static_cast<double>(part[channels + c]) + n * distance * distance;
    }
  }
  for (int64_t c = 0; c < channels; ++c) variance[c] /= static_cast<double>(rows);
}

void basinNormPrepare(const double *mean, const double *variance, const float *weight, const float *bias, double epsilon,
                      int64_t channels, float *applied) {
  for (int64_t c = 0; c < channels; ++c) {
    const double inverse = 1.0 / std::sqrt(variance[c] + epsilon), scale = static_cast<double>(weight[c]) * inverse;
    applied[c] = static_cast<float>(scale);
    applied[channels + c] = static_cast<float>(static_cast<double>(bias[c]) - mean[c] * scale);
    applied[2 * channels + c] = static_cast<float>(mean[c]);
    applied[3 * channels + c] = static_cast<float>(inverse);
  }
}

void basinNormApply(const float *x, const float *other, const float *applied, int32_t rectifies, int64_t rows,
                    int64_t channels, int64_t blockBegin, int64_t blockEnd, float *out) {
  applyTo(x, other, applied, rectifies != 0, rows, channels, blockBegin, blockEnd, out);
}

void basinNormGradientSums(const float *x, const float *applied, const float *gradient, const float *result,
                           int32_t passing, int64_t rows, int64_t channels, int64_t blockBegin, int64_t blockEnd,
                           float *passed, float *partials) {
  gradientSumsOf(x, applied, gradient, result, passing, rows, channels, blockBegin, blockEnd, passed, partials);
}

void basinNormGradientCombine(const float *partials, int64_t rows, int64_t channels, int32_t byBatch, float *weightGradient,
                              float *biasGradient, float *means) {
  const int64_t blocks = basinNormBlocks(rows, channels);
  std::vector<double> totals(static_cast<size_t>(2 * channels));
  double *total = totals.data();
  for (int64_t block = 0; block < blocks; ++block) {
    const float *part = partials + block * 2 * channels;
    for (int64_t c = 0; c < 2 * channels; ++c) total[c] += static_cast<double>(part[c]);
  }
  for (int64_t c = 0; c < 2 * channels; ++c) {
    means[c] = byBatch ? static_cast<float>(total[c] / static_cast<double>(rows)) : 0;
  }
  for (int64_t c = 0; c < channels; ++c) {
    biasGradient[c] = static_cast<float>(total[c]);
    weightGradient[c] = static_cast<float>(total[channels + c]);
  }
}

void basinNormGradient(const float *x, const float *applied, const float *means, const float *gradient, const float *other,
                       int32_t passing, int64_t rows, int64_t channels, int64_t blockBegin, int64_t blockEnd, float *out) {
  inputGradientOf(x, applied, means, gradient, other, passing, rows, channels, blockBegin, blockEnd, out);
}
}
