/// Kernels of the Vision module: plain functions over raw pointers, C linkage, no allocation a caller must free.
///
/// Pictures are 8-bit, channels last: [N, H, W, C]. The float output of a gather is [N, H, W, C] too, which is the
/// memory of a [N, C, H, W] tensor in channels_last format. Functions that take `begin` and `end` work on output
/// samples begin..<end alone, so that a caller may split the batch over threads.
#ifndef BASIN_VISION_KERNELS_H
#define BASIN_VISION_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A set of pictures in memory and the shape of what is cut out of them.
typedef struct {
  /// [count, height, width, channels]
  const uint8_t *pixels;
  int64_t count;
  int32_t height;
  int32_t width;
  int32_t channels;
  /// Height and width of the output.
  int32_t cropHeight;
  int32_t cropWidth;
  /// One number a channel: output = (value - center) * scale, value and center in 0...255.
  const float *center;
  const float *scale;
} VisionGather;

/// Gathers pictures, cuts a window out of each, mirrors and normalizes: one pass from uint8 to float32.
///
/// Output sample n, row y, column x is picture `indices[n]` at row y + dy[n], column x' + dx[n], where x' is x, or
/// cropWidth - 1 - x if flip[n] is not 0. Whatever lies outside the picture is black (value 0) before normalization.
/// `dy`, `dx` and `flip` may be null: no shift, no flip.
///
/// @param destination [.., cropHeight, cropWidth, channels], the start of the whole batch (not of sample `begin`).
/// @return -1 if all went well, else the sample whose index is outside the set (or `begin`, if memory ran out); samples
///   from there on are not written.
int64_t vision_gather(const VisionGather *gather, const int64_t *indices, const int16_t *dy, const int16_t *dx,
                      const uint8_t *flip, float *destination, int64_t begin, int64_t end);

/// Resizes a picture with a triangle filter whose support grows when shrinking (no aliasing), so that it just covers
/// [outHeight, outWidth], and cuts out the middle. Where source and output have one size the bytes are copied.
///
/// @param source [height, width, channels]
/// @param destination [outHeight, outWidth, channels]
/// @return 0, or 1 if memory ran out or a side is not positive.
int32_t vision_resize_cover(const uint8_t *source, int32_t height, int32_t width, int32_t channels,
                            uint8_t *destination, int32_t outHeight, int32_t outWidth);

/// The longest message a decoder writes, with the final zero.
#define VISION_MESSAGE_CAPACITY 256

/// Height and width of a JPEG or PNG picture, read from its header; of a JPEG picture as EXIF's orientation turns it.
///
/// @param message at least VISION_MESSAGE_CAPACITY bytes; says what is wrong where the result is not 0.
/// @return 0, or 1 if the bytes are no picture.
int32_t vision_picture_size(const uint8_t *bytes, size_t count, int32_t *height, int32_t *width, char *message);

/// Decodes a JPEG or PNG picture to RGB, turned as EXIF's orientation says. Grey and palette pictures become RGB; an alpha channel is dropped.
///
/// Incomplete pictures are an error, not a grey area.
/// @param pixels [height, width, 3] as `vision_picture_size` says; the sizes are checked again.
/// @return 0, or 1 with a message.
int32_t vision_decode_picture(const uint8_t *bytes, size_t count, int32_t height, int32_t width, uint8_t *pixels,
                              char *message);

#ifdef __cplusplus
}
#endif

#endif
