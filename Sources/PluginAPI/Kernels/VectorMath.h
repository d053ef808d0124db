// exp over vectors of eight floats, sums and maxima across them, and transposition.
#ifndef BASIN_VECTOR_MATH_H
#define BASIN_VECTOR_MATH_H

#include <math.h>

#include "Vectors.h"

namespace basin {

// e^x = p 2^n with |x - n ln 2| <= ln(2) / 2.
BASIN_INLINE void splitExponential(const Eight &x, Eight &p, EightBits &n) {
  // Adding 1.5 2^23 rounds to an integer, which then stands in the lower bits.
  constexpr float magic = 12582912.0f;
  const Eight shifted = x * 1.44269504f + magic, whole = shifted - magic;
  const Eight r = (x - whole * 0.693359375f) - whole * -2.12194440e-4f;
  // Taylor's polynomial: what is left out is below 2e-8 of the result.
  p = r * (1.0f / 5040) + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  n = (EightBits)shifted - 0x4B400000;
}

// x = exp(x), to 2 units in the last place; 0x1p-126 below -87.3, infinity above 88.7. A NaN stays one.
BASIN_INLINE void exponential(Eight &x) {
  constexpr float low = -87.33654f, high = 88.8f;
  x = x < low ? Eight{} + low : x;
  x = x > high ? Eight{} + high : x;
  Eight p;
  EightBits n;
  splitExponential(x, p, n);
  // In two factors, for n may be 128.
  const EightBits half = n >> 1;
  x = p * (Eight)((half + 127) << 23) * (Eight)((n - half + 127) << 23);
}

// The same of numbers up to 88.
BASIN_INLINE void exponentialUpTo88(Eight &x) {
  constexpr float low = -87.33654f;
  x = x < low ? Eight{} + low : x;
  Eight p;
  EightBits n;
  splitExponential(x, p, n);
  x = p * (Eight)((n + 127) << 23);
}

BASIN_INLINE float sumAcross(const Eight &x) {
  return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
}

BASIN_INLINE float greatestAcross(const Eight &x) {
  float most = x[0];
#pragma clang loop unroll(full)
  for (int i = 1; i < 8; ++i) most = x[i] > most ? x[i] : most;
  return most;
}

// Rows of eight become columns.
BASIN_INLINE void transposeEight(const Eight *in, Eight *out) {
  Eight a[8], b[8];
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; ++i) {
    a[2 * i] = __builtin_shufflevector(in[2 * i], in[2 * i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    a[2 * i + 1] = __builtin_shufflevector(in[2 * i], in[2 * i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 8; i += 4) {
#pragma clang loop unroll(full)
    for (int k = 0; k < 2; ++k) {
      b[i + k] = __builtin_shufflevector(a[i + k], a[i + k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      b[i + k + 2] = __builtin_shufflevector(a[i + k], a[i + k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < 4; ++i) {
    out[i] = __builtin_shufflevector(b[i], b[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    out[i + 4] = __builtin_shufflevector(b[i], b[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

}  // namespace basin

#endif
