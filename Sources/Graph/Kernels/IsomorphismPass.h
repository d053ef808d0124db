// Where a pass of IsomorphismKernels.h keeps what it computes, and how its threads wait for each other.
#ifndef BASIN_GRAPH_ISOMORPHISM_PASS_H
#define BASIN_GRAPH_ISOMORPHISM_PASS_H

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include "IsomorphismKernels.h"

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

#endif
