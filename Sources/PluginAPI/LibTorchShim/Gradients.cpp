// Autograd: backward, gradients of chosen tensors, and functions whose backward pass is a callback.
#include <ATen/core/grad_mode.h>
#include <ATen/ExpandUtils.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/engine.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/accumulate_grad.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/variable.h>

#include "Guard.h"

namespace basin {

namespace {

// Whether graphs recorded now are for `backward` alone.
thread_local bool recordsForBackward = false;
// The tensors whose gradients `gradients` is asked for, while it runs.
thread_local const torch::autograd::variable_list *asked = nullptr;

}  // namespace

int setRequiresGradient(BasinTensor tensor, int32_t value) {
  return guarded([&] { borrow(tensor).set_requires_grad(value != 0); });
}

int gradient(BasinTensor tensor, BasinTensor *result) {
  return guarded([&] {
    at::Tensor grad = borrow(tensor).grad();
    *result = grad.defined() ? wrap(std::move(grad)) : nullptr;
  });
}

int clearGradient(BasinTensor tensor) {
  return guarded([&] { borrow(tensor).mutable_grad() = at::Tensor(); });
}

int backward(BasinTensor loss, BasinTensor gradient) {
  return guarded([&] { torch::autograd::backward({borrow(loss)}, {borrowOrUndefined(gradient)}); });
}

int gradients(const BasinTensor *outputs, int32_t outputCount, const BasinTensor *outputGradients,
              const BasinTensor *inputs, int32_t inputCount, int32_t createGraph, BasinTensor *results) {
  return guarded([&] {
    torch::autograd::variable_list out, seeds, in;
    for (int32_t i = 0; i < outputCount; ++i) {
      out.push_back(borrow(outputs[i]));
      seeds.push_back(outputGradients ? borrowOrUndefined(outputGradients[i]) : at::Tensor());
    }
    for (int32_t i = 0; i < inputCount; ++i) in.push_back(borrow(inputs[i]));
    struct Asking {
      const torch::autograd::variable_list *before;
      explicit Asking(const torch::autograd::variable_list *now) : before(asked) { asked = now; }
      ~Asking() { asked = before; }
    } asking(&in);
    auto found = torch::autograd::grad(out, in, seeds, createGraph != 0, createGraph != 0, /*allow_unused=*/true);
    for (int32_t i = 0; i < inputCount; ++i) results[i] = found[i].defined() ? wrap(found[i]) : nullptr;
  });
}

int32_t setGradientEnabled(int32_t value) {
  const bool before = at::GradMode::is_enabled();
  at::GradMode::set_enabled(value != 0);
  return before;
}

int32_t setRecordingForBackward(int32_t value) {
  const bool before = recordsForBackward;
  recordsForBackward = value != 0;
  return before;
}

namespace {

// Whether a function may add to the gradient of this input itself. A node of the graph that does just that costs two
// microseconds, more than the arithmetic of a small parameter. On other devices the engine has threads of its own.
bool isOwnLeaf(const at::Tensor &input) {
  return input.requires_grad() && input.is_leaf() && input.device().is_cpu() &&
         torch::autograd::impl::hooks(input).empty() && !torch::autograd::impl::post_acc_grad_hooks(input);
}

// What the engine and its node would do with the gradient of a leaf.
void accumulate(const at::Tensor &leaf, at::Tensor &&gradient, const std::string &label) {
  if (!gradient.sizes().equals(leaf.sizes())) {
    TORCH_CHECK(at::is_expandable_to(leaf.sizes(), gradient.sizes()), label, ": a gradient of ", gradient.sizes(),
                " for an input of ", leaf.sizes());
    gradient = at::sum_to(std::move(gradient), leaf.sizes());
  }
  if (gradient.scalar_type() != leaf.scalar_type()) gradient = gradient.to(leaf.scalar_type());
  at::Tensor &sum = leaf.mutable_grad();
  // Nobody else has it: it need not even be wrapped anew.
  if (!sum.defined() && gradient.use_count() == 1 && gradient.layout() == at::kStrided && !gradient.requires_grad() &&
      torch::autograd::utils::obeys_layout_contract(gradient, leaf)) {
    sum = std::move(gradient);
    return;
  }
  torch::autograd::AccumulateGrad::accumulateGrad(leaf, sum, gradient, 1, [&](at::Tensor &&result) { sum = std::move(result); });
}

struct CustomNode : torch::autograd::Node {
  CustomNode(std::string name, torch::autograd::edge_list &&edges, torch::autograd::variable_list &&leaves,
             BasinBackward function, void *context, BasinRelease free)
      : Node(std::move(edges)), label(std::move(name)), leaves(std::move(leaves)), function(function), context(context),
        free(free) {}
  ~CustomNode() override { release_variables(); }

