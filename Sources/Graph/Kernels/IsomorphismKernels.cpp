#include "IsomorphismKernels.h"

#include <cmath>
#include <cstring>
#include <new>

#include "IsomorphismPass.h"
#include "IsomorphismRows.h"
#include "SmallProducts.h"

using namespace basin;

namespace {

// A block has at least as many rows, unless it is the last; a lane has some blocks at least.
constexpr int64_t blockRows = 64, laneRows = 256, mostLanes = 8;

void setApplied(const BasinNorm &norm, int64_t width, int64_t stride, float epsilon, const double *variance,
                Applied &out) {
  for (int64_t j = 0; j < stride; ++j) {
    const bool real = j < width;
    const double inverse = real ? 1.0 / std::sqrt(variance[j] + static_cast<double>(epsilon)) : 0;
    out.inverse[j] = static_cast<float>(inverse);
    out.scale[j] = real ? static_cast<float>(static_cast<double>(norm.weight[j]) * inverse) : 0;
    out.shift[j] = real ? norm.bias[j] - out.mean[j] * out.scale[j] : 0;
  }
}

void keep(const Applied &place, const Applied &norm, int64_t stride) {
  std::memcpy(place.scale, norm.scale, sizeof(float) * static_cast<size_t>(4 * stride));
}

// The normalization of a layer from the moments of all blocks (Chan et al. 1979), or from the running ones. The first
// lane's thread keeps it for the backward pass and moves the running ones.
void combineMoments(const View &view, int64_t layer, int which, bool isFirst, int turn, Applied &out) {
  const BasinIsomorphism &network = view.network;
  const BasinIsomorphismLayer &weights = network.layers[layer];
  const BasinNorm &norm = which == 0 ? weights.norm1 : weights.norm2;
  const int64_t stride = view.stride, width = network.width, rows = view.pass.rows;
  std::vector<double> mean(static_cast<size_t>(stride)), variance(static_cast<size_t>(stride));
  if (!network.trains) {
    for (int64_t j = 0; j < width; ++j) variance[static_cast<size_t>(j)] = static_cast<double>(norm.runningVariance[j]);
    for (int64_t j = 0; j < stride; ++j) out.mean[j] = j < width ? norm.runningMean[j] : 0;
    setApplied(norm, width, stride, network.normEpsilon, variance.data(), out);
    if (isFirst) keep(view.norm(layer, which), out, stride);
    return;
  }
  double *m = mean.data(), *v = variance.data();
  for (int64_t block = 0; block < view.pass.blockCount(); ++block) {
    const float *part = view.partials(turn, block);
    const double count = static_cast<double>(view.rowOfBlock(block + 1) - view.rowOfBlock(block));
    for (int64_t j = 0; j < stride; ++j) m[j] += count * static_cast<double>(part[j]);
  }
  for (int64_t j = 0; j < stride; ++j) m[j] /= static_cast<double>(rows);
  for (int64_t block = 0; block < view.pass.blockCount(); ++block) {
    const float *part = view.partials(turn, block);
    const double count = static_cast<double>(view.rowOfBlock(block + 1) - view.rowOfBlock(block));
    for (int64_t j = 0; j < stride; ++j) {
      const double distance = static_cast<double>(part[j]) - m[j];
      v[j] += static_cast<double>(part[stride + j]) + count * distance * distance;
    }
  }
  for (int64_t j = 0; j < stride; ++j) {
    out.mean[j] = static_cast<float>(m[j]);
    v[j] /= static_cast<double>(rows);
  }
  setApplied(norm, width, stride, network.normEpsilon, v, out);
  if (!isFirst) return;
  keep(view.norm(layer, which), out, stride);
  const double momentum = static_cast<double>(network.momentum), n = static_cast<double>(rows);
  for (int64_t j = 0; j < width; ++j) {
    const double unbiased = v[j] * n / (n - 1);
    norm.runningMean[j] = static_cast<float>((1 - momentum) * static_cast<double>(norm.runningMean[j]) + momentum * m[j]);
    norm.runningVariance[j] =
        static_cast<float>((1 - momentum) * static_cast<double>(norm.runningVariance[j]) + momentum * unbiased);
  }
}

// y of a block of the layer, and its readout.
BASIN_INLINE void finishBlock(const View &view, int64_t layer, int64_t block, const Applied &norm, float *y, float *out) {
  const BasinIsomorphism &network = view.network;
  const int64_t stride = view.stride, width = network.width, origin = view.rowOfBlock(block);
  const int64_t rows = view.rowOfBlock(block + 1) - origin;
  rectified(view.second(layer) + origin * stride, norm, rows, stride, y);
  if (!network.readsAll && layer + 1 < network.layerCount) return;
  const int64_t outStride = network.readsAll ? width * network.layerCount : width;
  float *target = out + (network.readsAll ? layer * width : 0);
  const size_t index = static_cast<size_t>(block);
  for (int64_t g = view.pass.blockGraphs[index]; g < view.pass.blockGraphs[index + 1]; ++g) {
    const int64_t begin = network.graphPointers[g], end = network.graphPointers[g + 1];
    const float scale = network.takesMeans && end > begin ? 1.0f / static_cast<float>(end - begin) : 1.0f;
    for (int64_t j = 0; j < stride; j += 16) {
      Sixteen sum = {};
      for (int64_t r = begin; r < end; ++r) sum += sixteen(y + (r - origin) * stride + j);
      sum *= scale;
      float *place = target + g * outStride + j;
      if (j + 16 <= width) {
        sixteen(place) = sum;
      } else {
        for (int64_t i = 0; i < width - j; ++i) place[i] = sum[i];
      }
    }
  }
}

// Features times W1^T for the rows of a block.
BASIN_INLINE void projectFeatures(const View &view, int64_t origin, int64_t rows, float *out) {
  const BasinIsomorphism &network = view.network;
  const float *weight = view.firstTransposed(0);
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t node = network.nodes[origin + r];
    for (int64_t j = 0; j < view.stride; j += 16) {
      Sixteen sum = {};
      for (int64_t k = network.featurePointers[node]; k < network.featurePointers[node + 1]; ++k) {
        sum += network.featureValues[k] * sixteen(weight + network.featureColumns[k] * view.stride + j);
      }
      sixteen(out + r * view.stride + j) = sum;
    }
  }
}

