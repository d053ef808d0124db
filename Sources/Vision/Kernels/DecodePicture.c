#include "VisionKernels.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>
#include <png.h>

static int32_t fail(char *message, const char *text) {
  snprintf(message, VISION_MESSAGE_CAPACITY, "%s", text);
  return 1;
}

// MARK: JPEG. libjpeg ends the process on errors unless its handlers are replaced and leave by longjmp.

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf leave;
  char *message;
} JPEGErrors;

static void leaveWithMessage(j_common_ptr codec) {
  JPEGErrors *errors = (JPEGErrors *)codec->err;
  char text[JMSG_LENGTH_MAX];
  errors->base.format_message(codec, text);
  fail(errors->message, text);
  longjmp(errors->leave, 1);
}

// Missing data would become a grey area: an error here. Other warnings (stray bytes between segments, say) leave the
// picture whole.
static void judgeWarning(j_common_ptr codec, int level) {
  int code = codec->err->msg_code;
  if (level < 0 && (code == JWRN_JPEG_EOF || code == JWRN_HIT_MARKER)) leaveWithMessage(codec);
}

static void writeNothing(j_common_ptr codec) { (void)codec; }

// A progressive picture of a few bytes a scan can keep the decoder busy for hours; real ones have about ten scans.
static void limitScans(j_common_ptr codec) {
  if (codec->is_decompressor && ((j_decompress_ptr)codec)->input_scan_number > 500) {
    JPEGErrors *errors = (JPEGErrors *)codec->err;
    fail(errors->message, "more than 500 scans");
    longjmp(errors->leave, 1);
  }
}

static void prepare(struct jpeg_decompress_struct *codec, JPEGErrors *errors, char *message) {
  codec->err = jpeg_std_error(&errors->base);
  errors->base.error_exit = leaveWithMessage;
  errors->base.emit_message = judgeWarning;
  errors->base.output_message = writeNothing;
  errors->message = message;
}

// EXIF's orientation, 1 to 8; 1 where none is told. The marker holds a TIFF header and directories of entries of 12 bytes.
static int orientationOf(const struct jpeg_decompress_struct *codec) {
  for (jpeg_saved_marker_ptr marker = codec->marker_list; marker; marker = marker->next) {
    if (marker->marker != JPEG_APP0 + 1 || marker->data_length < 14 || memcmp(marker->data, "Exif\0", 6)) continue;
    const uint8_t *tiff = marker->data + 6;
    size_t count = marker->data_length - 6;
    int big = tiff[0] == 'M';
    if (!(big ? tiff[1] == 'M' : tiff[0] == 'I' && tiff[1] == 'I')) continue;
#define TIFF16(at) ((uint32_t)(big ? tiff[at] << 8 | tiff[(at) + 1] : tiff[(at) + 1] << 8 | tiff[at]))
    size_t at = big ? TIFF16(4) << 16 | TIFF16(6) : TIFF16(6) << 16 | TIFF16(4);
    if (at > count - 2) continue;
    size_t entries = TIFF16(at);
    for (at += 2; entries > 0 && at + 12 <= count; entries--, at += 12) {
      if (TIFF16(at) != 0x0112) continue;
      uint32_t value = TIFF16(at + 8);
      return value >= 1 && value <= 8 ? (int)value : 1;
    }
#undef TIFF16
  }
  return 1;
}

// Where EXIF's orientation takes an upright row and column from: with the sides exchanged from 5 on, then mirrored.
static int isUpright(int orientation) { return orientation < 5; }
static int mirrorsRows(int orientation) { return orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7; }
static int mirrorsColumns(int orientation) {
  return orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
}

// Turns a stored picture of [height, width, 3] as EXIF says; from orientation 5 on the result is [width, height, 3].
static void orient(const uint8_t *stored, uint8_t *pixels, size_t height, size_t width, int orientation) {
  size_t outHeight = isUpright(orientation) ? height : width, outWidth = isUpright(orientation) ? width : height;
  for (size_t y = 0; y < outHeight; y++) {
    for (size_t x = 0; x < outWidth; x++, pixels += 3) {
      size_t row = isUpright(orientation) ? y : x, column = isUpright(orientation) ? x : y;
      if (mirrorsRows(orientation)) row = height - 1 - row;
      if (mirrorsColumns(orientation)) column = width - 1 - column;
      memcpy(pixels, stored + (row * width + column) * 3, 3);
    }
  }
}

