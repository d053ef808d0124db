#ifndef BASIN_VISION_KERNEL_DISPATCH_H
#define BASIN_VISION_KERNEL_DISPATCH_H

// The library is built for the oldest x86-64; the loader picks the AVX2 copy where the processor has it. Only for loops
// whose result does not depend on the vector width.
#if defined(__x86_64__) && defined(__linux__) && defined(__clang__)
#define VISION_VECTOR_CLONES __attribute__((target_clones("avx2", "default")))
#else
#define VISION_VECTOR_CLONES
#endif

#endif
