#include <algorithm>

#include "OptimKernels.h"
#include "Vectors.h"

using namespace basin;

namespace {

BASIN_INLINE void moveSGD(const BasinSGDStep &step, Eight &weight, const Eight &gradient, Eight &buffer) {
  const Eight penalized = gradient + step.weightDecay * weight;
  const Eight moved = step.momentum * buffer + step.keptGradient * penalized;
  buffer = moved;
  const Eight direction = step.nesterov ? penalized + step.momentum * moved : moved;
  weight = weight - step.learningRate * direction;
}

BASIN_INLINE void moveSGD(const BasinSGDStep &step, Eight &weight, const Eight &gradient) {
  const Eight penalized = gradient + step.weightDecay * weight;
  weight = weight - step.learningRate * penalized;
}

template <bool hasMomentum>
BASIN_INLINE void stepSGD(const BasinSGDStep &step, int64_t count, float *const *memory, float *averages, float share) {
  const float *gradients = memory[1];
  if constexpr (hasMomentum) {
    const auto body = [&](Eight &weight, const Eight &gradient, Eight &buffer) BASIN_BODY {
      moveSGD(step, weight, gradient, buffer);
    };
    walkAndSample(count, averages, share, body, memory[0], gradients, memory[2]);
  } else {
    const auto body = [&](Eight &weight, const Eight &gradient) BASIN_BODY { moveSGD(step, weight, gradient); };
    walkAndSample(count, averages, share, body, memory[0], gradients);
  }
}

BASIN_INLINE void countMean(const BasinMoments &moments, const Eight &gradient, Eight &mean) {
  mean = mean + moments.meanWeight * (gradient - mean);
}

BASIN_INLINE void countSquare(const BasinMoments &moments, const Eight &gradient, Eight &square) {
  square = moments.squareDecay * square + moments.squareWeight * (gradient * gradient);
}

BASIN_INLINE Eight deviation(const BasinMoments &moments, const Eight &square) {
  return __builtin_elementwise_sqrt(square) / moments.squareCorrection + moments.epsilon;
}

template <bool hasGradientStep>
BASIN_INLINE void moveAdam(const BasinAdamStep &step, Eight &weight, const Eight &gradient, Eight &mean,
                           Eight &square) {
  const Eight shrunk = step.shrink * weight;
  const Eight penalized = gradient + step.penalty * weight;
  Eight nextMean = mean, nextSquare = square;
  countMean(step.moments, penalized, nextMean);
  countSquare(step.moments, penalized, nextSquare);
  mean = nextMean;
  square = nextSquare;
  const Eight below = deviation(step.moments, nextSquare);
  if constexpr (hasGradientStep) {
    weight = shrunk - (step.meanStep * nextMean + step.gradientStep * penalized) / below;
  } else {
    weight = shrunk - step.meanStep * (nextMean / below);
  }
}

template <bool hasGradientStep>
BASIN_INLINE void stepAdam(const BasinAdamStep &step, int64_t count, float *const *memory, float *averages,
                           float share) {
  const float *gradients = memory[1];
  const auto body = [&](Eight &weight, const Eight &gradient, Eight &mean, Eight &square) BASIN_BODY {
    moveAdam<hasGradientStep>(step, weight, gradient, mean, square);
  };
  walkAndSample(count, averages, share, body, memory[0], gradients, memory[2], memory[3]);
}

// Each step waits for the one before: four vectors side by side fill the time.
template <typename Step, typename Move, typename... Arrays>
BASIN_INLINE void catchUp(const Step *steps, int64_t stepCount, int64_t count, const Move &move, Arrays *...arrays) {
  constexpr int64_t side = 4, block = side * width;
  const int64_t whole = count - count % block;
  for (int64_t i = 0; i < whole; i += block) {
    // Eight per array and place.
    const auto places = [&](auto... starts) BASIN_BODY {
      Eight eights[sizeof...(arrays)][side];
      int array = 0;
      ((std::memcpy(eights[array++], starts, sizeof(Eight) * side)), ...);
      for (int64_t k = 0; k < stepCount; k++) {
        for (int place = 0; place < side; place++) {
          if constexpr (sizeof...(arrays) == 1) move(steps[k], eights[0][place]);
          if constexpr (sizeof...(arrays) == 2) move(steps[k], eights[0][place], eights[1][place]);
          if constexpr (sizeof...(arrays) == 3) move(steps[k], eights[0][place], eights[1][place], eights[2][place]);
        }
      }
      array = 0;
      ((std::memcpy(starts, eights[array++], sizeof(Eight) * side)), ...);
    };
    places((arrays + i)...);
  }
  const auto body = [&](auto &...eights) BASIN_BODY {
    for (int64_t k = 0; k < stepCount; k++) move(steps[k], eights...);
  };
  walk(count - whole, body, (arrays + whole)...);
}

template <bool centered, bool hasMomentum>
BASIN_INLINE void stepRMSprop(const BasinRMSpropStep &step, int64_t count, float *const *memory, float *averages,
                              float share) {
  const auto body = [&](Eight &weight, const Eight &gradient, Eight &square, auto &...more) BASIN_BODY {
    Eight *const others[] = {&more..., nullptr};
    const Eight penalized = gradient + step.weightDecay * weight;
    const Eight nextSquare = step.squareDecay * square + step.squareWeight * (penalized * penalized);
    square = nextSquare;
    Eight variance = nextSquare;
    if constexpr (centered) {
      const Eight mean = *others[0] + step.squareWeight * (penalized - *others[0]);
      *others[0] = mean;
      // Rounding can make the variance of gradients that hardly vary negative.
      variance = __builtin_elementwise_max(nextSquare - mean * mean, Eight{});
    }
    Eight direction = penalized / (__builtin_elementwise_sqrt(variance) + step.epsilon);
    if constexpr (hasMomentum) {
      Eight &buffer = *others[centered ? 1 : 0];
      direction = step.momentum * buffer + direction;
      buffer = direction;
    }
    weight = weight - step.learningRate * direction;
  };
  const float *gradients = memory[1];
  if constexpr (centered && hasMomentum) {
    walkAndSample(count, averages, share, body, memory[0], gradients, memory[2], memory[3], memory[4]);
  } else if constexpr (centered || hasMomentum) {
    walkAndSample(count, averages, share, body, memory[0], gradients, memory[2], memory[3]);
  } else {
    walkAndSample(count, averages, share, body, memory[0], gradients, memory[2]);
  }
}

BASIN_INLINE Eight sign(const Eight &x) {
  const Eight zero = {}, one = zero + 1.0f;
  return (x > zero ? one : zero) - (x < zero ? one : zero);
}

template <bool adaptive>
BASIN_INLINE void stepScheduleFree(const BasinScheduleFreeStep &step, int64_t count, float *const *memory) {
  const auto body = [&](Eight &weight, const Eight &gradient, Eight &z, auto &...squares) BASIN_BODY {
    Eight direction = gradient;
    if constexpr (adaptive) {
      (countSquare(step.moments, gradient, squares), ...);
      ((direction = gradient / deviation(step.moments, squares)), ...);
    }
    direction = direction + step.weightDecay * weight;
    const Eight averaged = weight + step.averageWeight * (z - weight);
    weight = averaged + step.weightStep * direction;
    z = z + step.zStep * direction;
  };
  const float *gradients = memory[1];
  if constexpr (adaptive) {
    walk(count, body, memory[0], gradients, memory[2], memory[3]);
  } else {
    walk(count, body, memory[0], gradients, memory[2]);
  }
}

BASIN_INLINE Eight directionOfLAMB(const BasinLAMBStep &step, const Eight &weight, const Eight &mean,
                                   const Eight &square) {
  return mean / (step.meanCorrection * deviation(step.moments, square)) + step.weightDecay * weight;
}

typedef double EightDoubles __attribute__((vector_size(64), aligned(8)));

BASIN_INLINE EightDoubles squared(const Eight &x) {
  const EightDoubles wide = __builtin_convertvector(x, EightDoubles);
  return wide * wide;
}

BASIN_INLINE double total(const EightDoubles &x) {
  return ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]));
}

}  // namespace

