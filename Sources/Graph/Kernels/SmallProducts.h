// Products of small matrices in rows of a multiple of 16 columns, for widths that a library's call is too dear for.
#ifndef BASIN_GRAPH_SMALL_PRODUCTS_H
#define BASIN_GRAPH_SMALL_PRODUCTS_H

#include <stdint.h>

#include "Vectors.h"

namespace basin {

// Sixteen floats at any address: one register of AVX-512, two of AVX2.
typedef float Sixteen __attribute__((vector_size(64), aligned(4)));
typedef int32_t SixteenBits __attribute__((vector_size(64), aligned(4)));

BASIN_INLINE const Sixteen &sixteen(const float *p) { return *reinterpret_cast<const Sixteen *>(p); }
BASIN_INLINE Sixteen &sixteen(float *p) { return *reinterpret_cast<Sixteen *>(p); }

// How many rows by how many vectors of sums fit the registers.
struct ThirtyTwoRegisters {
  static constexpr int rows = 8, vectors = 2, rowsOfOne = 16;
};
struct SixteenRegisters {
  static constexpr int rows = 6, vectors = 1, rowsOfOne = 6;
};

// The left matrix: element (i, k) is at data[i * row + k * step].
struct LeftMatrix {
  const float *data;
  int64_t row, step;
};

// Where the sums begin: at `bias` (a row), at what is there already, or at 0.
enum class Start { zero, bias, sum };

template <int Rows, int Vectors, Start start>
BASIN_INLINE void productTile(const LeftMatrix &left, int64_t i, const float *right, int64_t rightStride, int64_t depth,
                              const float *bias, float *out, int64_t stride) {
  Sixteen sums[Rows][Vectors];
#pragma clang loop unroll(full)
  for (int r = 0; r < Rows; ++r) {
#pragma clang loop unroll(full)
    for (int v = 0; v < Vectors; ++v) {
      if constexpr (start == Start::zero) sums[r][v] = Sixteen{};
      if constexpr (start == Start::bias) sums[r][v] = sixteen(bias + 16 * v);
      if constexpr (start == Start::sum) sums[r][v] = sixteen(out + r * stride + 16 * v);
    }
  }
  const float *at = left.data + i * left.row;
  for (int64_t k = 0; k < depth; ++k, at += left.step, right += rightStride) {
    Sixteen row[Vectors];
#pragma clang loop unroll(full)
    for (int v = 0; v < Vectors; ++v) row[v] = sixteen(right + 16 * v);
#pragma clang loop unroll(full)
    for (int r = 0; r < Rows; ++r) {
      const float x = at[r * left.row];
#pragma clang loop unroll(full)
      for (int v = 0; v < Vectors; ++v) sums[r][v] += x * row[v];
    }
  }
#pragma clang loop unroll(full)
  for (int r = 0; r < Rows; ++r) {
#pragma clang loop unroll(full)
    for (int v = 0; v < Vectors; ++v) sixteen(out + r * stride + 16 * v) = sums[r][v];
  }
}

template <int Rows, int Vectors, Start start>
BASIN_INLINE void productColumns(const LeftMatrix &left, int64_t rows, const float *right, int64_t rightStride,
                                 int64_t depth, const float *bias, float *out, int64_t stride) {
  int64_t i = 0;
  for (; i + Rows <= rows; i += Rows) {
    productTile<Rows, Vectors, start>(left, i, right, rightStride, depth, bias, out + i * stride, stride);
  }
  if constexpr (Rows > 4) {
    for (; i + 4 <= rows; i += 4) {
      productTile<4, Vectors, start>(left, i, right, rightStride, depth, bias, out + i * stride, stride);
    }
  }
  for (; i < rows; ++i) {
    productTile<1, Vectors, start>(left, i, right, rightStride, depth, bias, out + i * stride, stride);
  }
}

// out[i, j] = start + sum over k of left[i, k] right[k, j], for rows x columns; columns is a multiple of 16.
template <class Registers, Start start>
BASIN_INLINE void product(const LeftMatrix &left, int64_t rows, int64_t depth, const float *right, int64_t rightStride,
                          int64_t columns, const float *bias, float *out, int64_t stride) {
  int64_t j = 0;
  if constexpr (Registers::vectors > 1) {
    for (; j + 16 * Registers::vectors <= columns; j += 16 * Registers::vectors) {
      productColumns<Registers::rows, Registers::vectors, start>(
          left, rows, right + j, rightStride, depth, bias + j, out + j, stride);
    }
  }
  for (; j < columns; j += 16) {
    productColumns<Registers::rowsOfOne, 1, start>(left, rows, right + j, rightStride, depth, bias + j, out + j, stride);
  }
}

}  // namespace basin

#endif
