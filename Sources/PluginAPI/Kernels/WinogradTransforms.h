// The transforms of F(m x m, 3 x 3) for vectors of channels, one dimension at a time; a = m + 2. F(1 x 1, 1 x 1) has none.
#ifndef BASIN_WINOGRAD_TRANSFORMS_H
#define BASIN_WINOGRAD_TRANSFORMS_H

#include "Vectors.h"

namespace basin {

template <int m>
struct Minimal;

// A 1x1 convolution as the least of them: nothing to transform.
template <>
struct Minimal<1> {
  static constexpr int kernel = 1;
  static BASIN_INLINE void input(const Eight *d, int, Eight *out) { out[0] = d[0]; }
  static BASIN_INLINE void output(const Eight *d, int, Eight *out) { out[0] = d[0]; }
  static BASIN_INLINE void weights(const Eight *g, int, Eight *out) { out[0] = g[0]; }
  static BASIN_INLINE void outputGradient(const Eight *d, int, Eight *out) { out[0] = d[0]; }
  static BASIN_INLINE void weightsGradient(const Eight *d, int, Eight *out) { out[0] = d[0]; }
};

// Points 0, 1, -1 and infinity.
template <>
struct Minimal<2> {
  static constexpr int kernel = 3;
  // B^T: a values of the input.
  static BASIN_INLINE void input(const Eight *d, int step, Eight *out) {
    out[0] = d[0] - d[2 * step];
    out[1] = d[step] + d[2 * step];
    out[2] = d[2 * step] - d[step];
    out[3] = d[step] - d[3 * step];
  }
  // A^T: a products to m results.
  static BASIN_INLINE void output(const Eight *d, int step, Eight *out) {
    out[0] = d[0] + d[step] + d[2 * step];
    out[1] = d[step] - d[2 * step] - d[3 * step];
  }
  // G: 3 weights.
  static BASIN_INLINE void weights(const Eight *g, int step, Eight *out) {
    const Eight outer = (g[0] + g[2 * step]) * 0.5f, middle = g[step] * 0.5f;
    out[0] = g[0];
    out[1] = outer + middle;
    out[2] = outer - middle;
    out[3] = g[2 * step];
  }
  // A: m gradients of results to those of products.
  static BASIN_INLINE void outputGradient(const Eight *d, int step, Eight *out) {
    out[0] = d[0];
    out[1] = d[0] + d[step];
    out[2] = d[0] - d[step];
    out[3] = -d[step];
  }
  // G^T: gradients of a transformed weights to those of 3.
  static BASIN_INLINE void weightsGradient(const Eight *d, int step, Eight *out) {
    const Eight even = (d[step] + d[2 * step]) * 0.5f;
    out[0] = d[0] + even;
    out[1] = (d[step] - d[2 * step]) * 0.5f;
    out[2] = even + d[3 * step];
  }
};

// Points 0, a, -a, b, -b and infinity with a = sqrt(1/2) and b = sqrt(2): against 1 and 2, which the papers take, the
// numbers of the transforms lie closer together, and rounding errors are a third (Vincent et al. 2017).
template <>
struct Minimal<4> {
  static constexpr int kernel = 3;
  static constexpr float one = 0.70710678f, two = 1.41421356f, oneCubed = 0.35355339f, twoCubed = 2.82842712f;

  static BASIN_INLINE void input(const Eight *d, int step, Eight *out) {
    const Eight d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step];
    const Eight even1 = d4 - 2 * d2, odd1 = one * (d3 - 2 * d1), even2 = d4 - 0.5f * d2, odd2 = two * (d3 - 0.5f * d1);
    out[0] = d[0] - 2.5f * d2 + d4;
    out[1] = even1 + odd1;
    out[2] = even1 - odd1;
    out[3] = even2 + odd2;
    out[4] = even2 - odd2;
    out[5] = d1 - 2.5f * d3 + d[5 * step];
  }
  static BASIN_INLINE void output(const Eight *d, int step, Eight *out) {
    const Eight plus1 = d[step] + d[2 * step], minus1 = d[step] - d[2 * step];
    const Eight plus2 = d[3 * step] + d[4 * step], minus2 = d[3 * step] - d[4 * step];
    out[0] = d[0] + plus1 + plus2;
    out[1] = one * minus1 + two * minus2;
    out[2] = 0.5f * plus1 + 2 * plus2;
    out[3] = oneCubed * minus1 + twoCubed * minus2 + d[5 * step];
  }
  static BASIN_INLINE void weights(const Eight *g, int step, Eight *out) {
    const Eight even1 = (g[0] + 0.5f * g[2 * step]) * (-2.0f / 3), odd1 = g[step] * (one * -2.0f / 3);
    const Eight even2 = (g[0] + 2 * g[2 * step]) * (1.0f / 6), odd2 = g[step] * (two / 6);
    out[0] = g[0];
    out[1] = even1 + odd1;
    out[2] = even1 - odd1;
    out[3] = even2 + odd2;
    out[4] = even2 - odd2;
    out[5] = g[2 * step];
  }
  static BASIN_INLINE void outputGradient(const Eight *d, int step, Eight *out) {
    const Eight even1 = d[0] + 0.5f * d[2 * step], odd1 = one * d[step] + oneCubed * d[3 * step];
    const Eight even2 = d[0] + 2 * d[2 * step], odd2 = two * d[step] + twoCubed * d[3 * step];
    out[0] = d[0];
    out[1] = even1 + odd1;
    out[2] = even1 - odd1;
    out[3] = even2 + odd2;
    out[4] = even2 - odd2;
    out[5] = d[3 * step];
  }
  static BASIN_INLINE void weightsGradient(const Eight *d, int step, Eight *out) {
    const Eight plus1 = (d[step] + d[2 * step]) * (-2.0f / 3), minus1 = (d[step] - d[2 * step]) * (one * -2.0f / 3);
    const Eight plus2 = (d[3 * step] + d[4 * step]) * (1.0f / 6), minus2 = (d[3 * step] - d[4 * step]) * (two / 6);
    out[0] = d[0] + plus1 + plus2;
    out[1] = minus1 + minus2;
    out[2] = 0.5f * plus1 + 2 * plus2 + d[5 * step];
  }
};

// The two-dimensional ones: columns first, then rows, of `from` x `from` vectors to `to` x `to`.
#define BASIN_BOTH_WAYS(name, from, to)                                                \
  template <int m>                                                                     \
  BASIN_INLINE void name##Both(const Eight *values, Eight *out) {                      \
    constexpr int kernel = Minimal<m>::kernel, a = m + kernel - 1;                     \
    static_assert(a >= m && kernel > 0);                                               \
    Eight half[(from) * (to)];                                                         \
    _Pragma("clang loop unroll(full)") for (int x = 0; x < (from); ++x) {              \
      Eight column[to];                                                                \
      Minimal<m>::name(values + x, from, column);                                      \
      _Pragma("clang loop unroll(full)") for (int y = 0; y < (to); ++y) half[y * (from) + x] = column[y]; \
    }                                                                                  \
    _Pragma("clang loop unroll(full)") for (int y = 0; y < (to); ++y) {                \
      Minimal<m>::name(half + y * (from), 1, out + y * (to));                          \
    }                                                                                  \
  }
BASIN_BOTH_WAYS(input, a, a)
BASIN_BOTH_WAYS(output, a, m)
BASIN_BOTH_WAYS(weights, kernel, a)
BASIN_BOTH_WAYS(outputGradient, m, a)
BASIN_BOTH_WAYS(weightsGradient, a, kernel)
#undef BASIN_BOTH_WAYS

}  // namespace basin

#endif
