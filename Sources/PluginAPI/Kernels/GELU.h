// The Gaussian error linear unit and its slope, eight numbers at a time.
#ifndef BASIN_GELU_H
#define BASIN_GELU_H

#include "VectorMath.h"
#include "ActivationKernels.h"

namespace basin {

// exp(-x^2 / 2) of a distance from 0, up to 13.2.
BASIN_INLINE void bellOf(const Eight &distance, Eight &bell) {
  // 2^t with t = -x^2 / (2 ln 2), in a whole number and the rest, whose power is a polynomial (to 2e-8). Both are made of a product that is
  // rounded once, with the sum.
  constexpr float magic = 12582912.0f;
  const Eight scaled = distance * -0.72134752f, shifted = scaled * distance + magic, r = scaled * distance - (shifted - magic);
  const Eight square = r * r;
  // Even and odd terms apart, here and below, for a processor waits for one result before it can begin with the next.
  Eight p = (r * 1.54697322e-4f + 1.34004327e-3f) * r + 9.61802527e-3f;
  p = p * square + (r * 5.55032715e-2f + 2.40226507e-1f);
  p = p * square + (r * 6.93147182e-1f + 1.0f);
  bell = (Eight)((EightBits)p + ((EightBits)shifted << 23));
}

// Phi(x) and exp(-x^2 / 2). Phi(-|x|) = exp(-x^2 / 2) R(|x|): R is smooth, and keeps its relative precision where Phi is small. Fitted
// as a polynomial in u = 1 / (1 + 0.375 |x| / sqrt(2)) without constant term, to 1.2e-8 of R for |x| up to 14.
BASIN_INLINE void normalDistribution(const Eight &x, Eight &below, Eight &bell) {
  Eight distance = (Eight)((EightBits)x & 0x7FFFFFFF);
  distance = distance > 13.2f ? Eight{} + 13.2f : distance;
  const Eight u = 1.0f / (1.0f + 0.26516504f * distance), square = u * u;
  bellOf(distance, bell);
  Eight even = square * 0.061539836f + 0.43241074f, odd = square * -0.28733608f - 0.22942695f;
  even = even * square + 0.27373391f;
  odd = odd * square + 0.12150107f;
  even = even * square + 0.20531447f;
  odd = odd * square + 0.21064951f;
  even = even * square + 0.21161348f;
  const Eight tail = (odd * u + even) * u * (0.5f * bell);
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
