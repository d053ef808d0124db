// A step of an optimizer and a sample of a running average in one pass over raw float32 memory: each number is read once
// and written once, where step and sample apart would bring the weights from memory twice.
//
// Element-wise: any division of the work over threads gives the same bits. Arrays do not overlap.
#ifndef BASIN_OPTIM_KERNELS_H
#define BASIN_OPTIM_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// g' = gradient + weightDecay * weight; buffer = momentum * buffer + keptGradient * g' (keptGradient = 1 - dampening);
// direction = buffer, or g' + momentum * buffer with nesterov, or g' where momentum is 0;
// weight -= learningRate * direction; average += sampleWeight * (weight - average).
typedef struct BasinSGDStep {
  float learningRate, weightDecay, momentum, keptGradient;
  int32_t nesterov;
  float sampleWeight;
} BasinSGDStep;

// `buffers` is null where momentum is 0.
void basinSGDStepAndSample(const BasinSGDStep *step, int64_t count, float *weights, const float *gradients,
                           float *buffers, float *averages);

// weight *= shrink (decoupled decay: 1 - learningRate * weightDecay, else 1); g' = gradient + penalty * weight;
// mean += meanWeight * (g' - mean); square = squareDecay * square + squareWeight * g' * g';
// weight -= stepSize * mean / (sqrt(square) / squareCorrection + epsilon);
// average += sampleWeight * (weight - average).
//
// With betas b and after t steps: meanWeight = 1 - b1, squareDecay = b2, squareWeight = 1 - b2,
// stepSize = learningRate / (1 - b1^t), squareCorrection = sqrt(1 - b2^t).
typedef struct BasinAdamStep {
  float stepSize, shrink, penalty, meanWeight, squareDecay, squareWeight, squareCorrection, epsilon, sampleWeight;
} BasinAdamStep;

void basinAdamStepAndSample(const BasinAdamStep *step, int64_t count, float *weights, const float *gradients,
                            float *means, float *squares, float *averages);

#ifdef __cplusplus
}
#endif
#endif