// Weights with padded rows, as they are and transposed.
void pack(const BasinIsomorphism &network, const BasinIsomorphismPass &pass, float *memory) {
  const View view(network, pass, memory);
  const int64_t stride = view.stride, width = network.width;
  std::memset(memory + pass.packed, 0, sizeof(float) * static_cast<size_t>(pass.layers * pass.packedOfLayer));
  for (int64_t layer = 0; layer < network.layerCount; ++layer) {
    const BasinIsomorphismLayer &weights = network.layers[layer];
    const int64_t inputs = view.inputs(layer);
    for (int64_t i = 0; i < width; ++i) {
      for (int64_t j = 0; j < inputs; ++j) {
        const float x = weights.weight1[i * inputs + j];
        view.firstTransposed(layer)[j * stride + i] = x;
        if (layer > 0) view.firstWeight(layer)[i * stride + j] = x;
      }
      for (int64_t j = 0; j < width; ++j) {
        const float x = weights.weight2[i * width + j];
        view.secondTransposed(layer)[j * stride + i] = x;
        view.secondWeight(layer)[i * stride + j] = x;
      }
      view.biases(layer)[i] = weights.bias1[i];
      view.biases(layer)[stride + i] = weights.bias2[i];
    }
  }
}

template <class Registers>
BASIN_INLINE void forward(BasinIsomorphismPass &pass, const BasinIsomorphism &network, float *memory, int64_t begin,
                          int64_t end, float *out) {
  const View view(network, pass, memory);
  const BasinNeighborhood &graph = *network.graph;
  const int64_t stride = view.stride, width = network.width;
  // One thread's own buffers: y or a of a block, and the normalization being applied.
  float *buffer = view.scratch(begin);
  Applied norm(buffer + 2 * pass.longestBlock * stride, stride);
  if (begin == 0) pack(network, pass, memory);
  pass.barrier.wait(end - begin);
  for (int64_t layer = 0; layer <= network.layerCount; ++layer) {
    // The end of the layer before, then the first product, while the rows are in the cache.
    for (int64_t block = view.blockOfLane(begin); block < view.blockOfLane(end); ++block) {
      const int64_t origin = view.rowOfBlock(block), last = view.rowOfBlock(block + 1), rows = last - origin;
      if (layer > 0) finishBlock(view, layer - 1, block, norm, buffer, out);
      if (layer == network.layerCount) continue;
      const BasinIsomorphismLayer &weights = network.layers[layer];
      const float own = weights.epsilon ? *weights.epsilon : 0;
      float *sums = view.sums(layer) + origin * stride, *first = view.first(layer) + origin * stride;
      if (layer == 0) {
        projectFeatures(view, origin, rows, sums);
        sumNeighbors(graph.pointers, graph.columns, graph.values, own, sums, origin, last, stride, first);
        for (int64_t r = 0; r < rows; ++r) {
          for (int64_t j = 0; j < stride; j += 16) sixteen(first + r * stride + j) += sixteen(view.biases(0) + j);
        }
      } else {
        sumNeighbors(graph.pointers, graph.columns, graph.values, own, buffer, origin, last, stride, sums);
        product<Registers, Start::bias>({sums, stride, 1}, rows, width, view.firstTransposed(layer), stride, stride,
                                        view.biases(layer), first, stride);
      }
      if (network.trains) moments(first, rows, stride, view.partials(0, block));
    }
    if (layer == network.layerCount) break;
    if (network.trains) pass.barrier.wait(end - begin);
    combineMoments(view, layer, 0, begin == 0, 0, norm);
    for (int64_t block = view.blockOfLane(begin); block < view.blockOfLane(end); ++block) {
      const int64_t origin = view.rowOfBlock(block), rows = view.rowOfBlock(block + 1) - origin;
      float *second = view.second(layer) + origin * stride;
      rectified(view.first(layer) + origin * stride, norm, rows, stride, buffer);
      product<Registers, Start::bias>({buffer, stride, 1}, rows, width, view.secondTransposed(layer), stride, stride,
                                      view.biases(layer) + stride, second, stride);
      if (network.trains) moments(second, rows, stride, view.partials(1, block));
    }
    if (network.trains) pass.barrier.wait(end - begin);
    combineMoments(view, layer, 1, begin == 0, 1, norm);
  }
}

