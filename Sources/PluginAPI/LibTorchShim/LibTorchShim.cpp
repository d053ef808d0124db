// The table itself, and the functions that are a line or two each.
#include "include/LibTorchShim.h"

#include <ATen/Context.h>
#include <ATen/Functions.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/csrc/stable/c/shim.h>
#include <dlfcn.h>
#include <torch/version.h>

#include "Guard.h"

namespace basin {

std::string &lastError() {
  thread_local std::string message;
  return message;
}

c10::Device deviceFromCode(int64_t code) {
  const auto type = static_cast<c10::DeviceType>(code / 256);
  return type == c10::DeviceType::CPU ? c10::Device(type) : c10::Device(type, static_cast<c10::DeviceIndex>(code % 256));
}

int32_t codeFromDevice(c10::Device device) {
  return static_cast<int32_t>(device.type()) * 256 + (device.has_index() ? device.index() : 0);
}

namespace {

at::TensorOptions options(int32_t dtype, int32_t device) {
  return at::TensorOptions().dtype(static_cast<c10::ScalarType>(dtype)).device(deviceFromCode(device));
}

int create(const void *data, size_t bytes, const int64_t *sizes, int32_t dimensions, int32_t dtype, int32_t device,
           BasinTensor *result) {
  return guarded([&] {
    const auto shape = at::IntArrayRef(sizes, dimensions);
    if (!data) {
      *result = wrap(at::empty(shape, options(dtype, device)));
      return;
    }
    at::Tensor host = at::empty(shape, options(dtype, 0));
    TORCH_CHECK(host.nbytes() == bytes, "a tensor of shape ", shape, " takes ", host.nbytes(), " bytes, not ", bytes);
    if (bytes) memcpy(host.mutable_data_ptr(), data, bytes);
    *result = wrap(device ? host.to(deviceFromCode(device)) : host);
  });
}

int createChannelsLast(const int64_t *sizes, int32_t dtype, int32_t device, BasinTensor *result) {
  return guarded([&] {
    *result =
        wrap(at::empty(at::IntArrayRef(sizes, 4), options(dtype, device).memory_format(at::MemoryFormat::ChannelsLast)));
  });
}

void info(BasinTensor handle, BasinTensorInfo *result) {
  auto *impl = reinterpret_cast<c10::TensorImpl *>(handle);
  result->dtype = static_cast<int32_t>(c10::typeMetaToScalarType(impl->dtype()));
  result->device = codeFromDevice(impl->device());
  result->dimensions = static_cast<int32_t>(impl->dim());
  result->requiresGradient = impl->requires_grad();
  result->elements = impl->numel();
  result->sizes = impl->sizes().data();
  result->strides = impl->layout() == c10::kStrided ? impl->strides().data() : nullptr;
  const bool readable = impl->layout() == c10::kStrided && impl->device().is_cpu() && impl->has_storage();
  result->data = readable ? impl->mutable_data() : nullptr;
  result->contiguous = readable && impl->is_contiguous();
  result->channelsLast = readable && impl->is_contiguous(at::MemoryFormat::ChannelsLast);
}

int copyOut(BasinTensor handle, void *destination, size_t bytes) {
  return guarded([&] {
    at::Tensor host = borrow(handle).detach().to(at::kCPU).contiguous();
    TORCH_CHECK(host.nbytes() == bytes, "the tensor holds ", host.nbytes(), " bytes, the destination ", bytes);
    if (bytes) memcpy(destination, host.const_data_ptr(), bytes);
  });
}

int itemDouble(BasinTensor handle, double *result) {
  return guarded([&] { *result = borrow(handle).item().toDouble(); });
}

int itemInteger(BasinTensor handle, int64_t *result) {
  return guarded([&] { *result = borrow(handle).item().toLong(); });
}

int contiguousChannelsLast(BasinTensor handle, BasinTensor *result) {
  return guarded([&] { *result = wrap(borrow(handle).contiguous(at::MemoryFormat::ChannelsLast)); });
}

int parallelFor(int64_t begin, int64_t end, int64_t grain, BasinRange body, void *context) {
  // at::parallel_for from the headers is serial without OpenMP, which this library is built without; this one runs in
  // LibTorch's own threads.
  return guarded([&] {
    TORCH_CHECK(torch_parallel_for(begin, end, grain, body, context) == 0, "parallelFor failed");
  });
}

int setThreads(int32_t count) {
  return guarded([&] { at::set_num_threads(count); });
}

int setThreadsOfThisThread(int32_t count) {
  return guarded([&] {
    // LibTorch's own function would change the number for the whole process. A thread's first look at it sets it up.
    at::get_num_threads();
    static const auto set = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
    TORCH_CHECK(set, "this LibTorch does not work with OpenMP");
    set(count);
  });
}

int setDeterministic(int32_t value) {
  return guarded([&] {
    at::globalContext().setDeterministicAlgorithms(value != 0, /*warn_only=*/false);
    // Otherwise every at::empty would be filled with NaN first, at the cost of a pass over the memory.
    at::globalContext().setDeterministicFillUninitializedMemory(false);
    at::globalContext().setDeterministicCuDNN(value != 0);
    at::globalContext().setBenchmarkCuDNN(false);
  });
}

int manualSeed(uint64_t seed) {
  return guarded([&] { at::manual_seed(seed); });
}

int setAutocast(int32_t device, int32_t dtype) {
  return guarded([&] {
    const auto type = deviceFromCode(device).type();
    if (dtype < 0) {
      at::autocast::set_autocast_enabled(type, false);
      at::autocast::clear_cache();
    } else {
      at::autocast::set_autocast_dtype(type, static_cast<at::ScalarType>(dtype));
      at::autocast::set_autocast_enabled(type, true);
    }
  });
}

const BasinTable table = {
    BASIN_TABLE_VERSION,
    sizeof(BasinTable),
    [] { return lastError().c_str(); },
    [] { return TORCH_VERSION; },
    findOperator,
    callOperator,
    [](BasinTensor t) { c10::raw::intrusive_ptr::incref(reinterpret_cast<c10::TensorImpl *>(t)); },
    [](BasinTensor t) { c10::raw::intrusive_ptr::decref(reinterpret_cast<c10::TensorImpl *>(t)); },
    create,
    createChannelsLast,
    info,
    copyOut,
    itemDouble,
    itemInteger,
    contiguousChannelsLast,
    setRequiresGradient,
    gradient,
    clearGradient,
    backward,
    gradients,
    setGradientEnabled,
    setRecordingForBackward,
    customFunction,
    parallelFor,
    setThreads,
    setThreadsOfThisThread,
    [] { return static_cast<int32_t>(at::get_num_threads()); },
    setDeterministic,
    manualSeed,
    setAutocast,
    [] { return at::globalContext().hasCUDA() ? static_cast<int32_t>(at::detail::getCUDAHooks().deviceCount()) : 0; },
    [] { return static_cast<int32_t>(at::globalContext().hasMPS()); },
};

}  // namespace
}  // namespace basin

extern "C" const BasinTable *basin_libtorch_table(uint32_t version) {
  if (version != BASIN_TABLE_VERSION) return nullptr;
  basin::installPageCache();
  return &basin::table;
}
