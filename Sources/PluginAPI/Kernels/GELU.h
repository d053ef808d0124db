// The Gaussian error linear unit and its slope, eight numbers at a time.
#ifndef BASIN_GELU_H
#define BASIN_GELU_H

#include "VectorMath.h"
#include "ActivationKernels.h"

namespace basin {

// Phi(x) and exp(-x^2 / 2). Phi(-|x|) = exp(-x^2 / 2) R(|x|): R is smooth, and keeps its relative precision where Phi is small. Fitted
// as a polynomial in u = 1 / (1 + 0.375 |x| / sqrt(2)) without constant term, to 1.2e-8 of R for |x| up to 14.
BASIN_INLINE void normalDistribution(const Eight &x, Eight &below, Eight &bell) {
  const Eight distance = x < 0 ? -x : x, u = 1.0f / (1.0f + 0.26516504f * distance);
  bell = x * x * -0.5f;
  exponentialUpTo88(bell);
  Eight p = u * 0.061539836f - 0.28733608f;
  p = p * u + 0.43241074f;
  p = p * u - 0.22942695f;
  p = p * u + 0.27373391f;
  p = p * u + 0.12150107f;
  p = p * u + 0.20531447f;
  p = p * u + 0.21064951f;
  p = p * u + 0.21161348f;
  const Eight tail = 0.5f * (p * u) * bell;
  below = x < 0 ? tail : 1.0f - tail;
}

template <int form>
BASIN_INLINE void gelu(const Eight &x, Eight &y) {
  if constexpr (form == BASIN_GELU_EXACT) {
    Eight below, bell;
    normalDistribution(x, below, bell);
    y = x * below;
  } else {
    Eight e = x * (1.0f + 0.044715f * x * x) * -1.59576912f;
    exponential(e);
    y = x / (1.0f + e);
  }
}

template <int form>
BASIN_INLINE void geluAndSlope(const Eight &x, Eight &y, Eight &slope) {
  if constexpr (form == BASIN_GELU_EXACT) {
    Eight below, bell;
    normalDistribution(x, below, bell);
    y = x * below;
    slope = below + x * bell * 0.39894228f;
  } else {
    const Eight square = x * x;
    Eight e = x * (1.0f + 0.044715f * square) * -1.59576912f;
    exponential(e);
    const Eight s = 1.0f / (1.0f + e);
    y = x * s;
    slope = s + x * s * (1.0f - s) * (1.59576912f + 0.21406530f * square);
  }
}

}  // namespace basin

#endif
