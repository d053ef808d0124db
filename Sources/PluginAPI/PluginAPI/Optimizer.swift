/// What an optimizer remembers, as plain values that can be saved.
public struct OptimizerState {
  /// `momentum/layer1.weight` and the like.
  public var tensors: [String: Tensor]
  /// `step` and the like.
  public var counters: [String: Int]

  /// Named tensors and whole numbers.
  public init(tensors: [String: Tensor] = [:], counters: [String: Int] = [:]) {
    self.tensors = tensors
    self.counters = counters
  }
}

/// Turns gradients into steps: what a run holds, whichever optimizer it was made from.
public protocol UpdateRule: AnyObject {
  /// One step from the gradients the parameters hold; a parameter without a gradient stays as it is.
  func step(learningRate: Double) throws
  /// Everything that `restore` needs, as copies: what is saved does not change with the steps that follow.
  var state: OptimizerState { get throws }
  /// - Throws: `BasinError` where the state is of another model or optimizer.
  func restore(_ state: OptimizerState) throws
  /// Forgets everything, as if no step had been made.
  func reset() throws
}

/// An optimizer that is chosen by its name: `--optimizer sgd`.
///
/// An option named `weightDecay` is understood by the host: parameter groups without decay get it as 0.
public protocol Optimizer: UpdateRule {
  /// What `--set optimizer.NAME` sets.
  associatedtype OptimizerOptions: Options
  /// - Parameter parameters: all tensors of a model; those of other roles than `.parameter` are left alone.
  init(_ options: OptimizerOptions, parameters: [NamedTensor]) throws
}

/// An optimizer around another one: `--optimizer sam:sgd`.
///
/// Its options lie beside those of the inner one, under the same prefix, so their names must differ from the usual ones. Its
/// state holds that of the inner one.
public protocol OptimizerWrapper: UpdateRule {
  /// What `--set optimizer.NAME` sets.
  associatedtype OptimizerOptions: Options
  /// - Throws: `BasinError` of kind usage where it cannot go around such a rule.
  init(_ options: OptimizerOptions, around inner: any UpdateRule, parameters: [NamedTensor]) throws
}

/// A rule that wants its gradient at another point than the weights (SAM).
///
/// A step then takes two forward and backward passes over the same batch with the same random numbers: gradients at the
/// weights, ``ascend()``, gradients there, `step`, which starts from the weights `ascend()` left.
public protocol TwoPassRule: UpdateRule {
  /// Moves the weights to where the next gradients are to be taken, remembering where they were.
  func ascend() throws
  /// Undoes ``ascend()`` without a step.
  func descend() throws
}

/// A rule that leaves weights behind which a step does not read, and brings them up to date when they are read next
/// (``RowKeeper``), or when it is told to.
public protocol LaggingRule: UpdateRule {
  /// Brings all weights up to date: before anything but a training step reads or writes them.
  func settle() throws
}

/// A rule that trains one set of weights and evaluates another (Schedule-Free).
///
/// Training, checkpoints and `state` hold the training weights.
public protocol SwitchingRule: UpdateRule {
  /// false where the two are the same after all, such as in a wrapper around a usual rule (default: true).
  var switchesWeights: Bool { get }
  /// Puts the weights to evaluate into the parameters.
  func useEvaluationWeights() throws
  /// Puts the weights to train back, bit by bit as they were.
  func useTrainingWeights() throws
}

extension SwitchingRule {
  public var switchesWeights: Bool { true }
}
