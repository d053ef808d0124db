// glibc gives freed blocks over 32 MB back to the system at once (and trims the heap), so that every activation of a training
// step comes from fresh, zeroed pages: ReLU on 33 MB ran at 5 GB/s that way and at 30 GB/s with pages that stay.
#include <malloc.h>

#include "Guard.h"

namespace basin {

void installPageCache() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

}  // namespace basin
