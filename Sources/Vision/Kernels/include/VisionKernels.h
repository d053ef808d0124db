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

/// One side of a picture that is scaled. Output position i is the mean of the source around
/// `start + (first + i + 0.5) * ratio`, weighted by a triangle that reaches max(ratio, 1) to both sides.
typedef struct {
  /// Where in the source the scaled side begins, in source pixels.
  double start;
  /// Source pixels an output position stands for.
  double ratio;
  /// The first position of the scaled side that is wanted, and how many.
  int32_t first;
  int32_t count;
  /// Source pixels low..<high are looked at; what lies outside has no weight.
  int32_t low;
  int32_t high;
} VisionAxis;

/// Scales a picture by a triangle filter whose support grows when shrinking (no aliasing): columns first, to 8 bits, then
/// rows, with weights of 22 bits. This is the arithmetic of Pillow's `resize(BILINEAR)`, and gives its bytes; where the height
/// shrinks much more than the width, Pillow 13 takes rows first, which changes some by 1.
///
/// @param source row 0, column 0 of the source; rows lie `stride` bytes apart
/// @param destination [rows->count, columns->count, channels]
/// @return 0, or 1 if memory ran out or a number makes no sense.
int32_t vision_resample(const uint8_t *source, int64_t stride, int32_t channels, const VisionAxis *rows,
                        const VisionAxis *columns, uint8_t *destination);

/// Scales a picture so that it just covers [outHeight, outWidth], and cuts out the middle. Where source and output have one
/// size the bytes are copied.
///
/// @param source [height, width, channels]
/// @param destination [outHeight, outWidth, channels]
/// @return 0, or 1 if memory ran out or a side is not positive.
int32_t vision_resize_cover(const uint8_t *source, int32_t height, int32_t width, int32_t channels,
                            uint8_t *destination, int32_t outHeight, int32_t outWidth);

// MARK: Operations on bytes

/// What an operation does to a picture of 1 or 3 channels. Each gives the bytes of torchvision's function on PIL pictures.
typedef enum {
  /// Nothing, whatever `value` is.
  VISION_IDENTITY,
  /// `value`: a factor; black, grey of the picture's mean, the pixel's grey, or the smoothed picture at 0, unchanged at 1.
  VISION_BRIGHTNESS,
  VISION_CONTRAST,
  VISION_SATURATION,
  VISION_SHARPNESS,
  /// `value`: -0.5 to 0.5 turns.
  VISION_HUE,
  /// `value`: how many of the 8 bits stay.
  VISION_POSTERIZE,
  /// `value`: values from there on are inverted.
  VISION_SOLARIZE,
  VISION_AUTOCONTRAST,
  VISION_EQUALIZE,
  /// `value`: columns a row, rows a column; the top left corner stays.
  VISION_SHEAR_X,
  VISION_SHEAR_Y,
  /// `value`: pixels to the right, pixels down.
  VISION_TRANSLATE_X,
  VISION_TRANSLATE_Y,
  /// `value`: degrees counter-clockwise about the middle.
  VISION_ROTATE,
} VisionOperationKind;

typedef struct {
  int32_t kind;
  double value;
} VisionOperation;

/// Applies operations one after another; what moves in from outside is black.
///
/// @param picture [height, width, channels], changed in place
/// @return 0, 1 if memory ran out, 2 for an operation that is not known or channels other than 1 and 3.
int32_t vision_apply(const VisionOperation *operations, int32_t count, uint8_t *picture, int32_t height, int32_t width,
                     int32_t channels);

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

/// A growing piece of memory that its owner frees with free().
typedef struct {
  uint8_t *data;
  size_t capacity;
} VisionBuffer;

/// Part of a picture, maybe decoded at a half, a quarter or an eighth of its size.
typedef struct {
  /// [height, width, 3], inside the buffer.
  const uint8_t *pixels;
  int32_t height;
  int32_t width;
  /// The corner in the whole picture, in its pixels.
  double top;
  double left;
  /// Pixels of the whole picture that a decoded one stands for along a side: 1, 2, 4 or 8.
  int32_t shrink;
} VisionDecodedRegion;

