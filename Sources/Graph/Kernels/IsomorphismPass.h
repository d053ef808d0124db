// Where a pass of IsomorphismKernels.h keeps what it computes, and how its threads wait for each other.
#ifndef BASIN_GRAPH_ISOMORPHISM_PASS_H
#define BASIN_GRAPH_ISOMORPHISM_PASS_H

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "IsomorphismKernels.h"
#include "Vectors.h"

namespace basin {

// Waits until all lanes have arrived. Short waits spin: the threads are LibTorch's and run at the same time.
class Barrier {
 public:
  explicit Barrier(int64_t lanes) : lanes_(lanes) {}

  void wait(int64_t lanes) {
    if (lanes == lanes_) return;
    const int64_t turn = turn_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(lanes, std::memory_order_acq_rel) + lanes == lanes_) {
      arrived_.store(0, std::memory_order_relaxed);
      turn_.store(turn + 1, std::memory_order_release);
      return;
    }
    for (int64_t spins = 0; turn_.load(std::memory_order_acquire) == turn; ++spins) {
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
      if (spins > 2000) std::this_thread::yield();
    }
  }

 private:
  const int64_t lanes_;
  std::atomic<int64_t> arrived_{0}, turn_{0};
};

// A batch normalization as it is applied: y = x scale + shift, xhat = (x - mean) inverse.
struct Applied {
  float *scale, *shift, *mean, *inverse;
  Applied(float *memory, int64_t stride)
      : scale(memory), shift(memory + stride), mean(memory + 2 * stride), inverse(memory + 3 * stride) {}
};

}  // namespace basin

// Offsets in floats; every array begins at a multiple of 16.
struct BasinIsomorphismPass {
  int64_t rows, stride, layers, features;
  std::vector<int64_t> blockGraphs;  // the first graph of each block, and the end
  std::vector<int64_t> laneBlocks;   // the first block of each lane, and the end
  int64_t longestBlock = 0;
  int64_t memory = 0, work = 0;
  basin::Barrier barrier;

  // Activations, [R, stride] each: what a layer's first product reads (of the first layer: the features' product),
  // both products, and two of the backward pass.
  int64_t sums, first, second, gradients, inputGradients;
  // A layer's weights with padded rows, as they are and transposed, and biases.
  int64_t packed, packedOfLayer;
  int64_t norms;     // [layers, 2, 4 stride]
  int64_t partials;  // [2, blocks, 2 stride]
  int64_t shares, share, shareOfLayer;  // of the weights' gradients, a lane each
  int64_t scratch, scratchOfLane;

  BasinIsomorphismPass(const BasinIsomorphism &network, int64_t lanes, std::vector<int64_t> &&blockGraphs,
                       std::vector<int64_t> &&laneBlocks, int64_t longest)
      : rows(network.graph->outputCount), stride((network.width + 15) / 16 * 16), layers(network.layerCount),
        features(network.features), blockGraphs(std::move(blockGraphs)), laneBlocks(std::move(laneBlocks)),
        longestBlock(longest), barrier(lanes) {
    const int64_t activation = rows * stride, square = stride * stride;
    const int64_t firstWeight = std::max(features, stride) * stride;
    sums = take(layers * activation);
    first = take(layers * activation);
    second = take(layers * activation);
    gradients = take(activation);
    inputGradients = take(activation);
    packedOfLayer = firstWeight + 3 * square + 2 * stride;
    packed = take(layers * packedOfLayer);
    norms = take(layers * 8 * stride);
    partials = take(blockCount() * 4 * stride);
    shareOfLayer = firstWeight + square + 2 * stride + 16;
    share = layers * shareOfLayer;
    shares = take(lanes * share);
    scratchOfLane = 2 * longestBlock * stride + 8 * stride;
    scratch = take(lanes * scratchOfLane);
    const int64_t products = network.width * network.width * (2 * layers - 1);
    work = rows * (products + network.width * 16 * layers);
  }

  int64_t blockCount() const { return static_cast<int64_t>(blockGraphs.size()) - 1; }
  int64_t laneCount() const { return static_cast<int64_t>(laneBlocks.size()) - 1; }

 private:
  int64_t take(int64_t count) {
    const int64_t begin = memory;
    memory += (count + 15) / 16 * 16;
    return begin;
  }
};

namespace basin {

// Inputs and outputs of the weights' gradients of one layer and lane.
struct Share {
  float *weight1, *weight2, *bias1, *bias2, *epsilon;
};

// Pointers into the memory of a pass.
struct View {
  const BasinIsomorphism &network;
  const BasinIsomorphismPass &pass;
  float *memory;
  int64_t stride;

  BASIN_INLINE View(const BasinIsomorphism &network, const BasinIsomorphismPass &pass, float *memory)
      : network(network), pass(pass), memory(memory), stride(pass.stride) {}

  BASIN_INLINE float *activation(int64_t base, int64_t layer) const {
    return memory + base + layer * pass.rows * stride;
  }
  BASIN_INLINE float *sums(int64_t layer) const { return activation(pass.sums, layer); }
  BASIN_INLINE float *first(int64_t layer) const { return activation(pass.first, layer); }
  BASIN_INLINE float *second(int64_t layer) const { return activation(pass.second, layer); }
  BASIN_INLINE float *gradients() const { return memory + pass.gradients; }
  BASIN_INLINE float *inputGradients() const { return memory + pass.inputGradients; }
  // Two arrays take turns: one is read by all while the other is written.
  BASIN_INLINE float *partials(int turn, int64_t block) const {
    return memory + pass.partials + ((turn & 1) * pass.blockCount() + block) * 2 * stride;
  }
  BASIN_INLINE Applied norm(int64_t layer, int which) const {
    return Applied(memory + pass.norms + (2 * layer + which) * 4 * stride, stride);
  }
  BASIN_INLINE float *scratch(int64_t lane) const { return memory + pass.scratch + lane * pass.scratchOfLane; }

  // W1^T, [K, stride]; W1, W2^T and W2 [W, stride]; b1, b2.
  BASIN_INLINE float *packed(int64_t layer) const { return memory + pass.packed + layer * pass.packedOfLayer; }
  BASIN_INLINE float *firstTransposed(int64_t layer) const { return packed(layer); }
  BASIN_INLINE float *firstWeight(int64_t layer) const { return biases(layer) - 3 * stride * stride; }
  BASIN_INLINE float *secondTransposed(int64_t layer) const { return biases(layer) - 2 * stride * stride; }
  BASIN_INLINE float *secondWeight(int64_t layer) const { return biases(layer) - stride * stride; }
  BASIN_INLINE float *biases(int64_t layer) const { return packed(layer) + pass.packedOfLayer - 2 * stride; }

  BASIN_INLINE Share share(int64_t lane, int64_t layer) const {
    float *begin = memory + pass.shares + lane * pass.share + layer * pass.shareOfLayer;
    float *end = begin + pass.shareOfLayer;
    return {begin, end - 16 - 2 * stride - stride * stride, end - 16 - 2 * stride, end - 16 - stride, end - 16};
  }

  BASIN_INLINE int64_t rowOfBlock(int64_t block) const {
    return network.graphPointers[pass.blockGraphs[static_cast<size_t>(block)]];
  }
  BASIN_INLINE int64_t blockOfLane(int64_t lane) const { return pass.laneBlocks[static_cast<size_t>(lane)]; }
  BASIN_INLINE int64_t inputs(int64_t layer) const { return layer == 0 ? network.features : network.width; }
};

}  // namespace basin

#endif