  torch::autograd::variable_list apply(torch::autograd::variable_list &&gradients) override {
    TORCH_CHECK(context, label, ": backward was already run once; its saved values are gone");
    std::vector<BasinTensor> in(gradients.size()), out(num_outputs(), nullptr);
    for (size_t i = 0; i < gradients.size(); ++i) {
      in[i] = gradients[i].defined() ? reinterpret_cast<BasinTensor>(gradients[i].unsafeGetTensorImpl()) : nullptr;
    }
    char message[2048] = {0};
    const int status =
        function(context, in.data(), static_cast<int32_t>(in.size()), out.data(), static_cast<int32_t>(out.size()),
                 message, sizeof message);
    torch::autograd::variable_list result;
    for (auto handle : out) {
      // The callee gave its reference away.
      result.push_back(handle ? at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim(
                                    reinterpret_cast<c10::TensorImpl *>(handle)))
                              : at::Tensor());
    }
    TORCH_CHECK(status == 0, label, ": ", message);
    // Empty in `backward`.
    const bool isPartial = !torch::autograd::get_current_graph_task_exec_info()->empty();
    for (size_t i = 0; i < leaves.size(); ++i) {
      if (!leaves[i].defined()) continue;
      if (isPartial) {
        for (const auto &input : asked ? *asked : torch::autograd::variable_list()) {
          TORCH_CHECK(!input.is_same(leaves[i]), label,
                      ": was recorded for backward alone; the gradient of one of its parameters was asked for");
        }
      } else if (result[i].defined()) {
        accumulate(leaves[i], std::move(result[i]), label);
      }
      result[i] = at::Tensor();
    }
    return result;
  }

  void release_variables() override {
    if (context) {
      free(context);
      context = nullptr;
    }
  }

  std::string name() const override { return label; }

  std::string label;
  // By inputs: those whose gradients it adds to itself, and which have no edge.
  torch::autograd::variable_list leaves;
  BasinBackward function;
  void *context;
  BasinRelease free;
};

}  // namespace

int customFunction(const char *name, const BasinTensor *inputs, int32_t inputCount, const BasinTensor *outputs,
                   int32_t outputCount, BasinBackward backward, void *context, BasinRelease release,
                   BasinTensor *results) {
  bool owned = false;
  const int status = guarded([&] {
    torch::autograd::variable_list in;
    bool wanted = false;
    for (int32_t i = 0; i < inputCount; ++i) {
      in.push_back(borrow(inputs[i]));
      wanted = wanted || in.back().requires_grad();
    }
    wanted = wanted && at::GradMode::is_enabled();
    c10::intrusive_ptr<CustomNode> node;
    if (wanted) {
      torch::autograd::edge_list edges;
      torch::autograd::variable_list leaves;
      for (size_t i = 0; i < in.size(); ++i) {
        if (!recordsForBackward || !isOwnLeaf(in[i])) {
          edges.push_back(torch::autograd::impl::gradient_edge(in[i]));
          continue;
        }
        leaves.resize(in.size());
        leaves[i] = in[i];
        edges.emplace_back();
      }
      node = c10::make_intrusive<CustomNode>(name, std::move(edges), std::move(leaves), backward, context, release);
      owned = true;
    }
    for (int32_t i = 0; i < outputCount; ++i) {
      // A new TensorImpl over the same memory: the backward pass may keep the raw output without making a cycle.
      at::Tensor output = borrow(outputs[i]).detach();
      if (node) torch::autograd::set_history(output, c10::intrusive_ptr<torch::autograd::Node>(node));
      results[i] = wrap(std::move(output));
    }
  });
  if (!owned) release(context);
  return status;
}

}  // namespace basin
