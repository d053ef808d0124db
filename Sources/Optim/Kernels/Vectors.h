// What the kernels share: a walk over arrays by vectors of eight floats, in code for the processor at hand.
#ifndef BASIN_OPTIM_VECTORS_H
#define BASIN_OPTIM_VECTORS_H

#include <cstdint>
#include <cstring>
#include <utility>

// AVX2 and FMA where the processor has them, chosen when the program is loaded. (`arch=haswell` would pass AMD by.)
#if defined(__x86_64__) && defined(__linux__) && defined(__clang__)
#define BASIN_VECTORIZED __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define BASIN_VECTORIZED
#endif
// No vector is handed from one compiled function to another, so no call has an ABI to differ in.
#pragma clang diagnostic ignored "-Wpsabi"
// What is inlined into a kernel is compiled for the kernel's processor; `BASIN_BODY` says so of a lambda.
#define BASIN_BODY __attribute__((always_inline))
#define BASIN_INLINE BASIN_BODY inline

namespace basin {

// Vectors by hand: a loop with `sqrtf` is not vectorized, for it might set errno.
typedef float Eight __attribute__((vector_size(32)));
constexpr int64_t width = 8;

BASIN_INLINE void load(Eight &eight, const float *memory, size_t bytes) { std::memcpy(&eight, memory, bytes); }
BASIN_INLINE void store(const Eight &eight, float *memory, size_t bytes) { std::memcpy(memory, &eight, bytes); }
BASIN_INLINE void store(const Eight &, const float *, size_t) {}

// body(eight of each array...) for all elements, and what it leaves goes back into the arrays that are not const. The
// last few elements go through the same vector code, zeros behind them: a scalar rest might round otherwise, and results
// would depend on where threads divide the work.
template <typename Body, size_t... index, typename... Arrays>
BASIN_INLINE void walk(int64_t count, const Body &body, std::index_sequence<index...>, Arrays *...arrays) {
  const auto part = [&](int64_t i, size_t bytes) BASIN_BODY {
    Eight eights[sizeof...(arrays)] = {};
    (load(eights[index], arrays + i, bytes), ...);
    body(eights[index]...);
    (store(eights[index], arrays + i, bytes), ...);
  };
  int64_t i = 0;
  for (; i + width <= count; i += width) part(i, sizeof(Eight));
  if (i < count) part(i, (count - i) * sizeof(float));
}

template <typename Body, typename... Arrays>
BASIN_INLINE void walk(int64_t count, const Body &body, Arrays *...arrays) {
  walk(count, body, std::index_sequence_for<Arrays...>(), arrays...);
}

// The same, and unless `averages` is null a sample of the weights that the body leaves.
template <typename Body, typename... Arrays>
BASIN_INLINE void walkAndSample(int64_t count, float *averages, float share, const Body &body, float *weights,
                                Arrays *...others) {
  if (!averages) return walk(count, body, weights, others...);
  const auto both = [&](Eight &average, Eight &weight, auto &...rest) BASIN_BODY {
// Rounded as PluginAPI's lerp, which samples by itself: a product and a sum, never fused.
#pragma clang fp contract(off)
    body(weight, rest...);
    average += share * (weight - average);
  };
  walk(count, both, averages, weights, others...);
}

}  // namespace basin
#endif