// The sums over all blocks of the gradient of a normalization's result, and of that times xhat; by rows they are what
// is taken off each row, unless the moments are the running ones. The first lane's thread gives the gradients of weight
// and bias.
void combineGradients(const View &view, const BasinNorm &norm, bool isFirst, int turn, float *out) {
  const int64_t stride = view.stride, rows = view.pass.rows;
  std::vector<double> totals(static_cast<size_t>(2 * stride));
  for (int64_t block = 0; block < view.pass.blockCount(); ++block) {
    const float *part = view.partials(turn, block);
    for (int64_t j = 0; j < 2 * stride; ++j) totals[static_cast<size_t>(j)] += static_cast<double>(part[j]);
  }
  for (int64_t j = 0; j < 2 * stride; ++j) {
    out[j] = view.network.trains ? static_cast<float>(totals[static_cast<size_t>(j)] / static_cast<double>(rows)) : 0;
  }
  if (!isFirst) return;
  for (int64_t j = 0; j < view.network.width; ++j) {
    norm.biasGradient[j] = static_cast<float>(totals[static_cast<size_t>(j)]);
    norm.weightGradient[j] = static_cast<float>(totals[static_cast<size_t>(stride + j)]);
  }
}

// Adds the readout's gradient to the rows of a block, or sets them to it.
BASIN_INLINE void spreadReadout(const View &view, int64_t layer, int64_t block, const float *gradient, bool adds,
                                float *row, float *out) {
  const BasinIsomorphism &network = view.network;
  const int64_t stride = view.stride, width = network.width;
  const bool isRead = network.readsAll || layer + 1 == network.layerCount;
  if (!isRead && adds) return;
  const int64_t outStride = network.readsAll ? width * network.layerCount : width;
  const float *source = gradient + (network.readsAll ? layer * width : 0);
  const size_t index = static_cast<size_t>(block);
  std::memset(row, 0, sizeof(float) * static_cast<size_t>(stride));
  for (int64_t g = view.pass.blockGraphs[index]; g < view.pass.blockGraphs[index + 1]; ++g) {
    const int64_t begin = network.graphPointers[g], end = network.graphPointers[g + 1];
    const float scale = network.takesMeans && end > begin ? 1.0f / static_cast<float>(end - begin) : 1.0f;
    if (isRead) {
      for (int64_t j = 0; j < width; ++j) row[j] = source[g * outStride + j] * scale;
    }
    for (int64_t r = begin; r < end; ++r) {
      for (int64_t j = 0; j < stride; j += 16) {
        float *place = out + r * stride + j;
        sixteen(place) = adds ? sixteen(place) + sixteen(row + j) : sixteen(row + j);
      }
    }
  }
}

