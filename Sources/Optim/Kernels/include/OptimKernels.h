// Steps of optimizers in one pass over raw float32 memory: each number is read once and written once. With `averages` a
// sample of a running average is taken in the same pass, where step and sample apart would bring the weights from memory
// twice: average += sampleWeight * (weight - average). Null `averages`: the step alone; the weights come out the same to
// the bit.
//
// `memory` holds the addresses of the weights, of their gradients, and of the buffers that each step names, in this
// order. Element-wise: any division of the work over threads gives the same bits. Arrays do not overlap.
#ifndef BASIN_OPTIM_KERNELS_H
#define BASIN_OPTIM_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// g' = gradient + weightDecay * weight; buffer = momentum * buffer + keptGradient * g' (keptGradient = 1 - dampening);
// direction = buffer, or g' + momentum * buffer with nesterov, or g' without momentum;
// weight -= learningRate * direction.
//
// Memory: with `hasMomentum` the buffers.
typedef struct BasinSGDStep {
  float learningRate, weightDecay, momentum, keptGradient;
  int32_t hasMomentum, nesterov;
} BasinSGDStep;

void basinSGDStep(const BasinSGDStep *step, int64_t count, float *const *memory, float *averages, float sampleWeight);

// Running means of gradients and their squares: mean += meanWeight * (g' - mean);
// square = squareDecay * square + squareWeight * g' * g'; the deviation is sqrt(square) / squareCorrection + epsilon.
//
// With betas b and after t steps: meanWeight = 1 - b1, squareDecay = b2, squareWeight = 1 - b2,
// squareCorrection = sqrt(1 - b2^t).
typedef struct BasinMoments {
  float meanWeight, squareDecay, squareWeight, squareCorrection, epsilon;
} BasinMoments;

// weight *= shrink (decoupled decay: 1 - learningRate * weightDecay, else 1); g' = gradient + penalty * weight;
// weight -= meanStep * mean / deviation + gradientStep * g' / deviation.
//
// Adam: meanStep = learningRate / (1 - b1^t), gradientStep = 0. NAdam has both.
// Memory: means, squares.
typedef struct BasinAdamStep {
  BasinMoments moments;
  float shrink, penalty, meanStep, gradientStep;
} BasinAdamStep;

void basinAdamStep(const BasinAdamStep *step, int64_t count, float *const *memory, float *averages, float sampleWeight);

// `stepCount` steps (one or more) one after another with gradients of zero, in one walk: what the same steps one at a time leave, to the bit.
// `memory` holds the addresses of the weights and of the buffers, without gradients.
void basinSGDCatchUp(const BasinSGDStep *steps, int64_t stepCount, int64_t count, float *const *memory);
void basinAdamCatchUp(const BasinAdamStep *steps, int64_t stepCount, int64_t count, float *const *memory);

// g' = gradient + weightDecay * weight; square = squareDecay * square + squareWeight * g' * g';
// v = square, or with `centered` max(square - mean^2, 0) after mean += squareWeight * (g' - mean);
// direction = g' / (sqrt(v) + epsilon), with momentum buffer = momentum * buffer + that; weight -= learningRate * direction.
//
// Memory: squares, with `centered` the means, with `hasMomentum` the buffers.
typedef struct BasinRMSpropStep {
  float learningRate, weightDecay, squareDecay, squareWeight, epsilon, momentum;
  int32_t centered, hasMomentum;
} BasinRMSpropStep;

void basinRMSpropStep(const BasinRMSpropStep *step, int64_t count, float *const *memory, float *averages,
                      float sampleWeight);

// direction = sign(mean + directionWeight * (gradient - mean)); weight = shrink * weight - learningRate * direction;
// mean += meanWeight * (gradient - mean).
//
// Memory: the means.
typedef struct BasinLionStep {
  float learningRate, shrink, directionWeight, meanWeight;
} BasinLionStep;

void basinLionStep(const BasinLionStep *step, int64_t count, float *const *memory, float *averages, float sampleWeight);

// Schedule-Free, weights being y: direction = gradient + weightDecay * weight, the gradient over its deviation where
// `adaptive`; weight += averageWeight * (z - weight) + weightStep * direction; z += zStep * direction.
//
// Memory: z, and the squares where `adaptive`. Nothing is sampled: averages are of other weights than those that are stepped.
typedef struct BasinScheduleFreeStep {
  float averageWeight, weightStep, zStep, weightDecay;
  int32_t adaptive;
  BasinMoments moments;
} BasinScheduleFreeStep;

void basinScheduleFreeStep(const BasinScheduleFreeStep *step, int64_t count, float *const *memory, float *averages,
                           float sampleWeight);

// LAMB goes twice over the memory, for the length of a tensor's step depends on all of the tensor. The direction is
// mean / (deviation * meanCorrection) + weightDecay * weight, meanCorrection = 1 - b1^t.
//
// Memory: means, squares.
typedef struct BasinLAMBStep {
  BasinMoments moments;
  float meanCorrection, weightDecay;
} BasinLAMBStep;

#define BASIN_NORM_BLOCK 8192

// The moments of `count` elements, and of each BASIN_NORM_BLOCK of them (the last may be shorter) the sum of the squares of
// the weights and that of the directions: squares[2 * block], squares[2 * block + 1].
void basinLAMBMoments(const BasinLAMBStep *step, int64_t count, float *const *memory, double *squares);

// weight -= rate * direction, the directions made again from the moments: that reads no more than keeping them would.
void basinLAMBApply(const BasinLAMBStep *step, float rate, int64_t count, float *const *memory, float *averages,
                    float sampleWeight);

#ifdef __cplusplus
}
#endif
#endif
