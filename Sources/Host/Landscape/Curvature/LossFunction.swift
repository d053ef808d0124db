import PluginAPI

/// The mean loss over a set of examples as a function of the parameters, with its derivatives.
///
/// The examples come in batches, so that memory does not grow with their number; a batch counts by its examples.
public final class LossFunction {
  public struct Batch {
    public let examples: Int
    /// The mean loss over the batch, recorded for gradients.
    public let loss: () throws -> Tensor

    public init(examples: Int, loss: @escaping () throws -> Tensor) {
      self.examples = examples
      self.loss = loss
    }
  }

  public let space: ParameterSpace
  private let batches: [Batch]
  private let examples: Int
  /// Called before each batch: throws to stop.
  public var checkpoint: () throws -> Void = {}

  public init(_ parameters: [Tensor], _ batches: [Batch]) {
    space = ParameterSpace(parameters)
    self.batches = batches
    examples = max(batches.reduce(0) { $0 + $1.examples }, 1)
  }

  /// The loss at the present parameters.
  public func value() throws -> Double {
    try LibTorch.withoutGradient {
      try batches.reduce(0) { sum, batch in
        try checkpoint()
        return try sum + batch.loss().item() * Double(batch.examples) / Double(examples)
      }
    }
  }

  /// The loss's gradient as one vector.
  public func gradient() throws -> Tensor {
    try total { batch in try batch.loss().gradients(of: space.parameters) }
  }

  /// H v with the exact second derivative: the gradient of gradient . v (Pearlmutter 1994), one graph a batch.
  ///
  /// - Throws: `TensorError` where an operation has no second derivative.
  public func hessianTimes(_ vector: Tensor) throws -> Tensor {
    let parts = try space.parts(of: vector)
    let none = [Tensor?](repeating: nil, count: parts.count)
    return try total { batch in
      let loss = try LibTorch.withSecondDerivatives(batch.loss)
      let gradients = try loss.gradients(of: space.parameters, createGraph: true)
      var product: Tensor?
      for (gradient, part) in zip(gradients, parts) {
        guard let gradient else { continue }
        let term = try (gradient * part).sum()
        product = try product.map { try $0 + term } ?? term
      }
      // A loss that is linear in the parameters has a gradient that depends on none of them.
      guard let product, product.requiresGradient else { return none }
      return try product.gradients(of: space.parameters)
    }
  }

  private func total(_ derivative: (Batch) throws -> [Tensor?]) throws -> Tensor {
    let sum = try space.flattened(space.parameters.map { _ in nil })
    for batch in batches {
      try checkpoint()
      try sum.add(space.flattened(derivative(batch)), scale: Double(batch.examples) / Double(examples))
    }
    return sum
  }
}
