import PluginAPI

/// The tensors an optimizer works on, with all that a step must not look up again.
struct TrainedTensors {
  let paths: [String]
  let tensors: [Tensor]
  /// Whether LibTorch's fused optimizer kernels can take all of them in one call.
  ///
  /// They walk raw memory: one dtype and one device, and memory without holes. Gradients and buffers then lie in memory
  /// as their parameter does: autograd gives a dense leaf a gradient of the leaf's own strides, `zeros_like` keeps them
  /// too.
  let fitFusedKernels: Bool
  /// Whether Basin's own kernels can: they know float32 on the CPU alone.
  let fitOwnKernels: Bool

  init(_ parameters: [NamedTensor]) {
    let trained = parameters.filter { $0.role == .parameter }
    paths = trained.map(\.path)
    tensors = trained.map(\.tensor)
    fitFusedKernels = Self.fitFusedKernels(tensors)
    fitOwnKernels = fitFusedKernels && tensors.first?.dtype == .float32 && tensors.first?.device == .cpu
  }

  private static func fitFusedKernels(_ tensors: [Tensor]) -> Bool {
    guard let first = tensors.first else { return false }
    let dtype = first.dtype, device = first.device
    guard dtype.isFloatingPoint, device != .mps else { return false }
    return tensors.allSatisfy { $0.dtype == dtype && $0.device == device && ($0.isContiguous || $0.isChannelsLast) }
  }

  /// The gradients of this step and whose they are.
  struct Gradients {
    let tensors: [Tensor]
    /// Positions of their parameters; nil where every parameter has a gradient, the usual case.
    let positions: [Int]?

    var isEmpty: Bool { tensors.isEmpty }
  }

  func gradients() throws -> Gradients {
    var found: [Tensor] = []
    found.reserveCapacity(tensors.count)
    var missing = false
    for tensor in tensors {
      if let gradient = try tensor.gradient() { found.append(gradient) } else { missing = true }
    }
    guard missing else { return Gradients(tensors: found, positions: nil) }
    // Seldom, so asking a second time is cheap enough.
    var positions: [Int] = []
    for position in tensors.indices where try tensors[position].gradient() != nil { positions.append(position) }
    return Gradients(tensors: found, positions: positions)
  }

  /// A zero tensor of the same shape, dtype, device and memory layout as the parameter at `position`.
  func zeros(_ position: Int) throws -> Tensor { try Self.zerosLike(.tensor(tensors[position])) }

  private static let zerosLike = Operator("aten::zeros_like")
}
