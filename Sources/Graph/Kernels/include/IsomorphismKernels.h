// The layers of a graph isomorphism network over a batch of whole graphs, and their readout, as one function.
//
//   h1 = (A x + eps x) W1^T + b1      a = relu(norm1(h1))
//   h2 = a W2^T + b2                  y = relu(norm2(h2)), the next layer's x
//
// with batch normalization. Rows of a graph read rows of that graph only, so that the work is done block by block (some
// whole graphs, some dozen rows), each while it is in the cache; moments alone need all blocks. Blocks belong to lanes,
// whose number depends on the batch and not on the threads: the bits are the same by any number of threads.
#ifndef BASIN_ISOMORPHISM_KERNELS_H
#define BASIN_ISOMORPHISM_KERNELS_H

#include "Neighborhoods.h"

#ifdef __cplusplus
extern "C" {
#endif

// A batch normalization of W columns. Gradients may be null in a forward pass.
typedef struct BasinNorm {
  const float *weight, *bias;          // [W]
  float *runningMean, *runningVariance; // [W], written in training
  float *weightGradient, *biasGradient; // [W]
} BasinNorm;

typedef struct BasinIsomorphismLayer {
  const float *weight1, *bias1;  // [W, K], [W]: K is the width of the features for the first layer, else W
  const float *weight2, *bias2;  // [W, W], [W]
  const float *epsilon;          // one number, or null for 0
  BasinNorm norm1, norm2;
  float *weight1Gradient, *bias1Gradient, *weight2Gradient, *bias2Gradient, *epsilonGradient;
} BasinIsomorphismLayer;

typedef struct BasinIsomorphism {
  const BasinNeighborhood *graph;  // square, R rows
  int64_t graphs;
  const int64_t *graphPointers;    // [graphs + 1], rows
  // The features of all nodes in compressed rows; row r of the batch is row nodes[r] of them.
  const int64_t *featurePointers;
  const int32_t *featureColumns, *nodes;
  const float *featureValues;
  int64_t features, width, layerCount;
  const BasinIsomorphismLayer *layers;
  int32_t readsAll;    // read out every layer, side by side; else the last
  int32_t takesMeans;  // read out by means; else by sums
  int32_t trains;      // normalize by the batch and move the running moments; else normalize by these
  float normEpsilon, momentum;
} BasinIsomorphism;

// What a pass over one batch needs beyond its arguments. Null: there is no memory.
typedef struct BasinIsomorphismPass BasinIsomorphismPass;
BasinIsomorphismPass *basinIsomorphismMake(const BasinIsomorphism *network);
void basinIsomorphismFree(BasinIsomorphismPass *pass);
// Floats of working memory, which begins at a multiple of 64 bytes and lives from the forward pass to the backward pass.
int64_t basinIsomorphismMemory(const BasinIsomorphismPass *pass);
int64_t basinIsomorphismLanes(const BasinIsomorphismPass *pass);
// Multiplications of a forward pass.
int64_t basinIsomorphismWork(const BasinIsomorphismPass *pass);

// Lanes begin..<end of a pass; all lanes must be called for, at the same time where they are called for in parts.
// out: [graphs, W or layerCount W].
void basinIsomorphismForward(BasinIsomorphismPass *pass, const BasinIsomorphism *network, float *memory, int64_t begin,
                             int64_t end, float *out);
// gradient: as `out`. Writes the gradients of all parameters.
void basinIsomorphismBackward(BasinIsomorphismPass *pass, const BasinIsomorphism *network, float *memory, int64_t begin,
                              int64_t end, const float *gradient);

#ifdef __cplusplus
}
#endif
#endif
