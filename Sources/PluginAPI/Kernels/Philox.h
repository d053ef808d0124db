// Philox4x32-10 (Salmon et al., SC 2011), eight blocks side by side; see TensorKernels.h for the order of the words.
#ifndef BASIN_PHILOX_H
#define BASIN_PHILOX_H

#include <stdint.h>

namespace basin {

constexpr int randomLanes = 8;

// words[w * 8 + l] is word w of block `group * 8 + l`.
__attribute__((always_inline)) inline void randomGroup(uint64_t key, uint64_t group, uint32_t *words) {
  constexpr int lanes = randomLanes;
  uint32_t x0[lanes], x1[lanes], x2[lanes], x3[lanes];
  for (int l = 0; l < lanes; ++l) {
    const uint64_t counter = group * lanes + l;
    x0[l] = static_cast<uint32_t>(counter);
    x1[l] = static_cast<uint32_t>(counter >> 32);
    x2[l] = 0;
    x3[l] = 0;
  }
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    for (int l = 0; l < lanes; ++l) {
      const uint64_t a = static_cast<uint64_t>(x0[l]) * 0xD2511F53u;
      const uint64_t b = static_cast<uint64_t>(x2[l]) * 0xCD9E8D57u;
      const uint32_t y0 = static_cast<uint32_t>(b >> 32) ^ x1[l] ^ k0;
      const uint32_t y2 = static_cast<uint32_t>(a >> 32) ^ x3[l] ^ k1;
      x1[l] = static_cast<uint32_t>(b);
      x3[l] = static_cast<uint32_t>(a);
      x0[l] = y0;
      x2[l] = y2;
    }
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  for (int l = 0; l < lanes; ++l) {
    words[l] = x0[l];
    words[lanes + l] = x1[l];
    words[2 * lanes + l] = x2[l];
    words[3 * lanes + l] = x3[l];
  }
}

}  // namespace basin

#endif