static int32_t sizeOfJPEG(const uint8_t *bytes, size_t count, int32_t *height, int32_t *width, char *message) {
  struct jpeg_decompress_struct codec;
  JPEGErrors errors;
  memset(&codec, 0, sizeof codec);
  prepare(&codec, &errors, message);
  if (setjmp(errors.leave)) {
    jpeg_destroy_decompress(&codec);
    return 1;
  }
  jpeg_create_decompress(&codec);
  jpeg_mem_src(&codec, bytes, (unsigned long)count);
  jpeg_save_markers(&codec, JPEG_APP0 + 1, 0xffff);
  jpeg_read_header(&codec, TRUE);
  int isTurned = !isUpright(orientationOf(&codec));
  *height = (int32_t)(isTurned ? codec.image_width : codec.image_height);
  *width = (int32_t)(isTurned ? codec.image_height : codec.image_width);
  jpeg_destroy_decompress(&codec);
  return 0;
}

// Adobe writes CMYK inverted, so that a value of 255 means no ink.
static void convertCMYK(const uint8_t *inks, uint8_t *pixels, JDIMENSION width, int inverted) {
  for (JDIMENSION x = 0; x < width; x++) {
    unsigned flip = inverted ? 0 : 255, black = inks[4 * x + 3] ^ flip;
    for (int c = 0; c < 3; c++) pixels[3 * x + c] = (uint8_t)(((inks[4 * x + c] ^ flip) * black + 127) / 255);
  }
}

static int32_t grow(VisionBuffer *buffer, size_t size) {
  if (buffer->capacity >= size) return 0;
  uint8_t *data = realloc(buffer->data, size);
  if (!data) return 1;
  buffer->data = data;
  buffer->capacity = size;
  return 0;
}

typedef struct {
  size_t begin;
  size_t end;
} Span;

// The part of a stored side that an upright one stands for.
static Span stored(Span part, size_t side, int isMirrored) {
  if (!isMirrored) return part;
  return (Span){side - part.end, side - part.begin};
}

// In pixels of the decoder, with two more on each side, for chroma is interpolated from its neighbours.
static Span scaled(Span part, size_t shrink, size_t side) {
  Span result = {part.begin / shrink, (part.end + shrink - 1) / shrink + 2};
  result.begin -= result.begin < 2 ? result.begin : 2;
  if (result.end > side) result.end = side;
  return result;
}

// Rows and columns `rows` x `columns` (upright) of a picture; null buffer: all of it, into `pixels`.
typedef struct {
  Span rows, columns;
  int32_t shrink;
  VisionBuffer *buffer;
  VisionDecodedRegion *region;
} JPEGPart;

static int32_t readPart(struct jpeg_decompress_struct *codec, int orientation, const JPEGPart *part, char *message) {
  size_t height = codec->image_height, width = codec->image_width, shrink = (size_t)part->shrink;
  Span rows = stored(isUpright(orientation) ? part->rows : part->columns, height, mirrorsRows(orientation));
  Span columns = stored(isUpright(orientation) ? part->columns : part->rows, width, mirrorsColumns(orientation));
  codec->scale_num = 1;
  codec->scale_denom = (unsigned)shrink;
  int hasInks = codec->jpeg_color_space == JCS_CMYK || codec->jpeg_color_space == JCS_YCCK;
  codec->out_color_space = hasInks ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(codec);
  rows = scaled(rows, shrink, codec->output_height);
  columns = scaled(columns, shrink, codec->output_width);
  if (columns.begin > 0 || columns.end < codec->output_width) {
    JDIMENSION left = (JDIMENSION)columns.begin, count = (JDIMENSION)(columns.end - columns.begin);
    jpeg_crop_scanline(codec, &left, &count);
    columns = (Span){left, left + count};
  }
  size_t partHeight = rows.end - rows.begin, partWidth = columns.end - columns.begin, size = partHeight * partWidth * 3;
  // Turning needs the stored rows and the turned ones.
  if (grow(part->buffer, orientation == 1 ? size : 2 * size)) return fail(message, "not enough memory to decode it");
  uint8_t *pixels = part->buffer->data;
  JSAMPARRAY inks = NULL;
  if (hasInks) inks = (*codec->mem->alloc_sarray)((j_common_ptr)codec, JPOOL_IMAGE, (JDIMENSION)partWidth * 4, 1);
  if (rows.begin > 0) jpeg_skip_scanlines(codec, (JDIMENSION)rows.begin);
  while (codec->output_scanline < rows.end) {
    uint8_t *line = pixels + (codec->output_scanline - rows.begin) * partWidth * 3;
    JSAMPROW row = hasInks ? inks[0] : line;
    if (jpeg_read_scanlines(codec, &row, 1) == 1 && hasInks) {
      convertCMYK(inks[0], line, (JDIMENSION)partWidth, codec->saw_Adobe_marker);
    }
  }
  // Where all is read, also that the data end as they should.
  if (rows.end == codec->output_height) jpeg_finish_decompress(codec);
  if (orientation != 1) {
    orient(pixels, pixels + size, partHeight, partWidth, orientation);
    pixels += size;
  }
  int isTurned = !isUpright(orientation);
  // The corner: where sides are mirrored, a decoded pixel at the end may stand for less than `shrink`.
  double top = mirrorsRows(orientation) ? (double)height - (double)(rows.end * shrink) : (double)(rows.begin * shrink);
  double left = mirrorsColumns(orientation) ? (double)width - (double)(columns.end * shrink) : (double)(columns.begin * shrink);
  *part->region = (VisionDecodedRegion){
      .pixels = pixels, .height = (int32_t)(isTurned ? partWidth : partHeight), .width = (int32_t)(isTurned ? partHeight : partWidth),
      .top = isTurned ? left : top, .left = isTurned ? top : left, .shrink = part->shrink};
  return 0;
}

