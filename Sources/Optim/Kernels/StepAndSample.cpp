#include "OptimKernels.h"

#include <algorithm>
#include <cstring>

// AVX2 and FMA where the processor has them, chosen when the program is loaded. (`arch=haswell` would pass AMD by.)
#if defined(__x86_64__) && defined(__linux__) && defined(__clang__)
#define BASIN_VECTORIZED __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define BASIN_VECTORIZED
#endif
#define BASIN_INLINE __attribute__((always_inline)) inline

namespace {

// Eight floats at any address. Vectors by hand: a loop with `sqrtf` is not vectorized, for it might set errno.
typedef float Eight __attribute__((vector_size(32), aligned(4)));
constexpr int64_t width = 8;

BASIN_INLINE Eight &at(float *memory, int64_t i) { return *reinterpret_cast<Eight *>(memory + i); }
BASIN_INLINE const Eight &at(const float *memory, int64_t i) { return *reinterpret_cast<const Eight *>(memory + i); }

// Rounded as PluginAPI's lerp, which samples by itself: a product and a sum, never fused.
BASIN_INLINE void sample(const Eight &weight, Eight &average, float share) {
#pragma clang fp contract(off)
  average += share * (weight - average);
}

template <bool hasMomentum, bool nesterov>
BASIN_INLINE void stepEight(const BasinSGDStep &step, Eight &weight, const Eight &gradient, Eight &buffer) {
  const Eight penalized = gradient + step.weightDecay * weight;
  Eight direction = penalized;
  if (hasMomentum) {
    const Eight moved = step.momentum * buffer + step.keptGradient * penalized;
    buffer = moved;
    direction = nesterov ? penalized + step.momentum * moved : moved;
  }
  weight = weight - step.learningRate * direction;
}

BASIN_INLINE void stepEight(const BasinAdamStep &step, Eight &weight, const Eight &gradient, Eight &mean,
                            Eight &square) {
  const Eight shrunk = step.shrink * weight;
  const Eight penalized = gradient + step.penalty * weight;
  const Eight nextMean = mean + step.meanWeight * (penalized - mean);
  const Eight nextSquare = step.squareDecay * square + step.squareWeight * (penalized * penalized);
  mean = nextMean;
  square = nextSquare;
  const Eight deviation = __builtin_elementwise_sqrt(nextSquare) / step.squareCorrection + step.epsilon;
  weight = shrunk - step.stepSize * (nextMean / deviation);
}

// The last few elements go through the same vector code, in memory of their own: a scalar rest might round otherwise,
// and results would depend on where threads divide the work.
struct Rest {
  Eight values = {};
  int64_t count;
  Rest(const float *memory, int64_t count) : count(count) { std::memcpy(&values, memory, count * sizeof(float)); }
  void store(float *memory) const { std::memcpy(memory, &values, count * sizeof(float)); }
};

template <bool hasMomentum, bool nesterov, bool samples>
BASIN_INLINE void stepSGD(const BasinSGDStep &step, int64_t count, float *weights, const float *gradients,
                          float *buffers, float *averages) {
  int64_t i = 0;
  Eight none = {};
  for (; i + width <= count; i += width) {
    Eight &buffer = hasMomentum ? at(buffers, i) : none;
    stepEight<hasMomentum, nesterov>(step, at(weights, i), at(gradients, i), buffer);
    if (samples) sample(at(weights, i), at(averages, i), step.sampleWeight);
  }
  if (i == count) return;
  Rest weight(weights + i, count - i), gradient(gradients + i, count - i);
  Rest buffer(hasMomentum ? buffers + i : weights + i, count - i);
  stepEight<hasMomentum, nesterov>(step, weight.values, gradient.values, buffer.values);
  weight.store(weights + i);
  if (hasMomentum) buffer.store(buffers + i);
  if (!samples) return;
  Rest average(averages + i, count - i);
  sample(weight.values, average.values, step.sampleWeight);
  average.store(averages + i);
}

template <bool samples>
BASIN_INLINE void stepSGD(const BasinSGDStep &step, int64_t count, float *weights, const float *gradients,
                          float *buffers, float *averages) {
  if (!buffers) {
    stepSGD<false, false, samples>(step, count, weights, gradients, nullptr, averages);
  } else if (step.nesterov) {
    stepSGD<true, true, samples>(step, count, weights, gradients, buffers, averages);
  } else {
    stepSGD<true, false, samples>(step, count, weights, gradients, buffers, averages);
  }
}

template <bool samples>
BASIN_INLINE void stepAdam(const BasinAdamStep &step, int64_t count, float *weights, const float *gradients,
                           float *means, float *squares, float *averages) {
  int64_t i = 0;
  for (; i + width <= count; i += width) {
    stepEight(step, at(weights, i), at(gradients, i), at(means, i), at(squares, i));
    if (samples) sample(at(weights, i), at(averages, i), step.sampleWeight);
  }
  if (i == count) return;
  Rest weight(weights + i, count - i), gradient(gradients + i, count - i), mean(means + i, count - i);
  Rest square(squares + i, count - i);
  stepEight(step, weight.values, gradient.values, mean.values, square.values);
  weight.store(weights + i);
  mean.store(means + i);
  square.store(squares + i);
  if (!samples) return;
  Rest average(averages + i, count - i);
  sample(weight.values, average.values, step.sampleWeight);
  average.store(averages + i);
}

}  // namespace

extern "C" {

BASIN_VECTORIZED void basinSGDStepAndSample(const BasinSGDStep *step, int64_t count, float *weights,
                                            const float *gradients, float *buffers, float *averages) {
  if (averages) {
    stepSGD<true>(*step, count, weights, gradients, buffers, averages);
  } else {
    stepSGD<false>(*step, count, weights, gradients, buffers, nullptr);
  }
}

BASIN_VECTORIZED void basinAdamStepAndSample(const BasinAdamStep *step, int64_t count, float *weights,
                                             const float *gradients, float *means, float *squares, float *averages) {
  if (averages) {
    stepAdam<true>(*step, count, weights, gradients, means, squares, averages);
  } else {
    stepAdam<false>(*step, count, weights, gradients, means, squares, nullptr);
  }
}

}
