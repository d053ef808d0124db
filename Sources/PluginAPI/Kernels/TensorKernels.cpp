#include "TensorKernels.h"

#include <algorithm>

#include "Philox.h"

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
#include <malloc.h>
#define BASIN_HAS_MALLINFO2
#endif

#if defined(__x86_64__) && defined(__linux__) && defined(__clang__)
#define BASIN_VECTORIZED __attribute__((target_clones("avx2", "default")))
#else
#define BASIN_VECTORIZED
#endif

namespace {

constexpr int lanes = 8;
using basin::randomGroup;

}  // namespace

extern "C" {

BASIN_VECTORIZED void basinRandomWords(uint64_t key, int64_t begin, int64_t end, uint32_t *out) {
  uint32_t words[BASIN_RANDOM_GROUP];
  for (int64_t group = begin / BASIN_RANDOM_GROUP; group * BASIN_RANDOM_GROUP < end; ++group) {
    randomGroup(key, static_cast<uint64_t>(group), words);
    const int64_t first = group * BASIN_RANDOM_GROUP;
    for (int64_t i = std::max(begin, first); i < std::min(end, first + BASIN_RANDOM_GROUP); ++i) {
      out[i - begin] = words[i - first];
    }
  }
}

BASIN_VECTORIZED void basinRandomUniform(uint64_t key, int64_t groupBegin, int64_t groupEnd, int64_t count, float *out) {
  uint32_t words[BASIN_RANDOM_GROUP];
  for (int64_t group = groupBegin; group < groupEnd; ++group) {
    randomGroup(key, static_cast<uint64_t>(group), words);
    const int64_t first = group * BASIN_RANDOM_GROUP;
    const int64_t n = std::min<int64_t>(BASIN_RANDOM_GROUP, count - first);
    for (int64_t i = 0; i < n; ++i) out[first + i] = static_cast<float>(words[i] >> 8) * 0x1p-24f;
  }
}

BASIN_VECTORIZED void basinDropout(uint64_t key, uint32_t threshold, float scale, int64_t groupBegin, int64_t groupEnd,
                                   int64_t count, const float *in, float *out) {
  uint32_t words[BASIN_RANDOM_GROUP];
  for (int64_t group = groupBegin; group < groupEnd; ++group) {
    randomGroup(key, static_cast<uint64_t>(group), words);
    const int64_t first = group * BASIN_RANDOM_GROUP;
    if (first + BASIN_RANDOM_GROUP <= count) {
      for (int64_t i = 0; i < BASIN_RANDOM_GROUP; ++i) out[first + i] = words[i] >= threshold ? in[first + i] * scale : 0.0f;
    } else {
      for (int64_t i = 0; i < count - first; ++i) out[first + i] = words[i] >= threshold ? in[first + i] * scale : 0.0f;
    }
  }
}

BASIN_VECTORIZED void basinRowMoments(int64_t begin, int64_t end, int64_t channels, const float *values,
                                      const double *shift, double *sums) {
#pragma clang fp contract(off)
  double *first = sums, *second = sums + channels;
  std::fill(sums, sums + 2 * channels, 0.0);
  for (int64_t row = begin; row < end; ++row) {
    const float *x = values + row * channels;
#pragma clang loop vectorize(assume_safety)
    for (int64_t c = 0; c < channels; ++c) {
      const double d = static_cast<double>(x[c]) - shift[c];
      first[c] += d;
      second[c] += d * d;
    }
  }
}

BASIN_VECTORIZED void basinPlaneMoments(int64_t begin, int64_t end, int64_t channels, int64_t size, const float *values,
                                        const double *shift, double *sums) {
#pragma clang fp contract(off)
  std::fill(sums, sums + 2 * channels, 0.0);
  for (int64_t example = begin; example < end; ++example) {
    for (int64_t c = 0; c < channels; ++c) {
      const float *x = values + (example * channels + c) * size;
      double first[lanes] = {}, second[lanes] = {};
      int64_t i = 0;
      for (; i + lanes <= size; i += lanes) {
        for (int l = 0; l < lanes; ++l) {
          const double d = static_cast<double>(x[i + l]) - shift[c];
          first[l] += d;
          second[l] += d * d;
        }
      }
      for (; i < size; ++i) {
        const double d = static_cast<double>(x[i]) - shift[c];
        first[0] += d;
        second[0] += d * d;
      }
      for (int l = 0; l < lanes; ++l) {
        sums[c] += first[l];
        sums[channels + c] += second[l];
      }
    }
  }
}

BASIN_VECTORIZED void basinLerp(int64_t begin, int64_t end, float weight, const float *targets, float *values) {
  // The same bits on every processor: a product and a sum, never fused.
#pragma clang fp contract(off)
  for (int64_t i = begin; i < end; ++i) values[i] += weight * (targets[i] - values[i]);
}

}

extern "C" int64_t basinAllocatedBytes(void) {
#ifdef BASIN_HAS_MALLINFO2
  struct mallinfo2 info = mallinfo2();
  return static_cast<int64_t>(info.uordblks + info.hblkhd);
#else
  return -1;
#endif
}
