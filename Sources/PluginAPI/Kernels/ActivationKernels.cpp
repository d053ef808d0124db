#include "ActivationKernels.h"

#include "VectorMath.h"

#include <string.h>

namespace {

using namespace basin;

// Phi(x) and exp(-x^2 / 2). Phi(-|x|) = exp(-x^2 / 2) R(|x|): R is smooth, and keeps its relative precision where Phi is small. Fitted
// as a polynomial in u = 1 / (1 + 0.375 |x| / sqrt(2)) without constant term, to 1.2e-8 of R for |x| up to 14.
BASIN_INLINE void normalDistribution(const Eight &x, Eight &below, Eight &bell) {
  const Eight distance = x < 0 ? -x : x, u = 1.0f / (1.0f + 0.26516504f * distance);
  bell = x * x * -0.5f;
  exponential(bell);
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

template <int form>
BASIN_INLINE void forwardRows(const float *h, const float *bias, int64_t width, int64_t begin, int64_t end, float *out) {
  for (int64_t r = begin; r < end; ++r) {
    for (int64_t c = 0; c < width; c += 8) {
      Eight x, y;
      loadSome(h + r * width + c, width - c, x);
      if (bias) {
        loadSome(bias + c, width - c, y);
        x += y;
      }
      gelu<form>(x, y);
      storeSome(y, width - c, out + r * width + c);
    }
  }
}

template <int form>
BASIN_INLINE void gradientRows(const float *h, const float *bias, int64_t rows, int64_t width, int64_t begin, int64_t end,
                               float *gradient, float *out, float *partials) {
  for (int64_t block = begin; block < end; ++block) {
    float *sums = partials ? partials + block * width : nullptr;
    if (sums) memset(sums, 0, static_cast<size_t>(width) * sizeof(float));
    const int64_t first = block * BASIN_ACTIVATION_ROWS;
    const int64_t last = first + BASIN_ACTIVATION_ROWS < rows ? first + BASIN_ACTIVATION_ROWS : rows;
    for (int64_t r = first; r < last; ++r) {
      for (int64_t c = 0; c < width; c += 8) {
        Eight x, y, slope, incoming;
        loadSome(h + r * width + c, width - c, x);
        if (bias) {
          loadSome(bias + c, width - c, y);
          x += y;
        }
        geluAndSlope<form>(x, y, slope);
        loadSome(gradient + r * width + c, width - c, incoming);
        incoming *= slope;
        storeSome(incoming, width - c, gradient + r * width + c);
        if (out) storeSome(y, width - c, out + r * width + c);
        if (sums) {
          loadSome(sums + c, width - c, y);
          y += incoming;
          storeSome(y, width - c, sums + c);
        }
      }
    }
  }
}

BASIN_VERSIONS void forward(int32_t form, const float *h, const float *bias, int64_t width, int64_t begin, int64_t end,
                            float *out) {
  if (form == BASIN_GELU_TANH) return forwardRows<BASIN_GELU_TANH>(h, bias, width, begin, end, out);
  forwardRows<BASIN_GELU_EXACT>(h, bias, width, begin, end, out);
}

BASIN_VERSIONS void backward(int32_t form, const float *h, const float *bias, int64_t rows, int64_t width, int64_t begin,
                             int64_t end, float *gradient, float *out, float *partials) {
  if (form == BASIN_GELU_TANH) {
    return gradientRows<BASIN_GELU_TANH>(h, bias, rows, width, begin, end, gradient, out, partials);
  }
  gradientRows<BASIN_GELU_EXACT>(h, bias, rows, width, begin, end, gradient, out, partials);
}

}  // namespace

extern "C" {

void basinBiasGELU(int32_t form, const float *h, const float *bias, int64_t width, int64_t begin, int64_t end, float *out) {
  forward(form, h, bias, width, begin, end, out);
}

void basinBiasGELUGradient(int32_t form, const float *h, const float *bias, int64_t rows, int64_t width, int64_t blockBegin,
                           int64_t blockEnd, float *gradient, float *out, float *partials) {
  backward(form, h, bias, rows, width, blockBegin, blockEnd, gradient, out, partials);
}
}
