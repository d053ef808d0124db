#include "ActivationKernels.h"

#include "GELU.h"

#include <string.h>

namespace {

using namespace basin;

// `count` numbers, 8 or fewer: with 8, which is all but the end of a row, there is nothing to decide.
template <int form>
BASIN_INLINE void forwardOf(const float *h, const float *bias, int64_t count, float *out) {
  Eight x, y;
  loadSome(h, count, x);
  if (bias) {
    loadSome(bias, count, y);
    x += y;
  }
  gelu<form>(x, y);
  storeSome(y, count, out);
}

template <int form>
BASIN_INLINE void gradientOf(const float *h, const float *bias, int64_t count, float *gradient, float *out, float *sums) {
  Eight x, y, slope, incoming;
  loadSome(h, count, x);
  if (bias) {
    loadSome(bias, count, y);
    x += y;
  }
  geluAndSlope<form>(x, y, slope);
  loadSome(gradient, count, incoming);
  incoming *= slope;
  storeSome(incoming, count, gradient);
  if (out) storeSome(y, count, out);
  if (sums) {
    loadSome(sums, count, y);
    y += incoming;
    storeSome(y, count, sums);
  }
}

BASIN_INLINE float *behind(float *row, int64_t column) { return row ? row + column : nullptr; }
BASIN_INLINE const float *behind(const float *row, int64_t column) { return row ? row + column : nullptr; }

template <int form>
BASIN_INLINE void forwardRows(const float *h, const float *bias, int64_t width, int64_t begin, int64_t end, float *out) {
  for (int64_t r = begin; r < end; ++r) {
    const float *in = h + r * width;
    float *to = out + r * width;
    int64_t c = 0;
    for (; c + 8 <= width; c += 8) forwardOf<form>(in + c, behind(bias, c), 8, to + c);
    if (c < width) forwardOf<form>(in + c, behind(bias, c), width - c, to + c);
  }
}

template <int form>
BASIN_INLINE void gradientRows(const float *h, const float *bias, int64_t rows, int64_t width, int64_t begin, int64_t end,
                               float *gradient, float *out, float *partials) {
  for (int64_t block = begin; block < end; ++block) {
    float *sums = behind(partials, block * width);
    if (sums) memset(sums, 0, static_cast<size_t>(width) * sizeof(float));
    const int64_t first = block * BASIN_ACTIVATION_ROWS;
    const int64_t last = smaller(first + BASIN_ACTIVATION_ROWS, rows);
    for (int64_t r = first; r < last; ++r) {
      const float *in = h + r * width;
      float *incoming = gradient + r * width, *to = behind(out, r * width);
      int64_t c = 0;
      for (; c + 8 <= width; c += 8) gradientOf<form>(in + c, behind(bias, c), 8, incoming + c, behind(to, c), behind(sums, c));
      if (c < width) gradientOf<form>(in + c, behind(bias, c), width - c, incoming + c, behind(to, c), behind(sums, c));
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
