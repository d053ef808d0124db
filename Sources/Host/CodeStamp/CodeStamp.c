#include "CodeStamp.h"

#if __has_include("Code.generated.h")
#include "Code.generated.h"
#endif

#ifndef BASIN_CODE_HASHES
#define BASIN_CODE_HASHES ""
#endif

const char *basinCodeHashes(void) { return BASIN_CODE_HASHES; }
