// Any ATen operator by its schema: one boxed call instead of a C function for each of two thousand.
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <ATen/core/stack.h>

#include "Guard.h"

namespace basin {
namespace {

struct Operator {
  c10::OperatorHandle handle;
};

c10::IValue tensorList(const BasinValue &value, const c10::Argument &argument) {
  const auto &element = argument.type()->cast<c10::ListType>();
  const bool optional = element && element->getElementType()->kind() == c10::TypeKind::OptionalType;
  if (optional) {
    c10::List<std::optional<at::Tensor>> list;
    list.reserve(value.count);
    for (int32_t i = 0; i < value.count; ++i) {
      const auto handle = value.as.tensors[i];
      list.push_back(handle ? std::optional<at::Tensor>(borrow(handle)) : std::nullopt);
    }
    return list;
  }
  c10::List<at::Tensor> list;
  list.reserve(value.count);
  for (int32_t i = 0; i < value.count; ++i) list.push_back(borrow(value.as.tensors[i]));
  return list;
}

c10::IValue argumentValue(const BasinValue &value, const c10::Argument &argument) {
  switch (value.kind) {
    case BASIN_NONE: return c10::IValue();
    case BASIN_TENSOR: return borrowOrUndefined(value.as.tensor);
    case BASIN_INT: return value.as.integer;
    case BASIN_DOUBLE: return value.as.real;
    case BASIN_BOOL: return value.as.integer != 0;
    case BASIN_INTS: return c10::List<int64_t>(c10::ArrayRef<int64_t>(value.as.integers, value.count));
    case BASIN_DOUBLES: return c10::List<double>(c10::ArrayRef<double>(value.as.reals, value.count));
    case BASIN_BOOLS: {
      c10::List<bool> list;
      for (int32_t i = 0; i < value.count; ++i) list.push_back(value.as.integers[i] != 0);
      return list;
    }
    case BASIN_TENSORS: return tensorList(value, argument);
    case BASIN_STRING: return std::string(value.as.text);
    case BASIN_DEVICE: return deviceFromCode(value.as.integer);
    case BASIN_DEFAULT:
      TORCH_CHECK(argument.default_value().has_value(), "argument '", argument.name(), "' has no default");
      return *argument.default_value();
    default: TORCH_CHECK(false, "unknown kind of argument ", value.kind);
  }
}

}  // namespace

int findOperator(const char *name, const char *overload, BasinOperator *result) {
  return guarded([&] {
    auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
    TORCH_CHECK(handle.has_value(), "LibTorch has no operator ", name, *overload ? "." : "", overload);
    // Operators live as long as the process: Swift keeps them in static variables.
    *result = reinterpret_cast<BasinOperator>(new Operator{*handle});
  });
}

int callOperator(BasinOperator op, const BasinValue *arguments, int32_t count, BasinValue *results, int32_t capacity,
                 int32_t *resultCount) {
  return guarded([&] {
    const auto &handle = reinterpret_cast<Operator *>(op)->handle;
    const auto &schema = handle.schema();
    const auto &parameters = schema.arguments();
    TORCH_CHECK(static_cast<size_t>(count) <= parameters.size(), schema.name(), " takes ", parameters.size(),
                " arguments, not ", count);
    torch::jit::Stack stack;
    stack.reserve(std::max<size_t>(parameters.size(), 4));
    for (size_t i = 0; i < parameters.size(); ++i) {
      if (i < static_cast<size_t>(count)) {
        stack.push_back(argumentValue(arguments[i], parameters[i]));
      } else {
        TORCH_CHECK(parameters[i].default_value().has_value(), schema.name(), ": argument '", parameters[i].name(),
                    "' is missing");
        stack.push_back(*parameters[i].default_value());
      }
    }
    handle.callBoxed(stack);

    int32_t produced = 0;
    auto put = [&](BasinValue value) {
      TORCH_CHECK(produced < capacity, schema.name(), " gives more than ", capacity, " results");
      results[produced++] = value;
    };
    try {
      for (auto &item : stack) {
        BasinValue value{};
        if (item.isTensor()) {
          value.kind = BASIN_TENSOR;
          at::Tensor tensor = std::move(item).toTensor();
          value.as.tensor = tensor.defined() ? wrap(std::move(tensor)) : nullptr;
          put(value);
        } else if (item.isTensorList()) {
          for (at::Tensor tensor : item.toTensorVector()) {
            value.kind = BASIN_TENSOR;
            value.as.tensor = wrap(std::move(tensor));
            put(value);
          }
        } else if (item.isInt()) {
          value.kind = BASIN_INT;
          value.as.integer = item.toInt();
          put(value);
        } else if (item.isDouble()) {
          value.kind = BASIN_DOUBLE;
          value.as.real = item.toDouble();
          put(value);
        } else if (item.isBool()) {
          value.kind = BASIN_BOOL;
          value.as.integer = item.toBool();
          put(value);
        } else if (item.isNone()) {
          value.kind = BASIN_NONE;
          put(value);
        } else {
          TORCH_CHECK(false, schema.name(), " gives a result of a kind Basin does not pass on: ", item.tagKind());
        }
      }
    } catch (...) {
      for (int32_t i = 0; i < produced; ++i) {
        if (results[i].kind == BASIN_TENSOR && results[i].as.tensor) {
          c10::raw::intrusive_ptr::decref(reinterpret_cast<c10::TensorImpl *>(results[i].as.tensor));
        }
      }
      throw;
    }
    *resultCount = produced;
  });
}

}  // namespace basin
