#include "DenseProductKernels.h"

#include "GELU.h"
#include "PanelProducts.h"
#include "Scratch.h"

namespace {

using namespace basin;

constexpr int64_t depthBlock = BASIN_DENSE_DEPTH, rowBlock = BASIN_DENSE_ROWS;
// Not a multiple of a page, or a block's rows would share a few places of the first-level cache.
constexpr int64_t blockStride = depthBlock + 16;
// Rows of a left side that are multiplied together, and columns of one that stay in the second-level cache.
constexpr int64_t strip = 6, strips = 16 * strip;

// Panels lie one behind the other in each block of the depth: [blocks][panels][depth of the block][16].
BASIN_VERSIONS void makePanels(const float *weight, bool transposes, int64_t depth, int64_t columns, int64_t begin, int64_t end,
                               float *panels) {
  for (int64_t k = 0; k < depth; k += depthBlock) {
    const int64_t part = smaller(depthBlock, depth - k);
    for (int64_t j = begin; j < end; ++j) {
      float *out = panels + k * columns + j * part * panelWidth;
      if (transposes) {
        columnsToPanels(weight + j * panelWidth * depth + k, depth, nullptr, panelWidth, part, out);
      } else {
        rowsToPanels(weight + k * columns + j * panelWidth, columns, nullptr, 1, part, panelWidth, out);
      }
    }
  }
}

// `form` below 0: left as it is.
template <int form>
BASIN_INLINE void productRowsOf(const float *left, const float *shift, int64_t depth, const float *panels, int64_t columns,
                                const float *bias, int64_t begin, int64_t end, float *buffer, float *out) {
  for (int64_t t = begin; t < end; t += rowBlock) {
    const int64_t rows = smaller(rowBlock, end - t);
    for (int64_t r = 0; bias && r < rows; ++r) memcpy(out + (t + r) * columns, bias, static_cast<size_t>(columns) * sizeof(float));
    // Rows of one block lie as close together as copies of them would.
    if (form < 0 && depth <= depthBlock) {
      panelProduct(left + t * depth, depth, 1, rows, panels, depth * panelWidth, columns / panelWidth, depth, bias != nullptr,
                   out + t * columns, columns);
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
      panelProduct(buffer, blockStride, 1, rows, panels + k * columns, part * panelWidth, columns / panelWidth, part,
                   k > 0 || bias, out + t * columns, columns);
    }
  }
}

BASIN_VERSIONS void product(const float *left, int64_t depth, const float *panels, int64_t columns, const float *bias,
                            int64_t begin, int64_t end, float *buffer, float *out) {
  productRowsOf<-1>(left, nullptr, depth, panels, columns, bias, begin, end, buffer, out);
}

BASIN_VERSIONS void productOfExactGELU(const float *left, const float *shift, int64_t depth, const float *panels,
                                       int64_t columns, int64_t begin, int64_t end, float *buffer, float *out) {
  productRowsOf<BASIN_GELU_EXACT>(left, shift, depth, panels, columns, nullptr, begin, end, buffer, out);
}

BASIN_VERSIONS void productOfTanhGELU(const float *left, const float *shift, int64_t depth, const float *panels,
                                      int64_t columns, int64_t begin, int64_t end, float *buffer, float *out) {
  productRowsOf<BASIN_GELU_TANH>(left, shift, depth, panels, columns, nullptr, begin, end, buffer, out);
}

BASIN_INLINE int64_t inStrips(int64_t columns) { return (columns + strip - 1) / strip * strip; }

// Columns in strips of 6, [strips][rows][6].
BASIN_INLINE void columnsToStrips(const float *in, int64_t stride, int64_t rows, int64_t columns, float *out) {
  for (int64_t c = 0; c < columns; c += strip) {
    const int64_t count = smaller(strip, columns - c);
    if (count == strip) {
      for (int64_t r = 0; r < rows; ++r, out += strip) memcpy(out, in + r * stride + c, strip * sizeof(float));
    } else {
      for (int64_t r = 0; r < rows; ++r, out += strip) memcpy(out, in + r * stride + c, static_cast<size_t>(count) * sizeof(float));
    }
  }
}

BASIN_VERSIONS void outerSide(const float *in, int64_t columns, int64_t rows, bool isLeft, int64_t begin, int64_t end,
                              float *side) {
  for (int64_t t = begin * depthBlock; t < smaller(end * depthBlock, rows); t += depthBlock) {
    const int64_t depth = smaller(depthBlock, rows - t);
    if (isLeft) {
      columnsToStrips(in + t * columns, columns, depth, columns, side + t * inStrips(columns));
    } else {
      rowsToPanels(in + t * columns, columns, nullptr, 1, depth, columns, side + t * columns);
    }
  }
}

// The sum over `depth` terms for `count` columns of the left side and all panels of the right one.
BASIN_INLINE void outerBlock(const float *turned, int64_t count, const float *panels, int64_t panelCount, int64_t depth, bool adds,
                             float *out, int64_t outStride) {
  for (int64_t p = 0; p < panelCount; ++p) {
    const float *side = panels + p * depth * panelWidth;
    float *to = out + p * panelWidth;
    int64_t i = 0;
    for (; i + strip <= count; i += strip) {
      panelRows<strip>(turned + i * depth, 1, strip, side, depth, adds, to + i * outStride, outStride);
    }
    panelProduct(turned + i * depth, 1, strip, count - i, side, 0, 1, depth, adds, to + i * outStride, outStride);
  }
}

BASIN_VERSIONS void outerProductOfLeft(const float *left, int64_t leftColumns, const float *side, int64_t rightColumns, int64_t rows,
                                       int64_t begin, int64_t end, float *turned, float *out) {
  for (int64_t t = 0; t < rows; t += depthBlock) {
    const int64_t depth = smaller(depthBlock, rows - t);
    for (int64_t j = begin; j < end; j += strips) {
      const int64_t count = smaller(strips, end - j);
      columnsToStrips(left + t * leftColumns + j, leftColumns, depth, count, turned);
      outerBlock(turned, count, side + t * rightColumns, rightColumns / panelWidth, depth, t > 0, out + j * rightColumns, rightColumns);
    }
  }
}

BASIN_VERSIONS void outerProductOfRight(const float *side, int64_t leftColumns, const float *right, int64_t rightColumns,
                                        int64_t rows, int64_t begin, int64_t end, float *panels, float *out) {
  for (int64_t t = 0; t < rows; t += depthBlock) {
    const int64_t depth = smaller(depthBlock, rows - t);
    rowsToPanels(right + t * rightColumns + begin, rightColumns, nullptr, 1, depth, end - begin, panels);
    for (int64_t j = 0; j < leftColumns; j += strips) {
      outerBlock(side + t * inStrips(leftColumns) + j * depth, smaller(strips, leftColumns - j), panels, (end - begin) / panelWidth,
                 depth, t > 0, out + j * rightColumns + begin, rightColumns);
    }
  }
}

}  // namespace

extern "C" {

int32_t basinDenseProductPays(void) {
#if defined(__x86_64__) && defined(__linux__) && defined(__clang__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && !__builtin_cpu_is("intel");
#else
  return 0;
#endif
}

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

int64_t basinDenseOuterSideCount(int64_t columns, int64_t rows) { return inStrips(columns) * rows; }

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
