#include "GatedKernels.h"

// Compiled for AVX2 with fused multiply-add beside the usual instructions; the loader takes what the processor has. On functions
// without linkage alone: of exported ones the loader may choose a version too early.
#if defined(__x86_64__) && defined(__linux__) && defined(__clang__)
#define GATED_VERSIONS __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define GATED_VERSIONS
#endif
#define GATED_INLINE __attribute__((always_inline)) inline

namespace {

// Eight floats at any address. They go by reference: without AVX clang refuses them as arguments and results.
typedef float Eight __attribute__((vector_size(32), aligned(4)));
typedef int32_t EightBits __attribute__((vector_size(32), aligned(4)));

GATED_INLINE void load(const float *p, int64_t count, Eight &x) {
  if (count >= 8) {
    x = *reinterpret_cast<const Eight *>(p);
  } else {
    x = Eight{};
    for (int i = 0; i < count; ++i) x[i] = p[i];
  }
}

GATED_INLINE void store(const Eight &x, int64_t count, float *p) {
  if (count >= 8) {
    *reinterpret_cast<Eight *>(p) = x;
  } else {
    for (int i = 0; i < count; ++i) p[i] = x[i];
  }
}

// s = 1 / (1 + exp(-a)). The exponential: 2^n e^r with n whole and |r| <= ln(2) / 2, e^r by Taylor's polynomial of degree 7. Within
// 87 no factor leaves the range of a float; beyond it s is 0 or 1 to the last place but one. A NaN stays one.
GATED_INLINE void sigmoid(const Eight &a, Eight &s) {
  constexpr float bound = 87.0f, magic = 12582912.0f;
  Eight x = -a;
  x = x < -bound ? Eight{} - bound : x;
  x = x > bound ? Eight{} + bound : x;
  const Eight shifted = x * 1.44269504f + magic, n = shifted - magic;
  const Eight r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  Eight p = r * (1.0f / 5040) + 1.0f / 720;
  p = p * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const EightBits power = ((EightBits)shifted - 0x4B400000 + 127) << 23;
  s = 1.0f / (1.0f + p * (Eight)power);
}

GATED_VERSIONS void forward(const float *h, int64_t width, int64_t begin, int64_t end, float *out) {
  for (int64_t row = begin; row < end; ++row) {
    const float *gate = h + 2 * row * width, *value = gate + width;
    for (int64_t c = 0; c < width; c += 8) {
      Eight a, b, s;
      load(gate + c, width - c, a);
      load(value + c, width - c, b);
      sigmoid(a, s);
      a *= s * b;
      store(a, width - c, out + row * width + c);
    }
  }
}

// dy/da = s (1 + a (1 - s)) b, dy/db = a s.
GATED_VERSIONS void backward(const float *h, const float *incoming, int64_t width, int64_t begin, int64_t end, float *out) {
  for (int64_t row = begin; row < end; ++row) {
    const float *gate = h + 2 * row * width, *value = gate + width;
    float *gateOut = out + 2 * row * width, *valueOut = gateOut + width;
    for (int64_t c = 0; c < width; c += 8) {
      Eight a, b, g, s;
      load(gate + c, width - c, a);
      load(value + c, width - c, b);
      load(incoming + row * width + c, width - c, g);
      sigmoid(a, s);
      b *= g * s * (1.0f + a * (1.0f - s));
      store(b, width - c, gateOut + c);
      g *= a * s;
      store(g, width - c, valueOut + c);
    }
  }
}

}  // namespace

extern "C" void gatedForward(const float *h, int64_t width, int64_t begin, int64_t end, float *out) {
  forward(h, width, begin, end, out);
}

extern "C" void gatedBackward(const float *h, const float *incoming, int64_t width, int64_t begin, int64_t end, float *out) {
  backward(h, incoming, width, begin, end, out);
}
