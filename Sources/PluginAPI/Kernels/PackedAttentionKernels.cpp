#include "PackedAttentionKernels.h"

#include <cmath>

#include "AttentionRows.h"
#include "PanelProducts.h"
#include "Scratch.h"

namespace {

using namespace basin;

// Floats of the scores of a block of queries: a quarter of a second-level cache.
constexpr int64_t scoreFloats = 32768;

// The sizes of a unit's scratch memory.
struct Extent {
  int64_t length;       // rows of the sequence
  int64_t width;        // columns of a head
  int64_t keyPanels, widthPanels;
  int64_t stride;       // floats from one row of scores to the next
  int64_t block;        // queries at a time

  BASIN_INLINE int64_t scores() const { return block * stride; }
  BASIN_INLINE int64_t columns() const { return keyPanels * width * panelWidth; }
  BASIN_INLINE int64_t rows() const { return length * widthPanels * panelWidth; }
  BASIN_INLINE int64_t blockRows() const { return block * widthPanels * panelWidth; }
};

BASIN_INLINE Extent extentOf(int64_t length, int64_t width) {
  Extent e;
  e.length = length;
  e.width = width;
  e.keyPanels = panelsOf(length);
  e.widthPanels = panelsOf(width);
  // Not a multiple of a page, or the rows would share a few places of the first-level cache.
  e.stride = e.keyPanels * panelWidth + panelWidth;
  e.block = scoreFloats / e.stride / 6 * 6;
  if (e.block < 6) e.block = 6;
  if (e.block > length) e.block = length;
  return e;
}

BASIN_INLINE uint64_t groupOfRow(const Unit &u, int64_t row) { return u.group + static_cast<uint64_t>(row * groupsOfRow(u.length)); }

// Weights before they are divided by their sum (times `part`) to how often they count, and to those that are kept.
BASIN_INLINE void dropWeights(const BasinPackedAttention &a, const Unit &u, int64_t row, int64_t count, float part, float *mask, float *weights) {
  if (a.threshold > 0) maskOfRow(a, groupOfRow(u, row), count, mask);
  if (!u.weights) {
    for (int64_t c = 0; a.threshold > 0 && c < count; ++c) weights[c] *= mask[c];
    return;
  }
  float *kept = u.weights + row * u.length;
  if (a.threshold > 0) {
    for (int64_t c = 0; c < count; ++c) {
      kept[c] = signedBy(weights[c] * part, mask[c]);
      weights[c] *= mask[c];
    }
  } else {
    for (int64_t c = 0; c < count; ++c) kept[c] = weights[c] * part;
  }
}

// `next` is the unit after this one, whose rows lie a stride apart, too far for the processor to see what will be read.
BASIN_VERSIONS void forward(BasinPackedAttention a, Unit u, Unit next, float *memory, float *out, float *logSums) {
  const Extent e = extentOf(u.length, a.width);
  float *keys = memory, *values = keys + e.columns(), *scores = values + e.rows(), *queries = scores + e.scores(),
        *mixed = queries + e.blockRows(), *mask = mixed + e.blockRows();
  const int64_t first = u.first * a.stride + u.column, size = a.heads * a.width;
  const float *queryBias = a.queryBias ? a.queryBias + u.column : nullptr;
  columnsToPanels(a.keys + first, a.stride, a.keyBias ? a.keyBias + u.column : nullptr, u.length, a.width, keys);
  rowsToPanels(a.values + first, a.stride, a.valueBias ? a.valueBias + u.column : nullptr, 1, u.length, a.width, values);
  for (int64_t begin = 0; begin < u.length; begin += e.block) {
    const int64_t rows = u.length - begin < e.block ? u.length - begin : e.block;
    const int64_t seen = a.causal ? begin + rows : u.length, panels = panelsOf(seen);
    for (int64_t r = 0; r < rows; ++r) {
      scaleRow(a.queries + first + (begin + r) * a.stride, queryBias, a.scale, a.width, queries + r * a.width);
    }
    panelProduct(queries, a.width, 1, rows, keys, a.width * panelWidth, panels, a.width, false, scores, e.stride);
    for (int64_t r = 0; r < rows; ++r) {
      float *row = scores + r * e.stride;
      const int64_t own = a.causal ? begin + r + 1 : u.length;
      const float most = greatestOfRow(row, own), sum = exponentialsOfRow(row, own, panels * panelWidth, most);
      if (!u.weights) logSums[(u.first + begin + r) * a.heads + u.column / a.width] = most + std::log(sum);
      dropWeights(a, u, begin + r, own, 1 / sum, mask, row);
      fetchRow<true>(out + (u.first + begin + r) * size + u.column, a.width);
      if (begin + r < next.length) {
        const int64_t place = (next.first + begin + r) * a.stride + next.column;
        fetchRow(a.queries + place, a.width);
        fetchRow(a.keys + place, a.width);
        fetchRow(a.values + place, a.width);
      }
      // Divided below, where there are fewer numbers.
      mask[groupsOfRow(u.length) * 32 + r] = 1 / sum;
    }
    panelProduct(scores, e.stride, 1, rows, values, u.length * panelWidth, e.widthPanels, seen, false, mixed,
                 e.widthPanels * panelWidth);
    for (int64_t r = 0; r < rows; ++r) {
      scaleRow(mixed + r * e.widthPanels * panelWidth, nullptr, mask[groupsOfRow(u.length) * 32 + r], a.width,
               out + (u.first + begin + r) * size + u.column);
    }
  }
}

// Sums of columns, rows [rows, width].
BASIN_INLINE void sumRows(const float *in, int64_t stride, int64_t rows, int64_t width, bool adds, float *out) {
  if (!adds) memset(out, 0, static_cast<size_t>(width) * sizeof(float));
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < width; ++c) out[c] += in[r * stride + c];
  }
}

