/// 2-D convolution. Weight `[outputs, inputs / groups, k, k]`, kept channels last.
public final class Conv2d: Module {
  /// `[outputs, inputs / groups, k, k]`.
  @Parameter public var weight: Tensor
  /// `[outputs]`, where there is one.
  @OptionalParameter public var bias: Tensor?
  /// Pixels from window to window, zeros around the picture, and groups of channels that do not see each other.
  public let stride, padding, groups: Int

  public init(
    _ inputs: Int, _ outputs: Int, _ kernel: Int, stride: Int = 1, padding: Int = 0, groups: Int = 1, bias: Bool = true,
    weight initializer: Initializer? = nil, biasValue: Initializer? = nil
  ) throws {
    guard groups > 0 else {
      throw TensorError(operation: "Conv2d.init", shapes: [], message: "\(groups) groups are not possible")
    }
    let fanIn = inputs / groups * kernel * kernel
    let memory = try Tensor.emptyChannelsLast([outputs, inputs / groups, kernel, kernel])
    try memory.fill(0)
    try memory.setRequiresGradient(true)
    _weight = Parameter(memory: memory, initializer ?? .torchDefault(inputs: fanIn))
    _bias = try OptionalParameter(shape: bias ? [outputs] : nil, biasValue ?? .torchDefault(inputs: fanIn))
    self.stride = stride
    self.padding = padding
    self.groups = groups
  }

  /// `[N, inputs, H, W]` to `[N, outputs, H', W']`; 3x3 of stride 1 by minimal filtering where that pays.
  public func callAsFunction(_ x: Tensor) throws -> Tensor {
    try located {
      try minimallyFiltered(x)
        ?? conv2d(x, weight, bias, stride: stride, padding: padding, groups: groups)
    }
  }
}

extension Parameter {
  /// A parameter over memory made by the author, filled by `initializer`.
  public init(memory: Tensor, _ initializer: Initializer, key: String? = nil) {
    wrappedValue = memory
    self.key = key
    self.initializer = initializer
    rows = nil
  }
}
