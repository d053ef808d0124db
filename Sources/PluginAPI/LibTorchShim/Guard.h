// One error channel: `guarded` runs a body, keeps the message of whatever it throws, and gives the status for C.
#pragma once
#include <c10/util/Exception.h>

#include <ATen/core/Tensor.h>

#include <string>

#include "../LibTorchTable/include/LibTorchTable.h"

namespace basin {

std::string &lastError();

template <typename Body>
int guarded(Body &&body) noexcept {
  try {
    body();
    return 0;
  } catch (const c10::Error &error) {
    lastError() = error.what_without_backtrace();
  } catch (const std::exception &error) {
    lastError() = error.what();
  } catch (...) {
    lastError() = "unknown C++ exception";
  }
  return 1;
}

// A handle is a TensorImpl with its reference count raised: no allocation a tensor.
inline BasinTensor wrap(at::Tensor tensor) {
  return reinterpret_cast<BasinTensor>(tensor.unsafeReleaseTensorImpl());
}

// Borrows: the caller keeps its reference.
inline at::Tensor borrow(BasinTensor handle) {
  auto *impl = reinterpret_cast<c10::TensorImpl *>(handle);
  return at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim_copy(impl));
}

inline at::Tensor borrowOrUndefined(BasinTensor handle) { return handle ? borrow(handle) : at::Tensor(); }

c10::Device deviceFromCode(int64_t code);
int32_t codeFromDevice(c10::Device device);

// Operators.cpp
int findOperator(const char *name, const char *overload, BasinOperator *result);
int callOperator(BasinOperator op, const BasinValue *arguments, int32_t count, BasinValue *results, int32_t capacity,
                 int32_t *resultCount);

// Gradients.cpp
int setRequiresGradient(BasinTensor tensor, int32_t value);
int gradient(BasinTensor tensor, BasinTensor *result);
int clearGradient(BasinTensor tensor);
int backward(BasinTensor loss, BasinTensor gradient);
int gradients(const BasinTensor *outputs, int32_t outputCount, const BasinTensor *outputGradients,
              const BasinTensor *inputs, int32_t inputCount, int32_t createGraph, BasinTensor *results);
int32_t setGradientEnabled(int32_t value);
int32_t setRecordingForBackward(int32_t value);
int customFunction(const char *name, const BasinTensor *inputs, int32_t inputCount, const BasinTensor *outputs,
                   int32_t outputCount, BasinBackward backward, void *context, BasinRelease release,
                   BasinTensor *results);

// PageCache.cpp
void installPageCache();

}  // namespace basin
