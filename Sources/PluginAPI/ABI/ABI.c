#include "BasinABI.h"

const char BASIN_ABI_SYMBOL[] = BASIN_ABI_TEXT(BASIN_ABI_SYMBOL);

const char *basinABICompiler(void) { return BASIN_ABI_COMPILER_TEXT; }