// From the gradient of a block's first product to those of W1, b1, epsilon and the layer's input.
template <class Registers>
BASIN_INLINE void finishGradient(const View &view, int64_t lane, int64_t layer, int64_t block, const float *means,
                                 float *buffer, float *other) {
  const BasinIsomorphism &network = view.network;
  const BasinNeighborhood &graph = *network.graph;
  const BasinIsomorphismLayer &weights = network.layers[layer];
  const int64_t stride = view.stride, width = network.width;
  const int64_t origin = view.rowOfBlock(block), last = view.rowOfBlock(block + 1), rows = last - origin;
  const float own = weights.epsilon ? *weights.epsilon : 0;
  const Share share = view.share(lane, layer);
  const float *sums = view.sums(layer) + origin * stride;
  throughNorm(view.first(layer) + origin * stride, view.norm(layer, 0), means,
              view.gradients() + origin * stride, rows, stride, buffer);
  addRows(buffer, rows, stride, share.bias1);
  if (layer == 0) {
    if (weights.epsilon) *share.epsilon += dot(buffer, sums, rows * stride);
    sumNeighbors(graph.backPointers, graph.backColumns, graph.backValues, own, buffer, origin, last, stride, other);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t node = network.nodes[origin + r];
      for (int64_t k = network.featurePointers[node]; k < network.featurePointers[node + 1]; ++k) {
        float *target = share.weight1 + network.featureColumns[k] * stride;
        const float value = network.featureValues[k];
        for (int64_t j = 0; j < stride; j += 16) sixteen(target + j) += value * sixteen(other + r * stride + j);
      }
    }
    return;
  }
  product<Registers, Start::sum>({buffer, 1, stride}, width, rows, sums, stride, stride, sums, share.weight1, stride);
  product<Registers, Start::zero>({buffer, stride, 1}, rows, width, view.firstWeight(layer), stride, stride, sums, other,
                                  stride);
  sumNeighbors(graph.backPointers, graph.backColumns, graph.backValues, own, other, origin, last, stride,
               view.inputGradients() + origin * stride);
  if (weights.epsilon) {
    // The layer's input again.
    rectified(view.second(layer - 1) + origin * stride, view.norm(layer - 1, 1), rows, stride, buffer);
    *share.epsilon += dot(other, buffer, rows * stride);
  }
}

