#include "GraphKernels.h"

#include <algorithm>

#include "Vectors.h"

using namespace basin;

namespace {

// `Width` neighbouring columns of one output row; the sums stay in registers.
template <int Width, bool placed>
BASIN_INLINE void sumEntries(const BasinSparseRows &matrix, int64_t row, const float *dense, int64_t stride,
                             float *out) {
  constexpr int vectors = Width / 8, rest = Width % 8;
  Eight sums[vectors + 1] = {};
  float tail[rest + 1] = {};
  const int64_t end = matrix.pointers[row + 1];
  for (int64_t k = matrix.pointers[row]; k < end; ++k) {
    const float value = matrix.values[placed ? matrix.places[k] : k];
    const float *x = dense + static_cast<int64_t>(matrix.columns[k]) * stride;
    for (int v = 0; v < vectors; ++v) sums[v] += value * reinterpret_cast<const Eight *>(x)[v];
    for (int j = 0; j < rest; ++j) tail[j] += value * x[8 * vectors + j];
  }
  for (int v = 0; v < vectors; ++v) reinterpret_cast<Eight *>(out)[v] = sums[v];
  for (int j = 0; j < rest; ++j) out[8 * vectors + j] = tail[j];
}

template <bool placed>
BASIN_INLINE void sumRow(const BasinSparseRows &matrix, int64_t row, const float *dense, int64_t width, float *out) {
  int64_t j = 0;
  for (; j + 32 <= width; j += 32) sumEntries<32, placed>(matrix, row, dense + j, width, out + j);
  if (j + 16 <= width) {
    sumEntries<16, placed>(matrix, row, dense + j, width, out + j);
    j += 16;
  }
  if (j + 8 <= width) {
    sumEntries<8, placed>(matrix, row, dense + j, width, out + j);
    j += 8;
  }
  switch (width - j) {
    case 7: sumEntries<7, placed>(matrix, row, dense + j, width, out + j); break;
    case 6: sumEntries<6, placed>(matrix, row, dense + j, width, out + j); break;
    case 5: sumEntries<5, placed>(matrix, row, dense + j, width, out + j); break;
    case 4: sumEntries<4, placed>(matrix, row, dense + j, width, out + j); break;
    case 3: sumEntries<3, placed>(matrix, row, dense + j, width, out + j); break;
    case 2: sumEntries<2, placed>(matrix, row, dense + j, width, out + j); break;
    case 1: sumEntries<1, placed>(matrix, row, dense + j, width, out + j); break;
    default: break;
  }
}

// `count` bits from bit `first` on, at most eight; they may lie across two words.
BASIN_INLINE uint32_t bitsFrom(const uint32_t *words, int64_t first, int64_t count) {
  const int64_t word = first >> 5, shift = first & 31;
  uint32_t bits = words[word] >> shift;
  if (shift + count > 32) bits |= words[word + 1] << (32 - shift);
  return bits;
}

BASIN_INLINE void activateRow(const BasinActivation &activation, int64_t row, int64_t width, float *out) {
  const EightBits places = {1, 2, 4, 8, 16, 32, 64, 128};
  const int64_t firstBit = activation.kept ? static_cast<int64_t>(activation.nodes[row]) * width : 0;
  int64_t j = 0;
  // Masks by hand: compilers make eight branches of `kept ? x : 0`.
  for (; j + 8 <= width; j += 8) {
    Eight x = *reinterpret_cast<const Eight *>(out + j);
    if (activation.bias) x += *reinterpret_cast<const Eight *>(activation.bias + j);
    // Written so that a NaN stays one, here and below.
    if (activation.rectified) x = (Eight)((EightBits)x & ~(EightBits)(x < 0));
    if (activation.kept) {
      const int32_t bits = static_cast<int32_t>(bitsFrom(activation.kept, firstBit + j, 8));
      x = (Eight)((EightBits)(x * activation.scale) & (EightBits)((places & bits) != 0));
    }
    *reinterpret_cast<Eight *>(out + j) = x;
  }
  for (; j < width; ++j) {
    float x = out[j];
    if (activation.bias) x += activation.bias[j];
    if (activation.rectified) x = x < 0 ? 0 : x;
    if (activation.kept) x = bitsFrom(activation.kept, firstBit + j, 1) & 1 ? x * activation.scale : 0;
    out[j] = x;
  }
}

// Columns j..<j + Width of the rows begin..<end.
template <int Width>
BASIN_INLINE void activationGradient(const float *result, const float *gradient, float scale, int64_t width, int64_t j,
                                     int64_t begin, int64_t end, float *out, float *sums) {
  float sum[Width] = {};
  for (int64_t r = begin; r < end; ++r) {
    const int64_t at = r * width + j;
    float x[Width];
    if (result) {
      for (int i = 0; i < Width; ++i) x[i] = result[at + i] > 0 ? gradient[at + i] * scale : 0;
      for (int i = 0; i < Width; ++i) out[at + i] = x[i];
    } else {
      for (int i = 0; i < Width; ++i) x[i] = gradient[at + i];
    }
    for (int i = 0; i < Width; ++i) sum[i] += x[i];
  }
  for (int i = 0; i < Width; ++i) sums[j + i] = sum[i];
}

}  // namespace