// What a row's weights count with dropout, and the gradient of its scores from that of these: weight (gradient - inner), `inner` being the sum
// of weight times gradient over all keys.
BASIN_INLINE void turnRow(const BasinPackedAttention &a, const Unit &u, int64_t row, int64_t count, int64_t columns, float logSum, float inner,
                          float *mask, float *weights, float *change) {
  if (u.weights) {
    const float *kept = u.weights + row * u.length, keep = a.threshold > 0 ? a.keep : 1;
    for (int64_t c = 0; c < count; ++c) {
      weights[c] = countOf(kept[c], keep);
      change[c] = weights[c] * change[c] - fabsf(kept[c]) * inner;
    }
    for (int64_t c = count; c < columns; ++c) weights[c] = 0;
  } else {
    exponentialsOfRow(weights, count, columns, logSum);
    if (a.threshold > 0) {
      maskOfRow(a, groupOfRow(u, row), count, mask);
      for (int64_t c = 0; c < count; ++c) {
        change[c] = weights[c] * (change[c] * mask[c] - inner);
        weights[c] *= mask[c];
      }
    } else {
      for (int64_t c = 0; c < count; ++c) change[c] = weights[c] * (change[c] - inner);
    }
  }
  for (int64_t c = count; c < columns; ++c) change[c] = 0;
}

BASIN_VERSIONS void backward(BasinPackedAttention a, Unit u, Unit next, float *memory, const float *out, const float *logSums,
                             const float *gradient, int64_t gradientStride, float *queryGradient, float *keyGradient, float *valueGradient,
                             float *biasGradients) {
  const Extent e = extentOf(u.length, a.width);
  const int64_t size = a.heads * a.width, wide = e.widthPanels * panelWidth;
  float *keys = memory, *values = keys + e.columns(), *keyRows = values + e.columns(), *keySums = keyRows + e.rows(),
        *valueSums = keySums + e.rows(), *scores = valueSums + e.rows(), *changes = scores + e.scores(),
        *queries = changes + e.scores(), *queryPanels = queries + e.blockRows(), *gradients = queryPanels + e.blockRows(),
        *querySums = gradients + e.blockRows(), *mask = querySums + e.blockRows();
  const int64_t first = u.first * a.stride + u.column, outFirst = u.first * size + u.column,
                gradientFirst = u.first * gradientStride + u.column;
  const float *queryBias = a.queryBias ? a.queryBias + u.column : nullptr;
  const float *keyBias = a.keyBias ? a.keyBias + u.column : nullptr;
  if (!u.weights) columnsToPanels(a.keys + first, a.stride, keyBias, u.length, a.width, keys);
  rowsToPanels(a.keys + first, a.stride, keyBias, 1, u.length, a.width, keyRows);
  columnsToPanels(a.values + first, a.stride, a.valueBias ? a.valueBias + u.column : nullptr, u.length, a.width, values);
  float *sums = biasGradients ? biasGradients + u.sequence * 3 * size + u.column : nullptr;
  // Of several blocks the sums are added up; a block of a causal unit reaches fewer keys than those behind it.
  const bool adds = e.block < u.length;
  if (adds) memset(keySums, 0, static_cast<size_t>(2 * e.rows()) * sizeof(float));
  for (int64_t begin = 0; begin < u.length; begin += e.block) {
    const int64_t rows = u.length - begin < e.block ? u.length - begin : e.block;
    const int64_t seen = a.causal ? begin + rows : u.length, panels = panelsOf(seen);
    const float *incoming = gradient + outFirst + begin * size;
    const float *asking = a.queries + first + begin * a.stride;
    rowsToPanels(asking, a.stride, queryBias, a.scale, rows, a.width, queryPanels);
    rowsToPanels(incoming, size, nullptr, 1, rows, a.width, gradients);
    if (!u.weights) {
      for (int64_t r = 0; r < rows; ++r) scaleRow(asking + r * a.stride, queryBias, a.scale, a.width, queries + r * a.width);
      panelProduct(queries, a.width, 1, rows, keys, a.width * panelWidth, panels, a.width, false, scores, e.stride);
    }
    panelProduct(incoming, size, 1, rows, values, a.width * panelWidth, panels, a.width, false, changes, e.stride);
    for (int64_t r = 0; r < rows; ++r) {
      const int64_t own = a.causal ? begin + r + 1 : u.length, t = u.first + begin + r;
      // The sum over keys of weight times its gradient is that of the result times its gradient.
      const float inner = innerProduct(out + t * size + u.column, gradient + t * size + u.column, a.width);
      turnRow(a, u, begin + r, own, panels * panelWidth, u.weights ? 0 : logSums[t * a.heads + u.column / a.width], inner, mask,
              scores + r * e.stride, changes + r * e.stride);
      const int64_t to = gradientFirst + (begin + r) * gradientStride;
      fetchRow<true>(queryGradient + to, a.width);
      fetchRow<true>(keyGradient + to, a.width);
      fetchRow<true>(valueGradient + to, a.width);
      if (begin + r < next.length) {
        const int64_t t = next.first + begin + r, place = t * a.stride + next.column;
        fetchRow(a.queries + place, a.width);
        fetchRow(a.keys + place, a.width);
        fetchRow(a.values + place, a.width);
        fetchRow(out + t * size + next.column, a.width);
        fetchRow(gradient + t * size + next.column, a.width);
      }
    }
    panelProduct(changes, e.stride, 1, rows, keyRows, u.length * panelWidth, e.widthPanels, seen, false, querySums, wide);
    panelProduct(changes, 1, e.stride, seen, queryPanels, rows * panelWidth, e.widthPanels, rows, adds, keySums, wide);
    panelProduct(scores, 1, e.stride, seen, gradients, rows * panelWidth, e.widthPanels, rows, adds, valueSums, wide);
    for (int64_t r = 0; r < rows; ++r) {
      scaleRow(querySums + r * wide, nullptr, a.scale, a.width, queryGradient + gradientFirst + (begin + r) * gradientStride);
    }
    if (sums) sumRows(queryGradient + gradientFirst + begin * gradientStride, gradientStride, rows, a.width, begin > 0, sums);
  }
  for (int64_t r = 0; r < u.length; ++r) {
    scaleRow(keySums + r * wide, nullptr, 1, a.width, keyGradient + gradientFirst + r * gradientStride);
    scaleRow(valueSums + r * wide, nullptr, 1, a.width, valueGradient + gradientFirst + r * gradientStride);
  }
  if (sums) {
    sumRows(keySums, wide, u.length, a.width, false, sums + size);
    sumRows(valueSums, wide, u.length, a.width, false, sums + 2 * size);
  }
}

}  // namespace