static void readWhole(struct jpeg_decompress_struct *codec, uint8_t *pixels) {
  int hasInks = codec->jpeg_color_space == JCS_CMYK || codec->jpeg_color_space == JCS_YCCK;
  codec->out_color_space = hasInks ? JCS_CMYK : JCS_RGB;
  jpeg_start_decompress(codec);
  JSAMPARRAY inks = NULL;
  if (hasInks) inks = (*codec->mem->alloc_sarray)((j_common_ptr)codec, JPOOL_IMAGE, codec->output_width * 4, 1);
  while (codec->output_scanline < codec->output_height) {
    uint8_t *line = pixels + (size_t)codec->output_scanline * codec->output_width * 3;
    JSAMPROW row = hasInks ? inks[0] : line;
    if (jpeg_read_scanlines(codec, &row, 1) == 1 && hasInks) {
      convertCMYK(inks[0], line, codec->output_width, codec->saw_Adobe_marker);
    }
  }
  jpeg_finish_decompress(codec);
}

// The whole picture as it is stored into `pixels` and *orientation, or the part `part`, turned.
static int32_t decodeJPEG(const uint8_t *bytes, size_t count, int32_t height, int32_t width, uint8_t *pixels,
                          int *orientation, const JPEGPart *part, char *message) {
  struct jpeg_decompress_struct codec;
  JPEGErrors errors;
  memset(&codec, 0, sizeof codec);
  prepare(&codec, &errors, message);
  if (setjmp(errors.leave)) {
    jpeg_destroy_decompress(&codec);
    return 1;
  }
  jpeg_create_decompress(&codec);
  struct jpeg_progress_mgr progress = {.progress_monitor = limitScans};
  codec.progress = &progress;
  jpeg_mem_src(&codec, bytes, (unsigned long)count);
  jpeg_save_markers(&codec, JPEG_APP0 + 1, 0xffff);
  jpeg_read_header(&codec, TRUE);
  *orientation = orientationOf(&codec);
  int32_t status = 0;
  int isTurned = !isUpright(*orientation);
  if (codec.image_height != (JDIMENSION)(isTurned ? width : height) || codec.image_width != (JDIMENSION)(isTurned ? height : width)) {
    status = fail(message, "the picture changed its size while it was read");
  } else if (part) {
    status = readPart(&codec, *orientation, part, message);
  } else {
    readWhole(&codec, pixels);
  }
  jpeg_destroy_decompress(&codec);
  return status;
}

// MARK: PNG. libpng's simplified interface stops before the checksum at the end and corrects gamma; other readers of
// data sets do not, so the full interface is used.

typedef struct {
  const uint8_t *bytes;
  size_t count;
  size_t position;
  char *message;
  jmp_buf leave;
} PNGSource;

static void failPNG(png_structp codec, png_const_charp text) {
  PNGSource *source = png_get_error_ptr(codec);
  fail(source->message, text);
  longjmp(source->leave, 1);
}

static void ignorePNGWarning(png_structp codec, png_const_charp text) {
  (void)codec;
  (void)text;
}

static void readPNG(png_structp codec, png_bytep out, size_t count) {
  PNGSource *source = png_get_io_ptr(codec);
  if (source->count - source->position < count) png_error(codec, "the data ends too early");
  memcpy(out, source->bytes + source->position, count);
  source->position += count;
}

