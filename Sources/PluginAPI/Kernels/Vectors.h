// Vectors of eight floats, for the kernels of this folder.
#ifndef BASIN_VECTORS_H
#define BASIN_VECTORS_H

#include <stdint.h>

// On functions without linkage alone: of exported ones the loader may choose a version too early (docs/decisions.md).
#if defined(__x86_64__) && defined(__linux__) && defined(__clang__)
#define BASIN_VERSIONS __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define BASIN_VERSIONS
#endif
#define BASIN_INLINE __attribute__((always_inline)) inline

namespace basin {

// Eight floats at any address. They go by reference: without AVX clang refuses them as arguments and results. Kernels' structures go by value: a
// vector that is written may be any of a structure's fields for all the compiler knows, and it would read these again.
typedef float Eight __attribute__((vector_size(32), aligned(4)));
typedef int32_t EightBits __attribute__((vector_size(32), aligned(4)));

BASIN_INLINE const Eight &eight(const float *p) { return *reinterpret_cast<const Eight *>(p); }
BASIN_INLINE Eight &eight(float *p) { return *reinterpret_cast<Eight *>(p); }

// As std::min and std::max, which may stay functions of their own in one of a function's versions.
BASIN_INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }
BASIN_INLINE int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

// Eight numbers of a row, or the `count` that are left of it with `rest` behind.
BASIN_INLINE void loadSome(const float *p, int64_t count, Eight &x, float rest = 0) {
  if (count >= 8) {
    x = eight(p);
  } else {
    x = Eight{} + rest;
    for (int i = 0; i < count; ++i) x[i] = p[i];
  }
}

BASIN_INLINE void storeSome(const Eight &x, int64_t count, float *p) {
  if (count >= 8) {
    eight(p) = x;
  } else {
    for (int i = 0; i < count; ++i) p[i] = x[i];
  }
}

}  // namespace basin

#endif
