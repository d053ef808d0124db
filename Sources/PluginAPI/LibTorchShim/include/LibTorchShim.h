#ifndef BASIN_LIBTORCH_SHIM_H
#define BASIN_LIBTORCH_SHIM_H
#include "../../LibTorchTable/include/LibTorchTable.h"
#ifdef __cplusplus
extern "C"
#endif
    __attribute__((visibility("default"))) const BasinTable *
    basin_libtorch_table(uint32_t version);
#endif
