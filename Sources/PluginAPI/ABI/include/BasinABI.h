// The ABI stamp: a symbol whose name says which PluginAPI, compiler and contract something was built with.
//
// PluginAPI defines it, every module refers to it, so that opening a stale module fails before any of its code runs, and the
// stamp can be read from the ELF file without opening it. Set-up writes Stamp.generated.h; a plain `swift build` without set-up
// gives the stamp `unstamped`.
#ifndef BASIN_ABI_H
#define BASIN_ABI_H

#if __has_include("Stamp.generated.h")
#include "Stamp.generated.h"
#endif

#ifndef BASIN_ABI_API_HASH
#define BASIN_ABI_API_HASH unstamped
#define BASIN_ABI_API_HASH_TEXT "unstamped"
#endif
#ifndef BASIN_ABI_COMPILER_HASH
#define BASIN_ABI_COMPILER_HASH unstamped
#define BASIN_ABI_COMPILER_HASH_TEXT "unstamped"
#endif
#ifndef BASIN_ABI_COMPILER_TEXT
#define BASIN_ABI_COMPILER_TEXT "unknown compiler"
#endif
#define BASIN_ABI_CONTRACT 1

#define BASIN_ABI_JOIN_(a, b, c) basin_abi_##a##_##b##_v##c
#define BASIN_ABI_JOIN(a, b, c) BASIN_ABI_JOIN_(a, b, c)
#define BASIN_ABI_SYMBOL BASIN_ABI_JOIN(BASIN_ABI_API_HASH, BASIN_ABI_COMPILER_HASH, BASIN_ABI_CONTRACT)
#define BASIN_ABI_TEXT_(s) #s
#define BASIN_ABI_TEXT(s) BASIN_ABI_TEXT_(s)

extern const char BASIN_ABI_SYMBOL[];

// Emitted into the module that calls it.
static inline const char *basinABIStamp(void) { return BASIN_ABI_SYMBOL; }

const char *basinABICompiler(void);

#endif
