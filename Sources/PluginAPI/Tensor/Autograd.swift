import LibTorchTable

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Tensor {
  /// Asks for this tensor's gradient (leaf tensors only).
  public func setRequiresGradient(_ value: Bool) throws {
    try LibTorch.check(LibTorch.table.get().setRequiresGradient(raw, value ? 1 : 0), "setRequiresGradient", [self])
  }

  /// The gradient that `backward` left, if any. Same shape as the tensor.
  public func gradient() throws -> Tensor? {
    var result: BasinTensor?
    try LibTorch.check(LibTorch.table.get().gradient(raw, &result), "gradient", [self])
    return result.map { Tensor(owning: $0) }
  }

  /// Forgets the gradient that `backward` left.
  public func clearGradient() throws {
    try LibTorch.check(LibTorch.table.get().clearGradient(raw), "clearGradient", [self])
  }

  /// Adds the gradient of this one-element tensor to every leaf that asks for it.
  public func backward() throws {
    try LibTorch.check(LibTorch.table.get().backward(raw, nil), "backward", [self])
  }

  /// The gradients of this one-element tensor with respect to `inputs`; nil where it does not depend on one.
  public func gradients(of inputs: [Tensor], createGraph: Bool = false) throws -> [Tensor?] {
    let table = try LibTorch.table.get()
    var results = [BasinTensor?](repeating: nil, count: inputs.count)
    var output: BasinTensor? = raw
    let status = withExtendedLifetime((self, inputs)) {
      table.gradients(&output, 1, nil, inputs.map { $0.raw }, Int32(inputs.count), createGraph ? 1 : 0, &results)
    }
    try LibTorch.check(status, "gradients", [self])
    return results.map { $0.map { Tensor(owning: $0) } }
  }

  /// The same memory, cut off from the graph of gradients.
  public func detached() throws -> Tensor { try Operators.detach(.tensor(self)) }
}

/// A function with its own backward pass, for kernels over raw memory.
///
/// - Parameters:
///   - name: shown in errors and profiles.
///   - inputs: the tensors gradients flow to.
///   - differentiableBackward: whether `backward` is made of recorded operations alone (other custom functions with this
///     argument among them), and depends on tensors through these only. It then runs with recording on where a graph
///     of the gradients is wanted; without it, asking for one is an error.
///   - forward: computes the outputs; runs without recording. What it hands to `backward` is kept by the closure it returns; the
///     raw outputs may be kept too.
///   - backward (returned by `forward`): gets one gradient an output (nil: none arrived) and gives one an input (nil: none).
public func customFunction(
  _ name: String, _ inputs: [Tensor], differentiableBackward: Bool = false,
  forward: () throws -> (outputs: [Tensor], backward: ([Tensor?]) throws -> [Tensor?])
) throws -> [Tensor] {
  let table = try LibTorch.table.get()
  let isRecording = table.setGradientEnabled(0) != 0
  defer { _ = table.setGradientEnabled(isRecording ? 1 : 0) }
  let (outputs, backward) = try forward()
  // The usual backward pass of a function that is itself the backward pass of another.
  guard isRecording || outputs.contains(where: \.requiresGradient) else { return outputs }
  _ = table.setGradientEnabled(isRecording ? 1 : 0)
  var results = [BasinTensor?](repeating: nil, count: outputs.count)
  let context = Unmanaged.passRetained(BackwardBody(name, differentiableBackward, backward)).toOpaque()
  let status = withExtendedLifetime((inputs, outputs)) {
    table.customFunction(
      name, inputs.map { $0.raw }, Int32(inputs.count), outputs.map { $0.raw }, Int32(outputs.count),
      backwardThunk, context, { context in if let context { Unmanaged<BackwardBody>.fromOpaque(context).release() } },
      &results)
  }
  try LibTorch.check(status, name, inputs)
  return results.compactMap { $0.map { Tensor(owning: $0) } }
}

private final class BackwardBody {
  let name: String
  let isDifferentiable: Bool
  let body: ([Tensor?]) throws -> [Tensor?]
  init(_ name: String, _ isDifferentiable: Bool, _ body: @escaping ([Tensor?]) throws -> [Tensor?]) {
    self.name = name
    self.isDifferentiable = isDifferentiable
    self.body = body
  }
}

private let backwardThunk: BasinBackward = { context, gradients, gradientCount, results, resultCount, message, capacity in
  guard let context, case .success(let table) = LibTorch.table else { return 1 }
  let function = Unmanaged<BackwardBody>.fromOpaque(context).takeUnretainedValue()
  do {
    // The engine runs with gradients on where a graph of the gradients is wanted. Without this error a second derivative
    // would come out too small without a word.
    let wantsGraph = table.setGradientEnabled(0) != 0
    _ = table.setGradientEnabled(wantsGraph ? 1 : 0)
    guard !wantsGraph || function.isDifferentiable else {
      throw TensorError(operation: function.name, shapes: [], message: "has no second derivative")
    }
    // The gradients are borrowed: take a reference of our own for the time of the call.
    let incoming = (0..<Int(gradientCount)).map { index -> Tensor? in
      guard let handle = gradients?[index] else { return nil }
      table.retain(handle)
      return Tensor(owning: handle)
    }
    // Recorded just where the engine records: the setting is the engine's own.
    let outgoing = try function.body(incoming)
    guard outgoing.count == Int(resultCount) else {
      throw TensorError(
        operation: function.name, shapes: [], message: "backward gave \(outgoing.count) gradients for \(resultCount) inputs")
    }
    for (index, tensor) in outgoing.enumerated() {
      guard let tensor else { continue }
      table.retain(tensor.raw)
      results?[index] = tensor.raw
    }
    return 0
  } catch {
    if let message, capacity > 0 {
      let text = "\(error)"
      text.withCString { _ = strncpy(message, $0, capacity - 1) }
    }
    return 1
  }
}
