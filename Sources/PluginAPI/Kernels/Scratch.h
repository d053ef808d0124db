// Memory of a thread that is kept between calls.
#ifndef BASIN_SCRATCH_H
#define BASIN_SCRATCH_H

#include <stdint.h>

#include <cstdlib>
#include <memory>

namespace basin {

struct Freeing {
  void operator()(float *p) const { free(p); }
};

// `count` floats of this thread, 64-byte aligned, with whatever was in them: for one kernel at a time.
inline float *scratch(int64_t count) {
  thread_local std::unique_ptr<float, Freeing> memory;
  thread_local int64_t size = 0;
  if (count > size) {
    memory.reset();
    size = 0;
    const size_t bytes = (static_cast<size_t>(count) * sizeof(float) + 63) / 64 * 64;
    memory.reset(static_cast<float *>(aligned_alloc(64, bytes)));
    if (!memory) abort();
    size = count;
  }
  return memory.get();
}

}  // namespace basin

#endif
