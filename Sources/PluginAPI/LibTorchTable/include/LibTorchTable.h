// The table of C functions through which Basin reaches LibTorch.
//
// LibTorchShim (a shared library of its own) fills it; PluginAPI opens that library on first tensor use. No C++ type
// crosses: tensors and operators are opaque handles, every call is guarded, and there is one error channel: a function that
// returns `int` gives 0 on success, else `lastError()` (per thread) says what went wrong.
#ifndef BASIN_LIBTORCH_TABLE_H
#define BASIN_LIBTORCH_TABLE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BASIN_TABLE_VERSION 3

typedef struct BasinTensorHandle *BasinTensor;
typedef struct BasinOperatorHandle *BasinOperator;

// Kinds of arguments and results of an operator. BASIN_DEFAULT asks for the default value of the operator's schema.
enum {
  BASIN_NONE = 0,
  BASIN_TENSOR = 1,
  BASIN_INT = 2,
  BASIN_DOUBLE = 3,
  BASIN_BOOL = 4,
  BASIN_INTS = 5,
  BASIN_DOUBLES = 6,
  BASIN_BOOLS = 7,    // integers: 0 or 1
  BASIN_TENSORS = 8,  // a null handle stands for an absent tensor (lists of optional tensors)
  BASIN_STRING = 9,
  BASIN_DEVICE = 10,  // integer: device code, see below
  BASIN_DEFAULT = 11,
};

typedef struct BasinValue {
  int32_t kind;
  int32_t count;  // elements of a list
  union {
    BasinTensor tensor;
    int64_t integer;
    double real;
    const int64_t *integers;
    const double *reals;
    const BasinTensor *tensors;
    const char *text;
  } as;
} BasinValue;

// A device code: type * 256 + index; types: 0 CPU, 1 CUDA, 13 MPS (c10::DeviceType's numbers).
// A dtype code is c10::ScalarType's number: 0 uint8, 1 int8, 2 int16, 3 int32, 4 int64, 5 float16, 6 float32, 7 float64,
// 11 bool, 15 bfloat16.

typedef struct BasinTensorInfo {
  int32_t dtype, device, dimensions;
  int32_t requiresGradient;
  int64_t elements;
  const int64_t *sizes;    // `dimensions` numbers, alive as long as the handle
  const int64_t *strides;  // likewise
  void *data;              // first element (CPU tensors only, else null)
  int32_t contiguous, channelsLast;
} BasinTensorInfo;

// The backward pass of a custom function: `gradients` has one handle an output (null where no gradient arrived); the callee
// writes one owned handle an input (or null) to `results`. Returns 0, or 1 with a message in `message` (capacity bytes).
typedef int (*BasinBackward)(void *context, const BasinTensor *gradients, int32_t gradientCount, BasinTensor *results,
                             int32_t resultCount, char *message, size_t capacity);
typedef void (*BasinRelease)(void *context);
typedef void (*BasinRange)(int64_t begin, int64_t end, void *context);

typedef struct BasinTable {
  uint32_t version;  // BASIN_TABLE_VERSION
  uint32_t size;     // sizeof(BasinTable)

  const char *(*lastError)(void);
  const char *(*libtorchVersion)(void);

  // Operators by their schema name, `aten::conv2d`, and overload (`""` for the default one).
  int (*findOperator)(const char *name, const char *overload, BasinOperator *result);
  // Results beyond `capacity` are an error. Tensor results are owned handles.
  int (*callOperator)(BasinOperator op, const BasinValue *arguments, int32_t count, BasinValue *results, int32_t capacity,
                      int32_t *resultCount);

  void (*retain)(BasinTensor);
  void (*release)(BasinTensor);
  // A contiguous copy of `bytes` bytes at `data` (null: uninitialised memory).
  int (*create)(const void *data, size_t bytes, const int64_t *sizes, int32_t dimensions, int32_t dtype, int32_t device,
                BasinTensor *result);
  // A channels_last [N, C, H, W] tensor of uninitialised memory.
  int (*createChannelsLast)(const int64_t *sizes, int32_t dtype, int32_t device, BasinTensor *result);
  void (*info)(BasinTensor, BasinTensorInfo *);
  // Copies the elements in row-major order into `destination` (of exactly `bytes` bytes), from any device and layout.
  int (*copyOut)(BasinTensor, void *destination, size_t bytes);
  // The one element of a tensor, as a double or integer.
  int (*itemDouble)(BasinTensor, double *);
  int (*itemInteger)(BasinTensor, int64_t *);
  int (*contiguousChannelsLast)(BasinTensor, BasinTensor *);

  // Autograd.
  int (*setRequiresGradient)(BasinTensor, int32_t);
  int (*gradient)(BasinTensor, BasinTensor *result);  // null handle where there is none
  int (*clearGradient)(BasinTensor);
  int (*backward)(BasinTensor loss, BasinTensor gradient);
  // d outputs / d inputs; `results` gets `inputCount` owned handles (null where unused).
  int (*gradients)(const BasinTensor *outputs, int32_t outputCount, const BasinTensor *outputGradients,
                   const BasinTensor *inputs, int32_t inputCount, int32_t createGraph, BasinTensor *results);
  int32_t (*setGradientEnabled)(int32_t);  // returns the setting before
  // Whether gradients of what this thread records now will be asked for by `backward` alone; returns the setting before.
  // Custom functions then add to the gradients of their leaves themselves.
  int32_t (*setRecordingForBackward)(int32_t);
  // Connects `outputs`, computed without gradient, to `inputs`: `results` gets new handles sharing the outputs' memory whose
  // gradient function is `backward`. `release` is called once when the context is no longer needed (also on an error).
  int (*customFunction)(const char *name, const BasinTensor *inputs, int32_t inputCount, const BasinTensor *outputs,
                        int32_t outputCount, BasinBackward backward, void *context, BasinRelease release,
                        BasinTensor *results);

  // The machine.
  int (*parallelFor)(int64_t begin, int64_t end, int64_t grain, BasinRange body, void *context);
  int (*setThreads)(int32_t);
  // Of operations that the calling thread starts; those of others keep theirs.
  int (*setThreadsOfThisThread)(int32_t);
  int32_t (*threads)(void);
  int (*setDeterministic)(int32_t);
  int (*manualSeed)(uint64_t);
  // Automatic casts of this thread's operations on devices of this kind to `dtype`; -1 ends them and drops cached copies.
  int (*setAutocast)(int32_t device, int32_t dtype);
  int32_t (*cudaDevices)(void);
  int32_t (*mpsAvailable)(void);
} BasinTable;

// Exported by LibTorchShim under this name.
typedef const BasinTable *(*BasinTableFunction)(uint32_t version);
#define BASIN_TABLE_SYMBOL "basin_libtorch_table"

#ifdef __cplusplus
}
#endif
#endif
