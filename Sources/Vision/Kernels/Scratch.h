#ifndef BASIN_VISION_SCRATCH_H
#define BASIN_VISION_SCRATCH_H

#include <stdint.h>

#include <vector>

#include "VisionKernels.h"

namespace vision {

/// Memory of one thread that stays from picture to picture.
struct ResampleScratch {
  std::vector<int32_t> bounds, weights;
  std::vector<uint8_t> middle, line;
  std::vector<int32_t> sums;
};

/// `vision_resample` with memory of the caller's; throws std::bad_alloc.
void resample(const uint8_t *source, int64_t stride, int32_t channels, const VisionAxis &rows, const VisionAxis &columns,
              uint8_t *destination, ResampleScratch &scratch);

/// Whether an axis takes source pixels as they are.
bool isIdentity(const VisionAxis &axis);

/// `vision_apply` with a second picture of the caller's: false for an unknown operation.
bool apply(const VisionOperation *operations, int32_t count, uint8_t *picture, uint8_t *other, int32_t height, int32_t width,
           int32_t channels);

/// out = (value - center) * scale, numbers of a whole row.
void normalizeRow(const uint8_t *values, const float *center, const float *scale, float *out, int64_t count);

/// Pixels of a row from right to left.
void reversePixels(const uint8_t *source, uint8_t *out, int64_t count, int32_t channels);

}  // namespace vision

#endif
