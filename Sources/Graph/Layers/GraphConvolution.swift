import GraphKernels
import PluginAPI

/// What follows the sums of a hidden layer: max(x, 0), then dropout.
public struct HiddenActivation: Sendable {
  /// A bit for every node of the graph and column, row-major; nil: no dropout.
  public let mask: DropoutMask?

  public init(mask: DropoutMask?) { self.mask = mask }
}

/// A graph convolution (Kipf and Welling 2017): A X W^T + b with A the renormalized adjacency.
///
/// Weight `lin.weight` `[outputs, inputs]`, bias `[outputs]`, named as in PyTorch Geometric's `GCNConv`.
public final class GraphConvolution: MessagePassing {
  public let lin: Linear
  @Parameter public var bias: Tensor

  public init(_ inputs: Int, _ outputs: Int) throws {
    lin = try Linear(inputs, outputs, bias: false, weight: .glorotUniform(inputs: inputs, outputs: outputs))
    _bias = try Parameter(shape: [outputs], .constant(0))
  }

  public var outputWidth: Int { bias.count }

  func pass(_ input: LayerInput, _ aggregation: Aggregation, _ mode: Mode) throws -> Tensor {
    switch input {
    case .rows(let x) where x.isOfKernels: return try self(x, aggregation, nil)
    default: return try located { try aggregation.neighborSums(input.linear(lin.weight)) + bias }
    }
  }

  /// The first layer: sparse features `[N, inputs]` to `[R, outputs]`.
  ///
  /// - Parameter mask: a bit for every stored feature; nil: no dropout.
  public func callAsFunction(
    _ field: ReceptiveField, dropping mask: DropoutMask?, _ aggregation: Aggregation, _ activation: HiddenActivation?
  ) throws -> Tensor {
    try located {
      let weight = lin.weight
      let values = try mask.map { try field.droppedFeatures($0) }
      return try ActivatedSums(
        name: "graphConvolution", aggregation: aggregation, activation: activation,
        project: { try field.project($0, values) }, projectBack: { try field.weightGradient($0, values) }
      )(weight, bias)
    }
  }

  /// A later layer: `[C, inputs]` over the aggregation's inputs to `[R, outputs]`.
  public func callAsFunction(_ x: Tensor, _ aggregation: Aggregation, _ activation: HiddenActivation?) throws -> Tensor
  {
    try located {
      let weight = lin.weight
      // The product with the weights on the side of the sums where it is cheaper; with an activation they are one pass.
      let (outputs, inputs) = (weight.shape[0], weight.shape[1])
      let entries = aggregation.forward.entries
      let sumsFirst = entries * inputs + aggregation.outputCount * inputs * outputs
      let productFirst = entries * outputs + aggregation.inputCount * inputs * outputs
      if activation == nil, sumsFirst < productFirst {
        return try linear(aggregate(x, nil, aggregation, nil), weight, bias)
      }
      return try aggregate(linear(x, weight), bias, aggregation, activation)
    }
  }

  private func aggregate(
    _ x: Tensor, _ bias: Tensor?, _ aggregation: Aggregation, _ activation: HiddenActivation?
  ) throws -> Tensor {
    try ActivatedSums(
      name: "aggregate", aggregation: aggregation, activation: activation, project: { $0 }, projectBack: { $0 }
    )(x, bias)
  }
}

/// activation(A P(x) + b) as a function of x and b, with derivatives of any order.
///
/// The activation keeps some elements, times a constant, and makes the others 0. Which ones does not change with a
/// small step, so that the derivative is one linear function, here ``back(_:_:hasBias:)`` and its transpose
/// ``ahead(_:_:_:)``: each is the backward pass of the other.
private struct ActivatedSums {
  let name: String
  let aggregation: Aggregation
  let activation: HiddenActivation?
  /// P, from x to `[C, width]`, and its transpose; both unrecorded.
  let project, projectBack: (Tensor) throws -> Tensor

