/// Something that happens to the average after a step.
public struct AveragingEvent: Hashable, Sendable, Codable {
  /// What happens.
  public enum Kind: String, Sendable, Codable {
    /// The weights go into the average.
    case sample
    /// The weights become the average; statistics are estimated again, the optimizer starts afresh, the average is empty.
    case restart
  }

  /// Steps done when it happens: 1 is after the first step.
  public let step: Int
  /// What happens.
  public let kind: Kind

  /// What happens after `step` steps.
  public init(step: Int, kind: Kind) {
    self.step = step
    self.kind = kind
  }
}

/// When weights are averaged, and into what.
public protocol AveragingPolicy: Sendable {
  /// What `--set averaging.NAME` sets.
  associatedtype AveragingOptions: Options
  /// Makes the policy; nothing of the run is known yet.
  init(_ options: AveragingOptions) throws
  /// Every event of a run, in order; a sample comes before a restart of the same step.
  ///
  /// - Throws: `BasinError` of kind usage for a plan that cannot work (a start after the end, a cycle without a sample).
  func events(in run: RunLength) throws -> [AveragingEvent]
  /// An empty average of the parameters among these tensors; other roles are no business of it.
  ///
  /// - Throws: `BasinError` of kind usage where there is nothing to average.
  func makeAverager(_ parameters: [NamedTensor], in run: RunLength) throws -> any Averager
}

/// Holds an average of weights.
public protocol Averager: AnyObject {
  /// Takes the present values of the parameters in.
  func sample() throws
  /// Samples since the last reset.
  var samples: Int { get }
  /// The average, one tensor a parameter in their order; nil before the first sample.
  func average() throws -> [Tensor]?
  /// Everything that `restore` needs, as copies: what is saved does not change with the samples that follow.
  var state: OptimizerState { get throws }
  /// Goes on from a state, to the bit.
  ///
  /// - Throws: `BasinError` of kind badData for a state of another policy or model; the average is as before then.
  func restore(_ state: OptimizerState) throws
  /// Forgets all samples.
  func reset()
}

/// An averager that holds a distribution over weights (SWAG): it is evaluated by the mean prediction of several draws.
public protocol SamplingAverager: Averager {
  /// Draws a prediction is averaged over.
  var draws: Int { get }
  /// Weights drawn from the distribution, one tensor a parameter in their order: a pure function of the samples and
  /// `random`. nil before the first sample.
  func draw(_ random: Random) throws -> [Tensor]?
}
