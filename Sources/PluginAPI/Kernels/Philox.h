// Philox4x32-10 (Salmon et al., SC 2011), eight blocks side by side; see TensorKernels.h for the order of the words.
#ifndef BASIN_PHILOX_H
#define BASIN_PHILOX_H

#include "Vectors.h"

namespace basin {

// Four words of 32 bits in the lower halves. What is in the upper ones does not matter: a vector multiplication reads the lower halves
// alone and has the whole product, so that nothing needs to be moved between lanes before the end.
typedef uint64_t FourWide __attribute__((vector_size(32)));
typedef uint32_t EightWords __attribute__((vector_size(32), aligned(4)));

// words[w * 8 + l] is word w of block `group * 8 + l`.
BASIN_INLINE void randomGroup(uint64_t key, uint64_t group, uint32_t *words) {
  constexpr uint64_t low = 0xFFFFFFFF;
  // Blocks 0, 2, 4, 6 and 1, 3, 5, 7.
  FourWide x[2][4];
#pragma clang loop unroll(full)
  for (int side = 0; side < 2; ++side) {
    const FourWide counter = group * 8 + FourWide{0, 2, 4, 6} + static_cast<uint64_t>(side);
    x[side][0] = counter;
    x[side][1] = counter >> 32;
    x[side][2] = FourWide{};
    x[side][3] = FourWide{};
  }
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
#pragma clang loop unroll(full)
  for (int round = 0; round < 10; ++round) {
#pragma clang loop unroll(full)
    for (int side = 0; side < 2; ++side) {
      const FourWide a = (x[side][0] & low) * uint64_t{0xD2511F53}, b = (x[side][2] & low) * uint64_t{0xCD9E8D57};
      x[side][0] = (b >> 32) ^ (x[side][1] ^ uint64_t{k0});
      x[side][1] = b;
      x[side][2] = (a >> 32) ^ (x[side][3] ^ uint64_t{k1});
      x[side][3] = a;
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
#pragma clang loop unroll(full)
  for (int w = 0; w < 4; ++w) *reinterpret_cast<EightWords *>(words + w * 8) = (EightWords)((x[0][w] & low) | (x[1][w] << 32));
}

// mask [32]: `keep` where a word of the group is not below the threshold, else 0.
BASIN_INLINE void maskOfGroup(uint64_t key, uint64_t group, uint32_t threshold, float keep, float *mask) {
  uint32_t words[32];
  randomGroup(key, group, words);
#pragma clang loop unroll(full)
  for (int w = 0; w < 4; ++w) {
    eight(mask + w * 8) = *reinterpret_cast<EightWords *>(words + w * 8) >= threshold ? Eight{} + keep : Eight{};
  }
}

}  // namespace basin

#endif
