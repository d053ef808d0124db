#include "ActivationKernels.h"

#include "GELU.h"

#include <string.h>

namespace {

using namespace basin;

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
