#include <cstring>

#include "TensorKernels.h"

extern "C" {

void basinGatherRows(int64_t begin, int64_t end, int64_t size, const intptr_t *places, const float *from, float *to) {
  for (int64_t row = begin; row < end; row++) {
    std::memcpy(to + row * size, from + places[row] * size, size * sizeof(float));
  }
}

void basinSumRows(int64_t begin, int64_t end, int64_t size, const intptr_t *starts, const intptr_t *order,
                  const float *from, float *to) {
  for (int64_t place = begin; place < end; place++) {
    float *sum = to + place * size;
    std::memset(sum, 0, size * sizeof(float));
    for (intptr_t i = starts[place]; i < starts[place + 1]; i++) {
      const float *row = from + order[i] * size;
      for (int64_t column = 0; column < size; column++) sum[column] += row[column];
    }
  }
}

}