/// Decodes at least the part [top, top + regionHeight) x [left, left + regionWidth) of a picture, turned as EXIF says.
///
/// Of JPEG only the blocks of the part are transformed, and nothing is read behind its last row; `shrink` > 1 takes libjpeg's
/// transform to blocks of 8 / shrink. At shrink 1 the pixels are those that vision_decode_picture gives. PNG is decoded whole.
/// @param height, width of the whole picture as `vision_picture_size` says; they are checked again.
/// @return 0, or 1 with a message.
int32_t vision_decode_region(const uint8_t *bytes, size_t count, int32_t height, int32_t width, int32_t top, int32_t left,
                             int32_t regionHeight, int32_t regionWidth, int32_t shrink, VisionBuffer *buffer,
                             VisionDecodedRegion *region, char *message);

// MARK: Whole batches

/// Where one sample comes from and what is done to it, in this order.
typedef struct {
  /// Decoded, [height, width, channels]; or null.
  const uint8_t *pixels;
  /// A JPEG or PNG picture in memory; or null.
  const uint8_t *bytes;
  size_t byteCount;
  /// A file with one; used where the two above are null.
  const char *path;
  /// Of the source, upright.
  int32_t height;
  int32_t width;
  /// Scales [rows.count, columns.count] out of the source. Where nothing changes, bytes are copied.
  VisionAxis rows;
  VisionAxis columns;
  /// The window of the batch's size begins at this row and column of what was scaled; black outside.
  int32_t dy;
  int32_t dx;
  int32_t flip;
  /// Rows top..<bottom and columns left..<right of the output become 0 after normalization.
  int32_t cutTop;
  int32_t cutBottom;
  int32_t cutLeft;
  int32_t cutRight;
} VisionSample;

typedef struct {
  int32_t channels;
  /// Height and width of the output.
  int32_t height;
  int32_t width;
  /// One number a channel: output = (value - center) * scale, value and center in 0...255.
  const float *center;
  const float *scale;
  /// [samples, operationsPerSample]; null: none.
  const VisionOperation *operations;
  int32_t operationsPerSample;
  /// How far JPEG may be decoded smaller than it is: 1 (never), 2, 4 or 8.
  int32_t largestShrink;
} VisionBatch;

/// What went wrong with a sample.
typedef enum { VISION_DONE, VISION_NO_MEMORY, VISION_UNREADABLE, VISION_DAMAGED, VISION_NONSENSE } VisionStatus;

/// Makes samples begin..<end: source, scaling, window, mirror, operations; then either bytes or normalized floats.
///
/// Scratch memory is one picture's at each stage, whatever the number of samples.
/// @param samples, destination, bytes: of the whole batch; one of the last two is null. [samples, height, width, channels]
/// @param failed the sample that failed, where the result is not VISION_DONE. Those behind it are not made.
/// @param message at least VISION_MESSAGE_CAPACITY bytes, for VISION_DAMAGED and VISION_UNREADABLE.
VisionStatus vision_make_samples(const VisionBatch *batch, const VisionSample *samples, float *destination, uint8_t *bytes,
                                 int64_t begin, int64_t end, int64_t *failed, char *message);

/// How each sample is mixed with the one before it in the batch (the first with the last).
typedef struct {
  /// Rows top..<bottom and columns left..<right come from the sample before (CutMix); empty where lambda counts.
  int32_t top;
  int32_t bottom;
  int32_t left;
  int32_t right;
  /// The sample's own share where the box is empty: own * lambda + before * (1 - lambda) (mixup).
  float lambda;
} VisionMix;

/// Normalizes and mixes samples begin..<end of `count`, whose bytes `vision_make_samples` made: VISION_DONE or
/// VISION_NO_MEMORY.
VisionStatus vision_mix_samples(const VisionBatch *batch, const VisionSample *samples, const uint8_t *bytes, int64_t count,
                                const VisionMix *mix, float *destination, int64_t begin, int64_t end);

#ifdef __cplusplus
}
#endif

#endif
