#include "DenseProductKernels.h"

#include "GELU.h"
#include "PanelProducts.h"
#include "Scratch.h"

// One version alone: others are never called, see basinDenseProductPays.
#if defined(__x86_64__) && defined(__linux__) && defined(__clang__)
#define BASIN_DENSE __attribute__((target("arch=x86-64-v3")))
#else
#define BASIN_DENSE
#endif

namespace {

using namespace basin;

constexpr int64_t depthBlock = BASIN_DENSE_DEPTH, rowBlock = BASIN_DENSE_ROWS;
// Not a multiple of a page, or a block's rows would share a few places of the first-level cache.
constexpr int64_t blockStride = depthBlock + 16;
// Rows of a left side that are multiplied together, and columns of one that stay in the second-level cache.
constexpr int64_t strip = 4, strips = 24 * strip;

// Columns lie in panels of 24, of which 4 rows take 7 loads for 12 multiply-adds, where 6 rows of 16 take 8: that counts where another
// thread computes on the same core. What 24 does not divide is in one or two panels of 16 behind them.
constexpr int64_t wideWidth = 24;

// sums [24] of a row += value side.
BASIN_DENSE BASIN_INLINE void addWide(const float *value, const Eight *side, Eight *sums) {
#if defined(__x86_64__) && defined(__linux__) && defined(__clang__)
  // Twelve sums, three vectors of a panel and this value are all sixteen registers. Left to itself the compiler loads the next row's value
  // before this one is done with and keeps a sum in memory, which takes twice as long.
  Eight spread;
  asm("vbroadcastss %7, %3\n\tvfmadd231ps %4, %3, %0\n\tvfmadd231ps %5, %3, %1\n\tvfmadd231ps %6, %3, %2"
      : "+x"(sums[0]), "+x"(sums[1]), "+x"(sums[2]), "=&x"(spread)
      : "x"(side[0]), "x"(side[1]), "x"(side[2]), "m"(*value));
#else
  for (int v = 0; v < 3; ++v) sums[v] += *value * side[v];
#endif
}

// Numbers that are read after what is computed now, rows `stride` apart: asked for a few lines of the cache at a time meanwhile. A row's part
// in a column's block is too short, and the next one too far away, for the processor to ask by itself.
struct Ahead {
  const float *row;
  int64_t columns, stride, rows, column = 0, share = 0;

  // So many times `ask` will be called.
  BASIN_INLINE void spreadOver(int64_t calls) { share = calls > 0 ? rows * ((columns + 15) / 16) / calls + 1 : 0; }