extern "C" {

void basinPackedAttentionParts(const BasinPackedAttention *a, int64_t parts, int64_t *ends) {
  // A row's work beside its scores is about that of 64 of them.
  auto work = [&](int64_t sequence) {
    const int64_t length = a->offsets[sequence + 1] - a->offsets[sequence];
    return length * (length + 64);
  };
  int64_t total = 0;
  for (int64_t s = 0; s < a->sequences; ++s) total += a->heads * work(s);
  int64_t done = 0, part = 0;
  for (int64_t s = 0; s < a->sequences; ++s) {
    for (int64_t h = 0; h < a->heads; ++h) {
      // In floating point: the product may be beyond 64 bits.
      while (part < parts && static_cast<double>(done) * static_cast<double>(parts) >= static_cast<double>(total) * static_cast<double>(part)) {
        ends[part++] = s * a->heads + h;
      }
      done += work(s);
    }
  }
  for (; part <= parts; ++part) ends[part] = a->sequences * a->heads;
}

void basinPackedAttention(const BasinPackedAttention *a, int64_t unitBegin, int64_t unitEnd, float *out, float *logSums) {
  for (int64_t index = unitBegin; index < unitEnd; ++index) {
    const Unit u = unitOf(*a, index);
    if (u.length == 0) continue;
    const Extent e = extentOf(u.length, a->width);
    float *memory = scratch(e.columns() + e.rows() + e.scores() + 2 * e.blockRows() + groupsOfRow(u.length) * 32 + e.block);
    forward(*a, u, unitOf(*a, smaller(index + 1, unitEnd - 1)), memory, out, logSums);
  }
}

void basinPackedAttentionGradient(const BasinPackedAttention *a, int64_t unitBegin, int64_t unitEnd, const float *out,
                                  const float *logSums, const float *gradient, int64_t gradientStride,
                                  float *queryGradient, float *keyGradient, float *valueGradient, float *biasGradients) {
  const int64_t size = a->heads * a->width;
  for (int64_t index = unitBegin; index < unitEnd; ++index) {
    const Unit u = unitOf(*a, index);
    if (u.length == 0) {
      for (int64_t k = 0; biasGradients && k < 3; ++k) {
        memset(biasGradients + (u.sequence * 3 + k) * size + u.column, 0, static_cast<size_t>(a->width) * sizeof(float));
      }
      continue;
    }
    const Extent e = extentOf(u.length, a->width);
    float *memory = scratch(2 * e.columns() + 3 * e.rows() + 2 * e.scores() + 4 * e.blockRows() + groupsOfRow(u.length) * 32);
    backward(*a, u, unitOf(*a, smaller(index + 1, unitEnd - 1)), memory, out, logSums, gradient, gradientStride, queryGradient,
             keyGradient, valueGradient, biasGradients);
  }
}
}
