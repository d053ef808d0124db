// Vectors of eight floats, and what the kernels of this folder share.
#ifndef BASIN_GRAPH_VECTORS_H
#define BASIN_GRAPH_VECTORS_H

#include <stdint.h>

// AVX2 and FMA where the processor has them, chosen when the library is loaded. (`arch=haswell` would pass AMD by.)
// Hidden: the choice is made while the loader relocates, and of an exported function's versions it may read addresses
// that are not filled in yet. A function whose address Swift takes would then be null.
#if defined(__x86_64__) && defined(__linux__) && defined(__clang__)
#define BASIN_VECTORIZED __attribute__((target_clones("arch=x86-64-v3", "default"), visibility("hidden")))
#else
#define BASIN_VECTORIZED
#endif
#define BASIN_INLINE __attribute__((always_inline)) inline

namespace basin {

// Eight floats at any address.
typedef float Eight __attribute__((vector_size(32), aligned(4)));
typedef int32_t EightBits __attribute__((vector_size(32), aligned(4)));

// Vectors go by reference: without AVX clang refuses them as arguments and results, inlined or not.
BASIN_INLINE const Eight &eight(const float *p) { return *reinterpret_cast<const Eight *>(p); }
BASIN_INLINE Eight &eight(float *p) { return *reinterpret_cast<Eight *>(p); }
BASIN_INLINE float total(const Eight &x) {
  return ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
}

// x = exp(x) for x <= 0: 2^n e^r with x = n ln 2 + r, e^r by a polynomial of degree 7 (Moshier's for float32); relative
// error below 2e-7. 0 below -87.3.
BASIN_INLINE void exponentiate(Eight &x) {
  const EightBits vanishes = (EightBits)(x < -87.3f);
  const Eight low = Eight{} - 87.3f;
  x = x > low ? x : low;
  // Adding 1.5 * 2^23 rounds to a whole number n, and leaves 0x4B400000 + n as the bits.
  const Eight shifted = x * 1.44269504088896341f + 12582912.0f;
  const Eight n = shifted - 12582912.0f;
  const Eight r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  Eight p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  // n to the place of the exponent; the bits above it are shifted out.
  const Eight power = (Eight)(((EightBits)shifted << 23) + 0x3F800000);
  x = (Eight)(~vanishes & (EightBits)(p * power));
}

}  // namespace basin

#endif