// Adds the lanes' shares of a layer up, in their order.
void gatherShares(const View &view, int64_t layer) {
  const BasinIsomorphismLayer &weights = view.network.layers[layer];
  const int64_t stride = view.stride, width = view.network.width, lanes = view.pass.laneCount();
  const Share total = view.share(0, layer);
  for (int64_t lane = 1; lane < lanes; ++lane) {
    const Share share = view.share(lane, layer);
    for (int64_t i = 0; i < view.pass.shareOfLayer; ++i) total.weight1[i] += share.weight1[i];
  }
  const int64_t inputs = view.inputs(layer);
  for (int64_t i = 0; i < width; ++i) {
    // Of the first layer it is transposed.
    for (int64_t j = 0; j < inputs; ++j) {
      weights.weight1Gradient[i * inputs + j] = total.weight1[layer == 0 ? j * stride + i : i * stride + j];
    }
    for (int64_t j = 0; j < width; ++j) weights.weight2Gradient[i * width + j] = total.weight2[i * stride + j];
    weights.bias1Gradient[i] = total.bias1[i];
    weights.bias2Gradient[i] = total.bias2[i];
  }
  if (weights.epsilonGradient) *weights.epsilonGradient = *total.epsilon;
}

template <class Registers>
BASIN_INLINE void backward(BasinIsomorphismPass &pass, const BasinIsomorphism &network, float *memory, int64_t begin,
                           int64_t end, const float *gradient) {
  const View view(network, pass, memory);
  const int64_t stride = view.stride, width = network.width;
  float *buffer = view.scratch(begin), *other = buffer + pass.longestBlock * stride;
  float *means = buffer + 2 * pass.longestBlock * stride, *row = means + 2 * stride;
  for (int64_t lane = begin; lane < end; ++lane) {
    std::memset(view.share(lane, 0).weight1, 0, sizeof(float) * static_cast<size_t>(pass.share));
  }
  for (int64_t layer = network.layerCount - 1; layer >= -1; --layer) {
    for (int64_t lane = begin; lane < end; ++lane) {
      for (int64_t block = view.blockOfLane(lane); block < view.blockOfLane(lane + 1); ++block) {
        const int64_t origin = view.rowOfBlock(block), rows = view.rowOfBlock(block + 1) - origin;
        const bool isLast = layer + 1 == network.layerCount;
        if (!isLast) finishGradient<Registers>(view, lane, layer + 1, block, means, buffer, other);
        if (layer < 0) continue;
        float *at = view.inputGradients();
        spreadReadout(view, layer, block, gradient, !isLast, row, at);
        throughRectifier(view.second(layer) + origin * stride, view.norm(layer, 1), rows, stride, at + origin * stride,
                         view.partials(1, block));
      }
    }
    if (layer < 0) break;
    pass.barrier.wait(end - begin);
    combineGradients(view, network.layers[layer].norm2, begin == 0, 1, means);
    for (int64_t lane = begin; lane < end; ++lane) {
      const Share share = view.share(lane, layer);
      for (int64_t block = view.blockOfLane(lane); block < view.blockOfLane(lane + 1); ++block) {
        const int64_t origin = view.rowOfBlock(block), rows = view.rowOfBlock(block + 1) - origin;
        const float *first = view.first(layer) + origin * stride;
        float *at = view.gradients() + origin * stride;
        throughNorm(view.second(layer) + origin * stride, view.norm(layer, 1), means,
                    view.inputGradients() + origin * stride, rows, stride, buffer);
        addRows(buffer, rows, stride, share.bias2);
        rectified(first, view.norm(layer, 0), rows, stride, other);
        product<Registers, Start::sum>({buffer, 1, stride}, width, rows, other, stride, stride, other, share.weight2,
                                       stride);
        product<Registers, Start::zero>({buffer, stride, 1}, rows, width, view.secondWeight(layer), stride, stride,
                                        other, at, stride);
        throughRectifier(first, view.norm(layer, 0), rows, stride, at, view.partials(0, block));
      }
    }
    pass.barrier.wait(end - begin);
    combineGradients(view, network.layers[layer].norm1, begin == 0, 0, means);
  }
  pass.barrier.wait(end - begin);
  for (int64_t layer = begin; layer < network.layerCount; layer += pass.laneCount()) {
    for (int64_t mine = layer; mine < std::min(network.layerCount, layer + end - begin); ++mine) gatherShares(view, mine);
  }
}

}  // namespace