extern "C" {

BASIN_VECTORIZED void basinSGDStep(const BasinSGDStep *step, int64_t count, float *const *memory, float *averages,
                                   float sampleWeight) {
  if (step->hasMomentum) {
    stepSGD<true>(*step, count, memory, averages, sampleWeight);
  } else {
    stepSGD<false>(*step, count, memory, averages, sampleWeight);
  }
}

BASIN_VECTORIZED void basinAdamStep(const BasinAdamStep *step, int64_t count, float *const *memory, float *averages,
                                    float sampleWeight) {
  if (step->gradientStep != 0) {
    stepAdam<true>(*step, count, memory, averages, sampleWeight);
  } else {
    stepAdam<false>(*step, count, memory, averages, sampleWeight);
  }
}

BASIN_VECTORIZED void basinSGDCatchUp(const BasinSGDStep *steps, int64_t stepCount, int64_t count,
                                      float *const *memory) {
  const Eight none = {};
  if (steps->hasMomentum) {
    const auto move = [&](const BasinSGDStep &step, Eight &weight, Eight &buffer) BASIN_BODY {
      moveSGD(step, weight, none, buffer);
    };
    catchUp(steps, stepCount, count, move, memory[0], memory[1]);
  } else {
    const auto move = [&](const BasinSGDStep &step, Eight &weight) BASIN_BODY { moveSGD(step, weight, none); };
    catchUp(steps, stepCount, count, move, memory[0]);
  }
}

BASIN_VECTORIZED void basinAdamCatchUp(const BasinAdamStep *steps, int64_t stepCount, int64_t count,
                                       float *const *memory) {
  const Eight none = {};
  const auto isZero = [](float x) BASIN_BODY { return x == 0; };
  if (steps->penalty == 0 && std::all_of(memory[1], memory[1] + count, isZero)) {
    // No gradient ever came: all that moves a weight is the decay.
    const auto shrink = [&](const BasinAdamStep &step, Eight &weight) BASIN_BODY { weight = step.shrink * weight; };
    return catchUp(steps, stepCount, count, shrink, memory[0]);
  }
  const auto move = [&](const BasinAdamStep &step, Eight &weight, Eight &mean, Eight &square) BASIN_BODY {
    moveAdam<false>(step, weight, none, mean, square);
  };
  catchUp(steps, stepCount, count, move, memory[0], memory[1], memory[2]);
}

BASIN_VECTORIZED void basinRMSpropStep(const BasinRMSpropStep *step, int64_t count, float *const *memory,
                                       float *averages, float sampleWeight) {
  if (step->centered && step->hasMomentum) {
    stepRMSprop<true, true>(*step, count, memory, averages, sampleWeight);
  } else if (step->centered) {
    stepRMSprop<true, false>(*step, count, memory, averages, sampleWeight);
  } else if (step->hasMomentum) {
    stepRMSprop<false, true>(*step, count, memory, averages, sampleWeight);
  } else {
    stepRMSprop<false, false>(*step, count, memory, averages, sampleWeight);
  }
}

BASIN_VECTORIZED void basinLionStep(const BasinLionStep *step, int64_t count, float *const *memory, float *averages,
                                    float sampleWeight) {
  const auto body = [&](Eight &weight, const Eight &gradient, Eight &mean) BASIN_BODY {
    const Eight change = gradient - mean;
    const Eight direction = sign(mean + step->directionWeight * change);
    weight = step->shrink * weight - step->learningRate * direction;
    mean = mean + step->meanWeight * change;
  };
  const float *gradients = memory[1];
  walkAndSample(count, averages, sampleWeight, body, memory[0], gradients, memory[2]);
}

BASIN_VECTORIZED void basinScheduleFreeStep(const BasinScheduleFreeStep *step, int64_t count, float *const *memory,
                                            float *, float) {
  if (step->adaptive) {
    stepScheduleFree<true>(*step, count, memory);
  } else {
    stepScheduleFree<false>(*step, count, memory);
  }
}

BASIN_VECTORIZED void basinLAMBMoments(const BasinLAMBStep *step, int64_t count, float *const *memory,
                                       double *squares) {
  for (int64_t begin = 0; begin < count; begin += BASIN_NORM_BLOCK) {
    EightDoubles weights = {}, directions = {};
    const auto body = [&](const Eight &weight, const Eight &gradient, Eight &mean, Eight &square) BASIN_BODY {
      Eight nextMean = mean, nextSquare = square;
      countMean(step->moments, gradient, nextMean);
      countSquare(step->moments, gradient, nextSquare);
      mean = nextMean;
      square = nextSquare;
      weights += squared(weight);
      // Where all of a last vector's places are not taken and epsilon is 0, 0 / 0 must not come in.
      const Eight direction = directionOfLAMB(*step, weight, nextMean, nextSquare), zero = {};
      directions += squared(deviation(step->moments, nextSquare) > zero ? direction : zero);
    };
    const float *oldWeights = memory[0] + begin, *gradients = memory[1] + begin;
    walk(std::min<int64_t>(BASIN_NORM_BLOCK, count - begin), body, oldWeights, gradients, memory[2] + begin,
         memory[3] + begin);
    *squares++ = total(weights);
    *squares++ = total(directions);
  }
}

BASIN_VECTORIZED void basinLAMBApply(const BasinLAMBStep *step, float rate, int64_t count, float *const *memory,
                                     float *averages, float sampleWeight) {
  const auto body = [&](Eight &weight, const Eight &mean, const Eight &square) BASIN_BODY {
    weight = weight - rate * directionOfLAMB(*step, weight, mean, square);
  };
  const float *means = memory[2], *squares = memory[3];
  walkAndSample(count, averages, sampleWeight, body, memory[0], means, squares);
}

}
