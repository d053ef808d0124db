import PluginAPI

/// Options of ``SGD``.
public struct SGDOptions: Options {
  public var momentum = 0.0
  public var dampening = 0.0
  public var nesterov = false
  public var weightDecay = 0.0

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field("momentum", \.momentum, in: 0...1, "part of the last direction kept for the next step"),
      Field("dampening", \.dampening, in: 0...1, "part of the gradient kept out of the momentum buffer"),
      Field("nesterov", \.nesterov, "look ahead along the momentum (Nesterov)"),
      Field("weightDecay", \.weightDecay, in: 0...1000, "L2 penalty, added to the gradient"),
    ]
  }
}

/// Stochastic gradient descent with momentum, as `torch.optim.SGD`.
///
/// With g' = g + weightDecay w: the buffer b starts as g' and becomes momentum b + (1 - dampening) g'; the step goes
/// along b, or along g' + momentum b with `nesterov`, or along g' without momentum.
public final class SGD: Optimizer {
  let options: SGDOptions
  let trained: TrainedTensors
  let fused: Bool
  private var buffers: [Tensor?]
  /// `buffers` once all of them are there, so that a usual step passes them on as they are.
  private(set) var allBuffers: [Tensor]?

  private static let fusedOperator = Operator("aten::_fused_sgd_")

  public convenience init(_ options: SGDOptions, parameters: [NamedTensor]) throws {
    try self.init(options, parameters: parameters, fused: true)
  }

  /// - Parameter fused: false takes the plain twin, written in tensor operations.
  /// - Throws: `BasinError` of kind usage for Nesterov without momentum or with dampening.
  public init(_ options: SGDOptions, parameters: [NamedTensor], fused: Bool) throws {
    if options.nesterov, options.momentum == 0 || options.dampening != 0 {
      throw BasinError.usage(
        "optimizer sgd: nesterov needs momentum and no dampening",
        advice: "Set optimizer.momentum=0.9 and optimizer.dampening=0, or optimizer.nesterov=false")
    }
    self.options = options
    trained = TrainedTensors(parameters)
    self.fused = fused && trained.fitFusedKernels
    buffers = Array(repeating: nil, count: trained.tensors.count)
  }

  public func step(learningRate: Double) throws {
    try LibTorch.withoutGradient {
      let gradients = try trained.gradients()
      guard !gradients.isEmpty else { return }
      guard fused else { return try stepPlainly(gradients, learningRate) }
      if let pass = try ordinaryPass(gradients, learningRate, sampling: nil) { return try pass.run() }
      if gradients.positions == nil {
        if options.momentum == 0 { return try runFused(trained.tensors, gradients.tensors, [], false, learningRate) }
        if let allBuffers { return try runFused(trained.tensors, gradients.tensors, allBuffers, false, learningRate) }
      }
      try stepInGroups(gradients, learningRate)
    }
  }

  /// Parameters on their first step have no buffer yet; the kernel wants them in a call of their own.
  private func stepInGroups(_ gradients: TrainedTensors.Gradients, _ learningRate: Double) throws {
    let positions = gradients.positions ?? Array(trained.tensors.indices)
    let pairs = Array(zip(positions, gradients.tensors))
    guard options.momentum != 0 else {
      return try runFused(pairs.map { trained.tensors[$0.0] }, pairs.map(\.1), [], false, learningRate)
    }
    let fresh = pairs.filter { buffers[$0.0] == nil }
    let old = pairs.filter { buffers[$0.0] != nil }
    for (group, isFirst) in [(fresh, true), (old, false)] where !group.isEmpty {
      for (position, _) in group where isFirst { buffers[position] = try trained.zeros(position) }
      try runFused(
        group.map { trained.tensors[$0.0] }, group.map(\.1), group.compactMap { buffers[$0.0] }, isFirst, learningRate)
    }
    cacheBuffers()
  }

  private func runFused(
    _ parameters: [Tensor], _ gradients: [Tensor], _ buffers: [Tensor], _ isFirst: Bool, _ learningRate: Double
  ) throws {
    try Self.fusedOperator.run(
      .tensors(parameters), .tensors(gradients), .tensors(buffers), .double(options.weightDecay), .double(options.momentum),
      .double(learningRate), .double(options.dampening), .bool(options.nesterov), .bool(false), .bool(isFirst))
  }

  private func stepPlainly(_ gradients: TrainedTensors.Gradients, _ learningRate: Double) throws {
    let positions = gradients.positions ?? Array(trained.tensors.indices)
    for (position, gradient) in zip(positions, gradients.tensors) {
      let weight = trained.tensors[position]
      var direction = options.weightDecay == 0 ? gradient : try gradient + weight * options.weightDecay
      if options.momentum != 0 {
        let buffer: Tensor
        if let old = buffers[position] {
          buffer = old
          try buffer.multiply(by: options.momentum)
          try buffer.add(direction, scale: 1 - options.dampening)
        } else {
          buffer = try trained.zeros(position)
          try buffer.copy(from: direction)
          buffers[position] = buffer
        }
        direction = options.nesterov ? try direction + buffer * options.momentum : buffer
      }
      try weight.add(direction, scale: -learningRate)
    }
    cacheBuffers()
  }

  private func cacheBuffers() {
    let present = buffers.compactMap { $0 }
    allBuffers = present.count == buffers.count ? present : nil
  }

  /// The momentum buffers, `momentum/<path>`; none before the first step and without momentum.
  public var state: OptimizerState {
    get throws { OptimizerState(tensors: try trained.saved(buffers, as: "momentum")) }
  }

  public func restore(_ state: OptimizerState) throws {
    let kinds = options.momentum == 0 ? [] : ["momentum"]
    try trained.check(state, kinds: kinds, counters: { _ in false }, of: "optimizer")
    buffers = try trained.buffers("momentum", from: state)
    cacheBuffers()
  }

  public func reset() {
    buffers = Array(repeating: nil, count: trained.tensors.count)
    allBuffers = nil
  }
}
