#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

#include "Scratch.h"

using vision::normalizeRow;
using vision::reversePixels;

int64_t vision_gather(const VisionGather *gather, const int64_t *indices, const int16_t *dy, const int16_t *dx,
                      const uint8_t *flip, float *destination, int64_t begin, int64_t end) {
  const int64_t height = gather->height, width = gather->width, channels = gather->channels;
  const int64_t cropHeight = gather->cropHeight, cropWidth = gather->cropWidth;
  const int64_t rowLength = cropWidth * channels;
  if (begin >= end || rowLength <= 0) return -1;

  // Two rows of bytes (cut out, mirrored), then center, scale and a black row, each of the length of an output row.
  std::unique_ptr<uint8_t[]> bytes(new (std::nothrow) uint8_t[2 * rowLength]);
  std::unique_ptr<float[]> floats(new (std::nothrow) float[3 * rowLength]);
  if (!bytes || !floats) return begin;
  uint8_t *cut = bytes.get(), *mirrored = cut + rowLength;
  float *center = floats.get(), *scale = center + rowLength, *black = scale + rowLength;
  for (int64_t i = 0; i < rowLength; i++) {
    center[i] = gather->center[i % channels];
    scale[i] = gather->scale[i % channels];
  }
  memset(cut, 0, rowLength);
  normalizeRow(cut, center, scale, black, rowLength);

  for (int64_t n = begin; n < end; n++) {
    if (indices[n] < 0 || indices[n] >= gather->count) return n;
    const uint8_t *picture = gather->pixels + indices[n] * height * width * channels;
    const int64_t top = dy ? dy[n] : 0, left = dx ? dx[n] : 0;
    const bool flips = flip && flip[n];
    // Columns first..<last of the window lie inside the picture.
    const int64_t first = std::clamp<int64_t>(-left, 0, cropWidth);
    const int64_t last = std::clamp<int64_t>(width - left, first, cropWidth);
    const bool whole = first == 0 && last == cropWidth;
    if (!whole) memset(cut, 0, rowLength);
    for (int64_t y = 0; y < cropHeight; y++) {
      float *out = destination + (n * cropHeight + y) * rowLength;
      const int64_t row = y + top;
      if (row < 0 || row >= height || first == last) {
        memcpy(out, black, rowLength * sizeof(float));
        continue;
      }
      const uint8_t *values = picture + (row * width + left + first) * channels;
      if (!whole) {
        memcpy(cut + first * channels, values, (last - first) * channels);
        values = cut;
      }
      if (flips) {
        reversePixels(values, mirrored, cropWidth, static_cast<int32_t>(channels));
        values = mirrored;
      }
      normalizeRow(values, center, scale, out, rowLength);
    }
  }
  return -1;
}
