import GraphKernels
import PluginAPI

/// All layers of a graph isomorphism network over whole graphs and their readout as one function, with a backward pass
/// of its own (`IsomorphismKernels.h`).
///
/// A layer here is a convolution, batch normalization and ReLU. The twin is what ``GraphNetwork`` does layer by layer.
final class IsomorphismStack {
  private let convs: [IsomorphismConvolution]
  private let norms: [BatchNorm]
  private let readsAll, takesMeans: Bool
  private let memory = WorkingMemory()

  /// Wider ones leave their time in LibTorch's matrix products, which are made for them.
  private static let widest = 128
  /// Numbers of the first weight; each lane has a gradient of it.
  private static let largestWeight = 262_144
  /// Multiplications a thread gets at least.
  private static let workGrain = 4_000_000

  /// nil where the network is not made of such layers.
  init?(_ convs: [IsomorphismConvolution], _ norms: [any Module], _ network: NetworkShape) {
    let norms = norms.compactMap { $0 as? BatchNorm }
    guard norms.count == convs.count, let width = convs.first?.outputWidth, width <= Self.widest,
      convs.allSatisfy({ $0.outputWidth == width && $0.nn.lins.count == 2 }), network.activation == .relu,
      !network.residual, network.dropout == 0, network.readout != .max,
      convs[0].nn.lins[0].weight.count <= Self.largestWeight
    else { return nil }
    self.convs = convs
    self.norms = norms
    readsAll = network.jumping == .cat
    takesMeans = network.readout == .mean
  }

  /// The readout of a batch, `[B, width]` or `[B, layers * width]`; nil where the twin has to compute it.
  func callAsFunction(_ field: ReceptiveField, _ mode: Mode) throws -> Tensor? {
    guard let segments = field.segments, let graph = field.layers.first, convs[0].nn.lins[0].weight.fitsKernels else {
      return nil
    }
    let trains: Bool
    switch mode {
    // Of one row there is no variance: the twin says so.
    case .train where graph.outputCount < 2: return nil
    case .train: trains = true
    case .evaluate: trains = false
    case .estimateStatistics: return nil
    }
    if trains { for norm in allNorms { try norm.batches.withMemory(of: Int64.self) { $0.pointee &+= 1 } } }
    let inputs = self.parameters, parameters = try inputs.map { try $0.contiguous() }
    return try customFunction("isomorphismStack", inputs) {
      let pass = try Pass(self, field, graph, segments, trains: trains)
      let output = try Tensor.empty([segments.count, convs[0].outputWidth * (readsAll ? convs.count : 1)])
      try pass.run(parameters, nil, output) { basinIsomorphismForward($0, $1, $2, $3, $4, $5) }
      return (
        [output],
        { [parameters] incoming in
          guard let gradient = try incoming[0]?.contiguous() else { return parameters.map { _ in nil } }
          let gradients = try parameters.map { try Tensor.empty($0.shape) }
          try pass.run(parameters, gradients, gradient) { basinIsomorphismBackward($0, $1, $2, $3, $4, $5) }
          return gradients
        }
      )
    }[0]
  }

  private var allNorms: [BatchNorm] { zip(convs, norms).flatMap { [$0.nn.norms[0].module, $1] } }

  /// Layer by layer: W1, b1, W2, b2, weight and bias of both normalizations, and epsilon where it is learned.
  private var parameters: [Tensor] {
    zip(convs, norms).flatMap { conv, norm -> [Tensor] in
      let lins = conv.nn.lins, inner = conv.nn.norms[0].module
      return [lins[0].weight, lins[0].bias, lins[1].weight, lins[1].bias, inner.weight, inner.bias, norm.weight, norm.bias, conv.eps]
        .compactMap { $0 }
    }
  }

  /// One forward pass and what its backward passes need.
  private final class Pass {
    private let stack: IsomorphismStack
    private let field: ReceptiveField
    private let graph: Aggregation
    private let segments: Segments
    private let trains: Bool
    private let raw: OpaquePointer
    private let lease: WorkingMemory.Lease

    init(
      _ stack: IsomorphismStack, _ field: ReceptiveField, _ graph: Aggregation, _ segments: Segments, trains: Bool
    ) throws {
      (self.stack, self.field, self.graph, self.segments, self.trains) = (stack, field, graph, segments, trains)
      var network = Self.network(stack, field, graph, segments, trains: trains)
      guard let made = basinIsomorphismMake(&network) else {
        throw BasinError.internalError("there is not enough memory for a batch of \(segments.count) graphs")
      }
      do { lease = try stack.memory.take(Int(basinIsomorphismMemory(made))) } catch {
        basinIsomorphismFree(made)
        throw error
      }
      raw = made
    }