  BASIN_INLINE void ask() {
    for (int64_t i = 0; i < share && rows > 0; ++i) {
      __builtin_prefetch(row + column, 0, 2);
      column += 16;
      if (column >= columns) {
        column = 0;
        row += stride;
        --rows;
      }
    }
  }
};

// As panelRows, for 4 rows of 24 sums.
BASIN_DENSE BASIN_INLINE void wideRows(const float *left, int64_t rowStride, int64_t depthStride, const float *right,
                                       int64_t depth, bool adds, float *out, int64_t outStride) {
  Eight sums[strip][3];
#pragma clang loop unroll(full)
  for (int r = 0; r < strip; ++r) {
#pragma clang loop unroll(full)
    for (int v = 0; v < 3; ++v) sums[r][v] = adds ? eight(out + r * outStride + v * 8) : Eight{};
  }
#pragma clang loop unroll_count(4)
  for (int64_t k = 0; k < depth; ++k, left += depthStride, right += wideWidth) {
    const Eight side[3] = {eight(right), eight(right + 8), eight(right + 16)};
#pragma clang loop unroll(full)
    for (int r = 0; r < strip; ++r) addWide(left + r * rowStride, side, sums[r]);
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < strip; ++r) {
#pragma clang loop unroll(full)
    for (int v = 0; v < 3; ++v) eight(out + r * outStride + v * 8) = sums[r][v];
  }
}

BASIN_INLINE int64_t narrowPanels(int64_t columns) { return columns % wideWidth == 0 ? 0 : columns % wideWidth == 16 ? 1 : 2; }

BASIN_INLINE int64_t wideColumns(int64_t columns) { return columns - narrowPanels(columns) * panelWidth; }

BASIN_DENSE BASIN_INLINE void toPanels(const float *in, int64_t stride, int64_t rows, int64_t columns, float *out) {
  const int64_t wide = wideColumns(columns);
  rowsToPanels<wideWidth>(in, stride, nullptr, 1, rows, wide, out);
  rowsToPanels(in + wide, stride, nullptr, 1, rows, columns - wide, out + wide * rows);
}

// Panels lie one behind the other in each block of the depth: [blocks][panels][depth of the block][24 or 16].
BASIN_DENSE void makePanels(const float *weight, bool transposes, int64_t depth, int64_t columns, int64_t begin, int64_t end,
                            float *panels) {
  const int64_t wide = wideColumns(columns);
  for (int64_t k = 0; k < depth; k += depthBlock) {
    const int64_t part = smaller(depthBlock, depth - k);
    for (int64_t j = begin; j < end; ++j) {
      const int64_t column = j * wideWidth <= wide ? j * wideWidth : wide + (j - wide / wideWidth) * panelWidth;
      float *out = panels + k * columns + column * part;
      if (transposes) {
        const float *in = weight + column * depth + k;
        column < wide ? columnsToPanels<wideWidth>(in, depth, nullptr, wideWidth, part, out)
                      : columnsToPanels(in, depth, nullptr, panelWidth, part, out);
      } else {
        const float *in = weight + k * columns + column;
        column < wide ? rowsToPanels<wideWidth>(in, columns, nullptr, 1, part, wideWidth, out)
                      : rowsToPanels(in, columns, nullptr, 1, part, panelWidth, out);
      }
    }
  }
}

// out [rows, columns] = left [rows, depth] right, or out += where `adds`; left's rows lie `stride` apart, right is in panels.
BASIN_DENSE BASIN_INLINE void blockProduct(const float *left, int64_t stride, int64_t rows, const float *panels, int64_t columns,
                                           int64_t depth, bool adds, Ahead ahead, float *out, int64_t outStride) {
  const int64_t wide = wideColumns(columns);
  ahead.spreadOver(rows / strip * (wide / wideWidth));
  for (int64_t c = 0; c < wide; c += wideWidth) {
    const float *side = panels + c * depth;
    float *to = out + c;
    int64_t r = 0;
    for (; r + strip <= rows; r += strip) {
      ahead.ask();
      wideRows(left + r * stride, stride, 1, side, depth, adds, to + r * outStride, outStride);
    }
    for (; r < rows; ++r) panelRows<1, 3>(left + r * stride, stride, 1, side, depth, adds, to + r * outStride, outStride);
  }
  panelProduct(left, stride, 1, rows, panels + wide * depth, depth * panelWidth, (columns - wide) / panelWidth, depth, adds,
               out + wide, outStride);
}

// `form` below 0: left as it is.
template <int form>
BASIN_DENSE BASIN_INLINE void productRowsOf(const float *left, const float *shift, int64_t depth, const float *panels,
                                            int64_t columns, const float *bias, int64_t begin, int64_t end, float *buffer,
                                            float *out) {
  for (int64_t t = begin; t < end; t += rowBlock) {
    const int64_t rows = smaller(rowBlock, end - t);
    for (int64_t r = 0; bias && r < rows; ++r) memcpy(out + (t + r) * columns, bias, static_cast<size_t>(columns) * sizeof(float));
    // Rows of one block lie as close together as copies of them would.
    if (form < 0 && depth <= depthBlock) {
      const Ahead ahead{left + (t + rows) * depth, depth, depth, smaller(rowBlock, end - t - rows)};
      blockProduct(left + t * depth, depth, rows, panels, columns, depth, bias != nullptr, ahead, out + t * columns, columns);
      continue;
    }
    for (int64_t k = 0; k < depth; k += depthBlock) {
      const int64_t part = smaller(depthBlock, depth - k);
      for (int64_t r = 0; r < rows; ++r) {
        const float *in = left + (t + r) * depth + k;
        float *to = buffer + r * blockStride;
        if constexpr (form < 0) {
          memcpy(to, in, static_cast<size_t>(part) * sizeof(float));
        } else {
          for (int64_t c = 0; c < part; c += 8) {
            Eight x = eight(in + c), y;
            if (shift) x += eight(shift + k + c);
            gelu<form>(x, y);
            eight(to + c) = y;
          }
        }
      }
      // The next block of these rows, or the first of the next rows.
      const bool isLast = k + part == depth;
      const int64_t row = isLast ? t + rows : t, column = isLast ? 0 : k + part;
      const Ahead ahead{left + row * depth + column, smaller(depthBlock, depth - column), depth, smaller(rowBlock, end - row)};
      blockProduct(buffer, blockStride, rows, panels + k * columns, columns, part, k > 0 || bias, ahead, out + t * columns, columns);
    }
  }
}

BASIN_DENSE void product(const float *left, int64_t depth, const float *panels, int64_t columns, const float *bias, int64_t begin,
                         int64_t end, float *buffer, float *out) {
  productRowsOf<-1>(left, nullptr, depth, panels, columns, bias, begin, end, buffer, out);
}

BASIN_DENSE void productOfExactGELU(const float *left, const float *shift, int64_t depth, const float *panels, int64_t columns,
                                    int64_t begin, int64_t end, float *buffer, float *out) {
  productRowsOf<BASIN_GELU_EXACT>(left, shift, depth, panels, columns, nullptr, begin, end, buffer, out);
}

BASIN_DENSE void productOfTanhGELU(const float *left, const float *shift, int64_t depth, const float *panels, int64_t columns,
                                   int64_t begin, int64_t end, float *buffer, float *out) {
  productRowsOf<BASIN_GELU_TANH>(left, shift, depth, panels, columns, nullptr, begin, end, buffer, out);
}

// Columns in strips of 4, [strips][rows][4]: a line of the cache at a time, four strips.
BASIN_DENSE BASIN_INLINE void columnsToStrips(const float *in, int64_t stride, int64_t rows, int64_t columns, float *out) {
  for (int64_t c = 0; c < columns; c += 4 * strip, out += 4 * strip * rows) {
    for (int64_t r = 0; r < rows; ++r) {
#pragma clang loop unroll(full)
      for (int64_t i = 0; i < 4; ++i) memcpy(out + (i * rows + r) * strip, in + r * stride + c + i * strip, strip * sizeof(float));
    }
  }
}

BASIN_DENSE void outerSide(const float *in, int64_t columns, int64_t rows, bool isLeft, int64_t begin, int64_t end, float *side) {
  for (int64_t t = begin * depthBlock; t < smaller(end * depthBlock, rows); t += depthBlock) {
    const int64_t depth = smaller(depthBlock, rows - t);
    if (isLeft) {
      columnsToStrips(in + t * columns, columns, depth, columns, side + t * columns);
    } else {
      toPanels(in + t * columns, columns, depth, columns, side + t * columns);
    }
  }
}

// The sum over `depth` terms for `count` columns of the left side, in strips, and all of the right one, in panels.
BASIN_DENSE BASIN_INLINE void outerBlock(const float *turned, int64_t count, const float *panels, int64_t columns, int64_t depth,
                                         bool adds, Ahead &ahead, float *out, int64_t outStride) {
  const int64_t wide = wideColumns(columns);
  int64_t c = 0;
  for (; c < wide; c += wideWidth) {
    for (int64_t i = 0; i < count; i += strip) {
      ahead.ask();
      wideRows(turned + i * depth, 1, strip, panels + c * depth, depth, adds, out + i * outStride + c, outStride);
    }
  }
  for (; c < columns; c += panelWidth) {
    for (int64_t i = 0; i < count; i += strip) {
      panelRows<strip>(turned + i * depth, 1, strip, panels + c * depth, depth, adds, out + i * outStride + c, outStride);
    }
  }
}

BASIN_DENSE void outerProductOfLeft(const float *left, int64_t leftColumns, const float *side, int64_t rightColumns, int64_t rows,
                                    int64_t begin, int64_t end, float *turned, float *out) {
  for (int64_t t = 0; t < rows; t += depthBlock) {
    const int64_t depth = smaller(depthBlock, rows - t);
    for (int64_t j = begin; j < end; j += strips) {
      const int64_t count = smaller(strips, end - j);
      columnsToStrips(left + t * leftColumns + j, leftColumns, depth, count, turned);
      const bool isLast = j + count == end;
      const int64_t row = isLast ? t + depth : t, column = isLast ? begin : j + count;
      Ahead ahead{left + row * leftColumns + column, smaller(strips, end - column), leftColumns, smaller(depthBlock, rows - row)};
      ahead.spreadOver(count / strip * (wideColumns(rightColumns) / wideWidth));
      outerBlock(turned, count, side + t * rightColumns, rightColumns, depth, t > 0, ahead, out + j * rightColumns, rightColumns);
    }
  }
}

BASIN_DENSE void outerProductOfRight(const float *side, int64_t leftColumns, const float *right, int64_t rightColumns,
                                     int64_t rows, int64_t begin, int64_t end, float *panels, float *out) {
  for (int64_t t = 0; t < rows; t += depthBlock) {
    const int64_t depth = smaller(depthBlock, rows - t);
    toPanels(right + t * rightColumns + begin, rightColumns, depth, end - begin, panels);
    Ahead ahead{right + (t + depth) * rightColumns + begin, end - begin, rightColumns, smaller(depthBlock, rows - t - depth)};
    ahead.spreadOver(leftColumns / strip * (wideColumns(end - begin) / wideWidth));
    for (int64_t j = 0; j < leftColumns; j += strips) {
      outerBlock(side + t * leftColumns + j * depth, smaller(strips, leftColumns - j), panels, end - begin, depth, t > 0,
                 ahead, out + j * rightColumns + begin, rightColumns);
    }
  }
}

}  // namespace

