#include <cstring>

#include "KernelDispatch.h"
#include "Scratch.h"

#pragma clang fp contract(off)

namespace {

/// `center` and `scale` are repeated over the row, so that the loop has no period of 3. Subtract, then multiply: there is
/// nothing here that a compiler could fuse, and every machine gives the same bits.
VISION_VECTOR_CLONES
void normalize(const uint8_t *__restrict values, const float *__restrict center, const float *__restrict scale,
               float *__restrict out, int64_t count) {
  for (int64_t i = 0; i < count; i++) out[i] = (static_cast<float>(values[i]) - center[i]) * scale[i];
}

template <int Channels>
void reverse(const uint8_t *source, uint8_t *out, int64_t count) {
  for (int64_t x = 0; x < count; x++) {
    for (int c = 0; c < Channels; c++) out[x * Channels + c] = source[(count - 1 - x) * Channels + c];
  }
}

}  // namespace

namespace vision {

void normalizeRow(const uint8_t *values, const float *center, const float *scale, float *out, int64_t count) {
  normalize(values, center, scale, out, count);
}

void reversePixels(const uint8_t *source, uint8_t *out, int64_t count, int32_t channels) {
  if (channels == 1) return reverse<1>(source, out, count);
  if (channels == 3) return reverse<3>(source, out, count);
  for (int64_t x = 0; x < count; x++) memcpy(out + x * channels, source + (count - 1 - x) * channels, channels);
}

}  // namespace vision