// Reads the header, and where `pixels` is not null the picture, whose size must be the one given.
static int32_t readWholePNG(const uint8_t *bytes, size_t count, int32_t *height, int32_t *width, uint8_t *pixels,
                            char *message) {
  PNGSource source = {.bytes = bytes, .count = count, .message = message};
  png_structp codec = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, failPNG, ignorePNGWarning);
  if (!codec) return fail(message, "libpng gave no reader");
  png_infop info = png_create_info_struct(codec);
  // Nothing set after setjmp is used behind it, so that no local needs to be volatile.
  if (!info || setjmp(source.leave)) {
    png_destroy_read_struct(&codec, &info, NULL);
    return 1;
  }
  png_set_read_fn(codec, &source, readPNG);
  png_read_info(codec, info);
  png_uint_32 foundHeight = png_get_image_height(codec, info), foundWidth = png_get_image_width(codec, info);
  if (!pixels) {
    *height = (int32_t)foundHeight;
    *width = (int32_t)foundWidth;
  } else {
    if (foundHeight != (png_uint_32)*height || foundWidth != (png_uint_32)*width) {
      png_error(codec, "the picture changed its size while it was read");
    }
    png_set_expand(codec);
    png_set_scale_16(codec);
    png_set_strip_alpha(codec);
    png_set_gray_to_rgb(codec);
    int passes = png_set_interlace_handling(codec);
    png_read_update_info(codec, info);
    size_t stride = (size_t)foundWidth * 3;
    if (png_get_rowbytes(codec, info) != stride) png_error(codec, "a pixel format that is not known");
    for (int pass = 0; pass < passes; pass++) {
      for (png_uint_32 y = 0; y < foundHeight; y++) png_read_row(codec, pixels + y * stride, NULL);
    }
    png_read_end(codec, NULL);
  }
  png_destroy_read_struct(&codec, &info, NULL);
  return 0;
}

// MARK: The format is told by the first bytes, not by a file name

static int isJPEG(const uint8_t *bytes, size_t count) {
  return count >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff;
}

static int isPNG(const uint8_t *bytes, size_t count) {
  static const uint8_t signature[4] = {0x89, 'P', 'N', 'G'};
  return count >= sizeof signature && memcmp(bytes, signature, sizeof signature) == 0;
}

int32_t vision_picture_size(const uint8_t *bytes, size_t count, int32_t *height, int32_t *width, char *message) {
  if (isJPEG(bytes, count)) return sizeOfJPEG(bytes, count, height, width, message);
  if (isPNG(bytes, count)) return readWholePNG(bytes, count, height, width, NULL, message);
  return fail(message, count ? "its first bytes are neither JPEG nor PNG" : "it is empty");
}

int32_t vision_decode_picture(const uint8_t *bytes, size_t count, int32_t height, int32_t width, uint8_t *pixels,
                              char *message) {
  if (isPNG(bytes, count)) return readWholePNG(bytes, count, &height, &width, pixels, message);
  if (!isJPEG(bytes, count)) return fail(message, count ? "its first bytes are neither JPEG nor PNG" : "it is empty");
  int orientation = 1;
  if (decodeJPEG(bytes, count, height, width, pixels, &orientation, NULL, message)) return 1;
  if (orientation == 1) return 0;
  size_t size = (size_t)height * (size_t)width * 3;
  uint8_t *copy = malloc(size);
  if (!copy) return fail(message, "not enough memory to turn it");
  memcpy(copy, pixels, size);
  int isTurned = !isUpright(orientation);
  orient(copy, pixels, (size_t)(isTurned ? width : height), (size_t)(isTurned ? height : width), orientation);
  free(copy);
  return 0;
}

int32_t vision_decode_region(const uint8_t *bytes, size_t count, int32_t height, int32_t width, int32_t top, int32_t left,
                             int32_t regionHeight, int32_t regionWidth, int32_t shrink, VisionBuffer *buffer,
                             VisionDecodedRegion *region, char *message) {
  if (height <= 0 || width <= 0 || top < 0 || left < 0 || regionHeight <= 0 || regionWidth <= 0 ||
      regionHeight > height - top || regionWidth > width - left ||
      !(shrink == 1 || shrink == 2 || shrink == 4 || shrink == 8)) {
    return fail(message, "a part that is not inside the picture");
  }
  if (isPNG(bytes, count)) {
    if (grow(buffer, (size_t)height * (size_t)width * 3)) return fail(message, "not enough memory to decode it");
    *region = (VisionDecodedRegion){.pixels = buffer->data, .height = height, .width = width, .shrink = 1};
    return readWholePNG(bytes, count, &height, &width, buffer->data, message);
  }
  if (!isJPEG(bytes, count)) return fail(message, count ? "its first bytes are neither JPEG nor PNG" : "it is empty");
  JPEGPart part = {.rows = {(size_t)top, (size_t)(top + regionHeight)}, .columns = {(size_t)left, (size_t)(left + regionWidth)},
                   .shrink = shrink, .buffer = buffer, .region = region};
  int orientation = 1;
  return decodeJPEG(bytes, count, height, width, NULL, &orientation, &part, message);
}
