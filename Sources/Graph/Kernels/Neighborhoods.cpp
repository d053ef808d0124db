#include "Neighborhoods.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace {

template <typename T> bool allocate(T *&memory, int64_t count) {
  memory = static_cast<T *>(std::malloc(sizeof(T) * static_cast<size_t>(std::max<int64_t>(count, 1))));
  return memory != nullptr;
}

// With memory for `outputs` rows of `entries` entries; that of the inputs follows when their number is known.
BasinNeighborhood *make(int64_t outputs, int64_t entries) {
  auto *made = static_cast<BasinNeighborhood *>(std::calloc(1, sizeof(BasinNeighborhood)));
  if (!made) return nullptr;
  made->outputCount = outputs;
  made->entryCount = entries;
  if (allocate(made->outputs, outputs) && allocate(made->selves, outputs) && allocate(made->pointers, outputs + 1) &&
      allocate(made->columns, entries) && allocate(made->values, entries)) {
    made->pointers[0] = 0;
    return made;
  }
  basinNeighborhoodFree(made);
  return nullptr;
}

// The transpose, by counting: entries of a column in the order of their rows.
BasinNeighborhood *finish(BasinNeighborhood *made) {
  const int64_t inputs = made->inputCount, entries = made->entryCount;
  if (!allocate(made->backPointers, inputs + 2) || !allocate(made->backColumns, entries) ||
      !allocate(made->backValues, entries) || !allocate(made->backPlaces, entries)) {
    basinNeighborhoodFree(made);
    return nullptr;
  }
  // Shifted by one while it is filled: next[c] then ends as the begin of c + 1.
  int64_t *next = made->backPointers + 1;
  std::memset(made->backPointers, 0, sizeof(int64_t) * static_cast<size_t>(inputs + 2));
  for (int64_t k = 0; k < entries; ++k) ++next[made->columns[k] + 1];
  for (int64_t c = 0; c < inputs; ++c) next[c + 1] += next[c];
  for (int64_t r = 0; r < made->outputCount; ++r) {
    for (int64_t k = made->pointers[r]; k < made->pointers[r + 1]; ++k) {
      const int64_t at = next[made->columns[k]]++;
      made->backColumns[at] = static_cast<int32_t>(r);
      made->backValues[at] = made->values[k];
      made->backPlaces[at] = static_cast<int32_t>(k);
    }
  }
  made->isSquare =
      made->inputCount == made->outputCount &&
      std::memcmp(made->inputs, made->outputs, sizeof(int32_t) * static_cast<size_t>(made->outputCount)) == 0;
  return made;
}

uint64_t mixed(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

// The columns of `made` are nodes of the adjacency yet: finds the inputs and numbers them.
BasinNeighborhood *number(BasinNeighborhood *made, int64_t nodes, int32_t *position) {
  int64_t found = 0;
  int32_t *seen = nullptr;
  if (!allocate(seen, std::min(nodes, made->entryCount + made->outputCount))) {
    basinNeighborhoodFree(made);
    return nullptr;
  }
  const auto note = [&](int32_t node) {
    if (position[node] < 0) {
      position[node] = 0;
      seen[found++] = node;
    }
  };
  for (int64_t k = 0; k < made->entryCount; ++k) note(made->columns[k]);
  for (int64_t r = 0; r < made->outputCount; ++r) note(made->outputs[r]);
  // Sorting a few is cheaper than a look at every node of a large graph.
  if (found * 16 < nodes) {
    std::sort(seen, seen + found);
  } else {
    found = 0;
    for (int64_t node = 0; node < nodes; ++node) {
      if (position[node] >= 0) seen[found++] = static_cast<int32_t>(node);
    }
  }
  made->inputCount = found;
  made->inputs = seen;
  for (int64_t c = 0; c < found; ++c) position[seen[c]] = static_cast<int32_t>(c);
  for (int64_t k = 0; k < made->entryCount; ++k) made->columns[k] = position[made->columns[k]];
  for (int64_t r = 0; r < made->outputCount; ++r) made->selves[r] = position[made->outputs[r]];
  for (int64_t c = 0; c < found; ++c) position[seen[c]] = -1;
  return finish(made);
}

}  // namespace