    deinit { basinIsomorphismFree(raw) }

    /// Everything but the layers.
    private static func network(
      _ stack: IsomorphismStack, _ field: ReceptiveField, _ graph: Aggregation, _ segments: Segments, trains: Bool
    ) -> BasinIsomorphism {
      let features = field.features.rawRows(chosen: field.readNodes), norm = stack.norms[0]
      return BasinIsomorphism(
        graph: graph.raw, graphs: Int64(segments.count), graphPointers: segments.pointers,
        featurePointers: features.pointers, featureColumns: features.columns, nodes: features.rows,
        featureValues: features.values, features: Int64(field.features.columns),
        width: Int64(stack.convs[0].outputWidth), layerCount: Int64(stack.convs.count), layers: nil,
        readsAll: stack.readsAll ? 1 : 0, takesMeans: stack.takesMeans ? 1 : 0, trains: trains ? 1 : 0,
        normEpsilon: Float(norm.epsilon), momentum: Float(norm.momentum))
    }

    typealias Body = (OpaquePointer, UnsafePointer<BasinIsomorphism>, UnsafeMutablePointer<Float>, Int64, Int64,
      UnsafeMutablePointer<Float>) -> Void

    /// - Parameters:
    ///   - gradients: where those of the parameters go; nil in a forward pass.
    ///   - rows: the output, or its gradient.
    func run(_ parameters: [Tensor], _ gradients: [Tensor]?, _ rows: Tensor, _ body: @escaping Body) throws {
      let layers = try self.layers(parameters, gradients)
      try withExtendedLifetime((parameters, gradients, self)) {
        try layers.withUnsafeBufferPointer { layers in
          var network = Self.network(stack, field, graph, segments, trains: trains)
          network.layers = layers.baseAddress
          try lease.tensor.withMemory(of: Float.self) { memory in
            try rows.withMemory(of: Float.self) { rows in
              nonisolated(unsafe) let (body, raw, network, memory, rows) = (body, raw, network, memory, rows)
              let lanes = Int(basinIsomorphismLanes(raw))
              // A backward pass has twice the products.
              let parts = max(1, Int(basinIsomorphismWork(raw)) * (gradients == nil ? 1 : 2) / IsomorphismStack.workGrain)
              try LibTorch.parallelFor(0..<lanes, grain: max(1, (lanes + parts - 1) / parts)) { part in
                withUnsafePointer(to: network) {
                  body(raw, $0, memory, Int64(part.lowerBound), Int64(part.upperBound), rows)
                }
              }
            }
          }
        }
      }
    }

    private func layers(_ parameters: [Tensor], _ gradients: [Tensor]?) throws -> [BasinIsomorphismLayer] {
      func address(_ tensor: Tensor) throws -> UnsafeMutablePointer<Float> { try tensor.withMemory(of: Float.self) { $0 } }
      var next = 0
      func take() throws -> (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>?) {
        defer { next += 1 }
        return (try address(parameters[next]), try gradients.map { try address($0[next]) })
      }
      return try zip(stack.convs, stack.norms).map { conv, norm in
        let (weight1, bias1, weight2, bias2) = (try take(), try take(), try take(), try take())
        func normalization(_ norm: BatchNorm) throws -> BasinNorm {
          let (weight, bias) = (try take(), try take())
          return BasinNorm(
            weight: weight.0, bias: bias.0, runningMean: try address(norm.runningMean),
            runningVariance: try address(norm.runningVariance), weightGradient: weight.1, biasGradient: bias.1)
        }
        let norm1 = try normalization(conv.nn.norms[0].module), norm2 = try normalization(norm)
        let epsilon = conv.eps == nil ? nil : try take()
        return BasinIsomorphismLayer(
          weight1: weight1.0, bias1: bias1.0, weight2: weight2.0, bias2: bias2.0, epsilon: epsilon?.0, norm1: norm1,
          norm2: norm2, weight1Gradient: weight1.1, bias1Gradient: bias1.1, weight2Gradient: weight2.1,
          bias2Gradient: bias2.1, epsilonGradient: epsilon?.1)
      }
    }
  }
}