extern "C" {

BASIN_VECTORIZED void basinSparseProduct(const BasinSparseRows *matrix, const float *dense, int64_t width,
                                         int64_t begin, int64_t end, const BasinActivation *activation, float *out) {
  const BasinSparseRows m = *matrix;
  for (int64_t r = begin; r < end; ++r) {
    const int64_t row = m.rows ? m.rows[r] : r;
    float *target = out + r * width;
    if (m.places) {
      sumRow<true>(m, row, dense, width, target);
    } else {
      sumRow<false>(m, row, dense, width, target);
    }
    if (activation) activateRow(*activation, r, width, target);
  }
}

BASIN_VECTORIZED void basinSparseProductTransposed(const BasinSparseRows *matrix, const float *dense, int64_t width,
                                                   int64_t rowCount, int64_t blockBegin, int64_t blockEnd, float *out) {
  constexpr int64_t block = BASIN_TRANSPOSED_BLOCK, chunk = 32;
  const BasinSparseRows m = *matrix;
  float sums[block * chunk];
  for (int64_t b = blockBegin; b < blockEnd; ++b) {
    const int64_t first = b * block, count = std::min(block, rowCount - first);
    // A block of rows at a time, so that each line of `out` is written whole.
    for (int64_t j = 0; j < width;) {
      const int64_t left = width - j;
      const int64_t step = left >= 32 ? 32 : left >= 16 ? 16 : left >= 8 ? 8 : 1;
      for (int64_t r = 0; r < count; ++r) {
        const int64_t row = m.rows ? m.rows[first + r] : first + r;
        float *target = sums + r * chunk;
        switch (step) {
          case 32: m.places ? sumEntries<32, true>(m, row, dense + j, width, target)
                            : sumEntries<32, false>(m, row, dense + j, width, target); break;
          case 16: m.places ? sumEntries<16, true>(m, row, dense + j, width, target)
                            : sumEntries<16, false>(m, row, dense + j, width, target); break;
          case 8: m.places ? sumEntries<8, true>(m, row, dense + j, width, target)
                           : sumEntries<8, false>(m, row, dense + j, width, target); break;
          default: m.places ? sumEntries<1, true>(m, row, dense + j, width, target)
                            : sumEntries<1, false>(m, row, dense + j, width, target); break;
        }
      }
      for (int64_t c = 0; c < step; ++c) {
        float *line = out + (j + c) * rowCount + first;
        if (count == block) {
          for (int64_t r = 0; r < block; ++r) line[r] = sums[r * chunk + c];
        } else {
          for (int64_t r = 0; r < count; ++r) line[r] = sums[r * chunk + c];
        }
      }
      j += step;
    }
  }
}

BASIN_VECTORIZED void basinTranspose(const float *in, int64_t rows, int64_t columns, int64_t begin, int64_t end,
                                     float *out) {
  constexpr int64_t tile = 8;
  int64_t c = begin;
  for (; c + tile <= end; c += tile) {
    int64_t r = 0;
    for (; r + tile <= rows; r += tile) {
      float square[tile][tile];
      for (int64_t i = 0; i < tile; ++i) {
        for (int64_t j = 0; j < tile; ++j) square[j][i] = in[(r + i) * columns + c + j];
      }
      for (int64_t j = 0; j < tile; ++j) {
        for (int64_t i = 0; i < tile; ++i) out[(c + j) * rows + r + i] = square[j][i];
      }
    }
    for (; r < rows; ++r) {
      for (int64_t j = 0; j < tile; ++j) out[(c + j) * rows + r] = in[r * columns + c + j];
    }
  }
  for (; c < end; ++c) {
    for (int64_t r = 0; r < rows; ++r) out[c * rows + r] = in[r * columns + c];
  }
}

BASIN_VECTORIZED void basinPackKept(const uint32_t *words, uint32_t threshold, int64_t count, int64_t wordBegin,
                                    int64_t wordEnd, uint32_t *bits) {
  for (int64_t w = wordBegin; w < wordEnd; ++w) {
    const int64_t first = w * 32, n = std::min<int64_t>(32, count - first);
    uint32_t word = 0;
    for (int64_t i = 0; i < n; ++i) word |= static_cast<uint32_t>(words[first + i] >= threshold) << i;
    bits[w] = word;
  }
}

BASIN_VECTORIZED void basinDropValues(const uint32_t *kept, float scale, int64_t count, int64_t wordBegin,
                                      int64_t wordEnd, const float *in, float *out) {
  for (int64_t w = wordBegin; w < wordEnd; ++w) {
    const uint32_t word = kept[w];
    const int64_t first = w * 32;
    if (first + 32 <= count) {
      for (uint32_t i = 0; i < 32; ++i) out[first + i] = word & (1u << i) ? in[first + i] * scale : 0;
    } else {
      for (uint32_t i = 0; i < count - first; ++i) out[first + i] = word & (1u << i) ? in[first + i] * scale : 0;
    }
  }
}

BASIN_VECTORIZED void basinActivationGradient(const float *result, const float *gradient, float scale, int64_t rows,
                                              int64_t width, int64_t blockBegin, int64_t blockEnd, float *out,
                                              float *sums) {
  for (int64_t b = blockBegin; b < blockEnd; ++b) {
    const int64_t begin = b * BASIN_GRADIENT_BLOCK;
    const int64_t end = std::min<int64_t>(rows, begin + BASIN_GRADIENT_BLOCK);
    float *target = sums + b * width;
    int64_t j = 0;
    for (; j + 16 <= width; j += 16) {
      activationGradient<16>(result, gradient, scale, width, j, begin, end, out, target);
    }
    for (; j + 8 <= width; j += 8) activationGradient<8>(result, gradient, scale, width, j, begin, end, out, target);
    for (; j < width; ++j) activationGradient<1>(result, gradient, scale, width, j, begin, end, out, target);
  }
}

}
