/// What an optimizer remembers, as plain values that can be saved.
public struct OptimizerState {
  /// `momentum/layer1.weight` and the like.
  public var tensors: [String: Tensor]
  public var counters: [String: Int]

  public init(tensors: [String: Tensor] = [:], counters: [String: Int] = [:]) {
    self.tensors = tensors
    self.counters = counters
  }
}

/// Turns gradients into steps.
public protocol Optimizer: AnyObject {
  associatedtype OptimizerOptions: Options
  init(_ options: OptimizerOptions, parameters: [NamedTensor]) throws
  /// One step from the gradients the parameters hold; a parameter without a gradient stays as it is.
  func step(learningRate: Double) throws
  var state: OptimizerState { get throws }
  /// - Throws: `BasinError` where the state is of another model or optimizer.
  func restore(_ state: OptimizerState) throws
  /// Forgets everything, as if no step had been made.
  func reset() throws
}