  func callAsFunction(_ x: Tensor, _ bias: Tensor?) throws -> Tensor {
    try customFunction(name, [x] + (bias.map { [$0] } ?? []), differentiableBackward: true) {
      let output = try aggregation.sums(project(x), bias, activation)
      return ([output], { try back($0[0], output, hasBias: bias != nil) })
    }[0]
  }

  /// The gradients of x and b from that of the output, `[R, width]`.
  private func back(_ gradient: Tensor?, _ output: Tensor, hasBias: Bool) throws -> [Tensor?] {
    guard let gradient else { return hasBias ? [nil, nil] : [nil] }
    return try customFunction(name, [gradient], differentiableBackward: true) {
      var results: [Tensor]
      if hasBias || activation != nil {
        let (inner, biasGradient) = try aggregation.innerGradient(gradient, output, activation)
        results = [try projectBack(aggregation.spread(inner))]
        if hasBias { results.append(biasGradient) }
      } else {
        results = [try projectBack(aggregation.spread(gradient.contiguous()))]
      }
      return (results, { vectors in [try ahead(vectors[0], hasBias ? vectors[1] : nil, output)] })
    }
  }

  /// How the output moves, `[R, width]`, where x and b move along these (nil: not at all).
  private func ahead(_ x: Tensor?, _ bias: Tensor?, _ output: Tensor) throws -> Tensor? {
    let inputs = [x, bias].compactMap { $0 }
    guard !inputs.isEmpty else { return nil }
    return try customFunction(name, inputs, differentiableBackward: true) {
      var moved = try x.map { try aggregation.sums(project($0), bias, nil) } ?? bias?.expanded(output.shape)
      if activation != nil { moved = try moved.map { try aggregation.innerGradient($0, output, activation).inner } }
      return (
        moved.map { [$0] } ?? [],
        { gradients in
          let found = try back(gradients[0], output, hasBias: bias != nil)
          return x == nil ? [found[1]] : found
        }
      )
    }[0]
  }
}

extension Aggregation {
  /// activation(forward x + bias): `[C, width]` to `[R, width]`, unrecorded.
  func sums(_ x: Tensor, _ bias: Tensor?, _ activation: HiddenActivation?) throws -> Tensor {
    let shape = x.shape
    guard shape.count == 2, shape[0] == inputCount else {
      throw TensorError(operation: "aggregate", shapes: [shape], message: "needs [\(inputCount), width]")
    }
    let width = shape[1]
    let output = try Tensor.empty([outputCount, width])
    let bias = try bias?.contiguous()
    try withExtendedLifetime(bias) {
      let bias: UnsafeMutablePointer<Float>? = try bias?.withMemory(of: Float.self) { $0 }
      try x.contiguous().withMemory(of: Float.self) { source in
        try output.withMemory(of: Float.self) { target in
          let bits = activation?.mask?.bits ?? []
          try bits.withUnsafeBufferPointer { kept in
            let raw = BasinActivation(
              bias: bias, rectified: activation == nil ? 0 : 1, scale: activation?.mask?.scale ?? 1,
              kept: activation?.mask == nil ? nil : kept.baseAddress, nodes: raw.pointee.outputs)
            try forward.multiply(source, width: width, activation: raw, into: target)
          }
        }
      }
    }
    return output
  }