namespace {

#if defined(__x86_64__) && defined(__clang__)

// The same code for 32 registers of 16 floats, for 16 of eight, and for any processor.
#define BASIN_WIDE __attribute__((target("avx512f,avx512vl,avx512dq,avx2,fma"), min_vector_width(512)))
#define BASIN_NARROW __attribute__((target("avx2,fma")))

BASIN_WIDE void forwardWide(BasinIsomorphismPass &pass, const BasinIsomorphism &network, float *memory, int64_t begin,
                            int64_t end, float *out) {
  forward<ThirtyTwoRegisters>(pass, network, memory, begin, end, out);
}
BASIN_NARROW void forwardNarrow(BasinIsomorphismPass &pass, const BasinIsomorphism &network, float *memory,
                                int64_t begin, int64_t end, float *out) {
  forward<SixteenRegisters>(pass, network, memory, begin, end, out);
}
BASIN_WIDE void backwardWide(BasinIsomorphismPass &pass, const BasinIsomorphism &network, float *memory, int64_t begin,
                             int64_t end, const float *gradient) {
  backward<ThirtyTwoRegisters>(pass, network, memory, begin, end, gradient);
}
BASIN_NARROW void backwardNarrow(BasinIsomorphismPass &pass, const BasinIsomorphism &network, float *memory,
                                 int64_t begin, int64_t end, const float *gradient) {
  backward<SixteenRegisters>(pass, network, memory, begin, end, gradient);
}

bool isWide() { return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"); }
bool isNarrow() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#define BASIN_CHOOSE(name, ...)                        \
  if (isWide()) return name##Wide(__VA_ARGS__);        \
  if (isNarrow()) return name##Narrow(__VA_ARGS__);
#else
#define BASIN_CHOOSE(name, ...)
#endif

}  // namespace

extern "C" {

BasinIsomorphismPass *basinIsomorphismMake(const BasinIsomorphism *network) {
  try {
    const BasinIsomorphism &n = *network;
    const int64_t rows = n.graph->outputCount;
    std::vector<int64_t> blocks{0}, lanes{0};
    int64_t longest = 0;
    for (int64_t g = 0; g < n.graphs; ++g) {
      const int64_t length = n.graphPointers[g + 1] - n.graphPointers[blocks.back()];
      if (length < blockRows && g + 1 < n.graphs) continue;
      longest = std::max(longest, length);
      blocks.push_back(g + 1);
    }
    const int64_t count = std::clamp<int64_t>(rows / laneRows, 1, mostLanes);
    const int64_t blockCount = static_cast<int64_t>(blocks.size()) - 1;
    for (int64_t lane = 1; lane <= count; ++lane) {
      int64_t block = lanes.back();
      while (block < blockCount && n.graphPointers[blocks[static_cast<size_t>(block)]] < rows * lane / count) ++block;
      lanes.push_back(lane == count ? blockCount : block);
    }
    return new BasinIsomorphismPass(n, count, std::move(blocks), std::move(lanes), longest);
  } catch (const std::bad_alloc &) {
    return nullptr;
  }
}

void basinIsomorphismFree(BasinIsomorphismPass *pass) { delete pass; }
int64_t basinIsomorphismMemory(const BasinIsomorphismPass *pass) { return pass->memory; }
int64_t basinIsomorphismLanes(const BasinIsomorphismPass *pass) { return pass->laneCount(); }
int64_t basinIsomorphismWork(const BasinIsomorphismPass *pass) { return pass->work; }

void basinIsomorphismForward(BasinIsomorphismPass *pass, const BasinIsomorphism *network, float *memory, int64_t begin,
                             int64_t end, float *out) {
  BASIN_CHOOSE(forward, *pass, *network, memory, begin, end, out)
  forward<SixteenRegisters>(*pass, *network, memory, begin, end, out);
}

void basinIsomorphismBackward(BasinIsomorphismPass *pass, const BasinIsomorphism *network, float *memory, int64_t begin,
                              int64_t end, const float *gradient) {
  BASIN_CHOOSE(backward, *pass, *network, memory, begin, end, gradient)
  backward<SixteenRegisters>(*pass, *network, memory, begin, end, gradient);
}
}