extern "C" {

BasinNeighborhood *basinNeighborhoodOfNodes(const BasinAdjacency *adjacency, const int32_t *nodes, int64_t count,
                                            int32_t *position) {
  int64_t entries = 0;
  for (int64_t r = 0; r < count; ++r) entries += adjacency->pointers[nodes[r] + 1] - adjacency->pointers[nodes[r]];
  BasinNeighborhood *made = make(count, entries);
  if (!made) return nullptr;
  int64_t at = 0;
  for (int64_t r = 0; r < count; ++r) {
    const int64_t begin = adjacency->pointers[nodes[r]], length = adjacency->pointers[nodes[r] + 1] - begin;
    made->outputs[r] = nodes[r];
    std::memcpy(made->columns + at, adjacency->columns + begin, sizeof(int32_t) * static_cast<size_t>(length));
    std::memcpy(made->values + at, adjacency->values + begin, sizeof(float) * static_cast<size_t>(length));
    at += length;
    made->pointers[r + 1] = at;
  }
  return number(made, adjacency->nodes, position);
}

BasinNeighborhood *basinNeighborhoodSampled(const BasinAdjacency *adjacency, const int32_t *nodes, int64_t count,
                                            int32_t fanout, uint64_t key, int32_t *position) {
  int64_t entries = 0;
  for (int64_t r = 0; r < count; ++r) {
    entries += std::min<int64_t>(fanout, adjacency->pointers[nodes[r] + 1] - adjacency->pointers[nodes[r]]);
  }
  BasinNeighborhood *made = make(count, entries);
  if (!made) return nullptr;
  int64_t at = 0;
  for (int64_t r = 0; r < count; ++r) {
    const int64_t begin = adjacency->pointers[nodes[r]], degree = adjacency->pointers[nodes[r] + 1] - begin;
    made->outputs[r] = nodes[r];
    const int64_t first = at;
    if (degree <= fanout) {
      std::memcpy(made->columns + at, adjacency->columns + begin, sizeof(int32_t) * static_cast<size_t>(degree));
      std::memcpy(made->values + at, adjacency->values + begin, sizeof(float) * static_cast<size_t>(degree));
      at += degree;
    } else {
      // Floyd's sampling (Bentley and Floyd 1987): `fanout` of `degree` without replacement, places in `columns`.
      const uint64_t stream = mixed(key + 0x9E3779B97F4A7C15ull * static_cast<uint64_t>(r + 1));
      for (int64_t j = degree - fanout; j < degree; ++j) {
        const uint64_t word = mixed(stream + 0xD1B54A32D192ED03ull * static_cast<uint64_t>(j + 1));
        const int64_t drawn = static_cast<int64_t>((static_cast<unsigned __int128>(word) * static_cast<uint64_t>(j + 1)) >> 64);
        const bool taken = std::find(made->columns + first, made->columns + at, static_cast<int32_t>(drawn)) != made->columns + at;
        made->columns[at++] = static_cast<int32_t>(taken ? j : drawn);
      }
      std::sort(made->columns + first, made->columns + at);
      double all = 0, some = 0;
      for (int64_t k = begin; k < begin + degree; ++k) all += adjacency->values[k];
      for (int64_t k = first; k < at; ++k) some += adjacency->values[begin + made->columns[k]];
      const double scale = some != 0 ? all / some : 1;
      for (int64_t k = first; k < at; ++k) {
        const int64_t entry = begin + made->columns[k];
        made->columns[k] = adjacency->columns[entry];
        made->values[k] = static_cast<float>(adjacency->values[entry] * scale);
      }
    }
    made->pointers[r + 1] = at;
  }
  return number(made, adjacency->nodes, position);
}

BasinNeighborhood *basinNeighborhoodOfRanges(const BasinAdjacency *adjacency, const int64_t *begins,
                                             const int64_t *ends, int64_t count) {
  int64_t nodes = 0, entries = 0;
  for (int64_t g = 0; g < count; ++g) {
    nodes += ends[g] - begins[g];
    entries += adjacency->pointers[ends[g]] - adjacency->pointers[begins[g]];
  }
  BasinNeighborhood *made = make(nodes, entries);
  if (!made) return nullptr;
  made->inputCount = nodes;
  if (!allocate(made->inputs, nodes)) {
    basinNeighborhoodFree(made);
    return nullptr;
  }
  int64_t row = 0, at = 0;
  for (int64_t g = 0; g < count; ++g) {
    const int64_t begin = begins[g], first = adjacency->pointers[begin], length = adjacency->pointers[ends[g]] - first;
    const int32_t shift = static_cast<int32_t>(row - begin);
    for (int64_t k = 0; k < length; ++k) made->columns[at + k] = adjacency->columns[first + k] + shift;
    std::memcpy(made->values + at, adjacency->values + first, sizeof(float) * static_cast<size_t>(length));
    for (int64_t node = begin; node < ends[g]; ++node, ++row) {
      made->outputs[row] = made->inputs[row] = static_cast<int32_t>(node);
      made->selves[row] = static_cast<int32_t>(row);
      made->pointers[row + 1] = at + adjacency->pointers[node + 1] - first;
    }
    at += length;
  }
  return finish(made);
}

BasinNeighborhood *basinNeighborhoodInduced(const BasinNeighborhood *whole, const int32_t *kept, int64_t count) {
  int32_t *position = nullptr;
  if (!allocate(position, whole->inputCount)) return nullptr;
  std::fill(position, position + whole->inputCount, -1);
  for (int64_t r = 0; r < count; ++r) position[kept[r]] = static_cast<int32_t>(r);
  int64_t entries = 0;
  for (int64_t r = 0; r < count; ++r) {
    for (int64_t k = whole->pointers[kept[r]]; k < whole->pointers[kept[r] + 1]; ++k) {
      entries += position[whole->columns[k]] >= 0;
    }
  }
  BasinNeighborhood *made = make(count, entries);
  if (!made || !allocate(made->inputs, count)) {
    std::free(position);
    basinNeighborhoodFree(made);
    return nullptr;
  }
  made->inputCount = count;
  int64_t at = 0;
  for (int64_t r = 0; r < count; ++r) {
    made->outputs[r] = made->inputs[r] = whole->outputs[kept[r]];
    made->selves[r] = static_cast<int32_t>(r);
    for (int64_t k = whole->pointers[kept[r]]; k < whole->pointers[kept[r] + 1]; ++k) {
      const int32_t place = position[whole->columns[k]];
      if (place < 0) continue;
      made->columns[at] = place;
      made->values[at++] = whole->values[k];
    }
    made->pointers[r + 1] = at;
  }
  std::free(position);
  return finish(made);
}

BasinNeighborhood *basinNeighborhoodRenormalized(const BasinNeighborhood *whole) {
  const int64_t rows = whole->outputCount;
  int64_t looped = 0;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t k = whole->pointers[r]; k < whole->pointers[r + 1]; ++k) looped += whole->columns[k] == r;
  }
  BasinNeighborhood *made = make(rows, whole->entryCount + rows - looped);
  double *scale = nullptr;
  if (!made || !allocate(made->inputs, rows) || !allocate(scale, rows)) {
    basinNeighborhoodFree(made);
    return nullptr;
  }
  made->inputCount = rows;
  int64_t at = 0;
  for (int64_t r = 0; r < rows; ++r) {
    made->outputs[r] = made->inputs[r] = whole->outputs[r];
    made->selves[r] = static_cast<int32_t>(r);
    double sum = 1;
    bool placed = false;
    for (int64_t k = whole->pointers[r]; k < whole->pointers[r + 1]; ++k) {
      const int32_t column = whole->columns[k];
      if (!placed && column >= r) {
        made->columns[at] = static_cast<int32_t>(r);
        made->values[at++] = column == r ? whole->values[k] + 1 : 1;
        placed = true;
      }
      if (column != r) {
        made->columns[at] = column;
        made->values[at++] = whole->values[k];
      }
      sum += whole->values[k];
    }
    if (!placed) {
      made->columns[at] = static_cast<int32_t>(r);
      made->values[at++] = 1;
    }
    scale[r] = sum > 0 ? 1 / std::sqrt(sum) : 0;
    made->pointers[r + 1] = at;
  }
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t k = made->pointers[r]; k < made->pointers[r + 1]; ++k) {
      made->values[k] = static_cast<float>(scale[r] * made->values[k] * scale[made->columns[k]]);
    }
  }
  std::free(scale);
  return finish(made);
}

void basinNeighborhoodFree(BasinNeighborhood *neighborhood) {
  if (!neighborhood) return;
  for (void *memory :
       {static_cast<void *>(neighborhood->outputs), static_cast<void *>(neighborhood->inputs),
        static_cast<void *>(neighborhood->selves), static_cast<void *>(neighborhood->pointers),
        static_cast<void *>(neighborhood->columns), static_cast<void *>(neighborhood->values),
        static_cast<void *>(neighborhood->backPointers), static_cast<void *>(neighborhood->backColumns),
        static_cast<void *>(neighborhood->backValues), static_cast<void *>(neighborhood->backPlaces)}) {
    std::free(memory);
  }
  std::free(neighborhood);
}

}