  /// The gradient before activation and bias, `[R, width]`, and the bias's, `[width]`.
  func innerGradient(
    _ gradient: Tensor, _ output: Tensor, _ activation: HiddenActivation?
  ) throws -> (inner: Tensor, bias: Tensor) {
    let gradient = try gradient.contiguous()
    let shape = output.shape
    let (rows, width) = (shape[0], shape[1])
    let inner = activation == nil ? gradient : try Tensor.empty(shape)
    let blocks = max(1, (rows + Int(BASIN_GRADIENT_BLOCK) - 1) / Int(BASIN_GRADIENT_BLOCK))
    let sums = try Tensor.empty([blocks, width])
    let scale = activation?.mask?.scale ?? 1
    try gradient.withMemory(of: Float.self) { source in
      try output.withMemory(of: Float.self) { result in
        try inner.withMemory(of: Float.self) { target in
          try sums.withMemory(of: Float.self) { sums in
            nonisolated(unsafe) let (source, target, sums) = (source, target, sums)
            nonisolated(unsafe) let result = activation == nil ? nil : result
            try LibTorch.parallelFor(0..<blocks, grain: 1 + 1_048_576 / (Int(BASIN_GRADIENT_BLOCK) * max(width, 1))) {
              part in
              basinActivationGradient(
                result, source, scale, Int64(rows), Int64(width), Int64(part.lowerBound), Int64(part.upperBound),
                target,
                sums)
            }
          }
        }
      }
    }
    return (inner, blocks == 1 ? try sums.reshaped([width]) : try sums.sum([0]))
  }

  /// backward x: `[R, width]` to `[C, width]`, unrecorded.
  func spread(_ x: Tensor) throws -> Tensor {
    let width = x.shape[1]
    let output = try Tensor.empty([inputCount, width])
    try x.withMemory(of: Float.self) { source in
      try output.withMemory(of: Float.self) { target in
        try backward.multiply(source, width: width, into: target)
      }
    }
    return output
  }
}

extension ReceptiveField {
  /// The stored features after dropout, `[entries]`.
  func droppedFeatures(_ mask: DropoutMask) throws -> Tensor {
    let values = try Tensor.empty([max(features.entries, 1)])
    try values.withMemory(of: Float.self) { try features.dropValues(mask, to: $0) }
    return values
  }

  /// X W^T for the nodes the first layer reads, `[readCount, width]`.
  func project(_ weight: Tensor, _ values: Tensor?) throws -> Tensor {
    let shape = weight.shape
    let (width, inputs) = (shape[0], shape[1])
    guard inputs == features.columns else {
      throw TensorError(
        operation: "graphConvolution", shapes: [[features.rows, features.columns], shape],
        message: "the layer takes \(inputs) features a node, the graph has \(features.columns)")
    }
    let transposed = try Tensor.empty([inputs, width])
    try weight.contiguous().withMemory(of: Float.self) { source in
      try transposed.withMemory(of: Float.self) { target in
        nonisolated(unsafe) let (source, target) = (source, target)
        try LibTorch.parallelFor(0..<inputs, grain: 1 + 1_048_576 / max(width, 1)) { part in
          basinTranspose(
            source, Int64(width), Int64(inputs), Int64(part.lowerBound), Int64(part.upperBound), target)
        }
      }
    }
    let output = try Tensor.empty([readCount, width])
    try withExtendedLifetime(values) {
      let values: UnsafeMutablePointer<Float>? = try values?.withMemory(of: Float.self) { $0 }
      try transposed.withMemory(of: Float.self) { source in
        try output.withMemory(of: Float.self) { target in
          try features.multiply(
            source, width: width, chosen: readNodes, count: readCount, values: values.map { UnsafePointer($0) },
            into: target)
        }
      }
    }
    return output
  }

  /// The gradient of the weights, `[width, inputs]`, from that of ``project(_:_:)``'s result.
  func weightGradient(_ gradient: Tensor, _ values: Tensor?) throws -> Tensor {
    let width = gradient.shape[1]
    let output = try Tensor.empty([width, features.columns])
    let featuresTransposed = try featuresTransposed()
    try gradient.withMemory(of: Float.self) { source in
      try output.withMemory(of: Float.self) { target in
        if let values {
          try values.withMemory(of: Float.self) { values in
            try featuresTransposed.multiplyTransposed(source, width: width, values: values, into: target)
          }
        } else {
          try features.withValues { values in
            try featuresTransposed.multiplyTransposed(source, width: width, values: values, into: target)
          }
        }
      }
    }
    return output
  }
}