extern "C" {

int32_t basinDenseProductPays(void) {
#if defined(__x86_64__) && defined(__linux__) && defined(__clang__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("x86-64-v3") && !__builtin_cpu_is("intel");
#else
  return 0;
#endif
}

int64_t basinDensePanelCount(int64_t columns) { return wideColumns(columns) / wideWidth + narrowPanels(columns); }

void basinDensePanels(const float *weight, int32_t transposes, int64_t depth, int64_t columns, int64_t begin, int64_t end,
                      float *panels) {
  makePanels(weight, transposes != 0, depth, columns, begin, end, panels);
}

void basinDenseProduct(const float *left, int64_t depth, const float *panels, int64_t columns, const float *bias, int64_t begin,
                       int64_t end, float *out) {
  product(left, depth, panels, columns, bias, begin, end, scratch(rowBlock * blockStride), out);
}

void basinDenseProductOfGELU(int32_t form, const float *left, const float *shift, int64_t depth, const float *panels,
                             int64_t columns, int64_t begin, int64_t end, float *out) {
  float *buffer = scratch(rowBlock * blockStride);
  if (form == BASIN_GELU_TANH) return productOfTanhGELU(left, shift, depth, panels, columns, begin, end, buffer, out);
  productOfExactGELU(left, shift, depth, panels, columns, begin, end, buffer, out);
}

void basinDenseOuterSide(const float *in, int64_t columns, int64_t rows, int32_t isLeft, int64_t begin, int64_t end, float *side) {
  outerSide(in, columns, rows, isLeft != 0, begin, end, side);
}

void basinDenseOuterProductOfLeft(const float *left, int64_t leftColumns, const float *side, int64_t rightColumns, int64_t rows,
                                  int64_t begin, int64_t end, float *out) {
  outerProductOfLeft(left, leftColumns, side, rightColumns, rows, begin, end, scratch(depthBlock * strips), out);
}

void basinDenseOuterProductOfRight(const float *side, int64_t leftColumns, const float *right, int64_t rightColumns, int64_t rows,
                                   int64_t begin, int64_t end, float *out) {
  outerProductOfRight(side, leftColumns, right, rightColumns, rows, begin, end, scratch(depthBlock * (end - begin)), out);
}
}
