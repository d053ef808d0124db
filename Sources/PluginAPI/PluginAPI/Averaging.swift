/// Something that happens to the average after a step.
public struct AveragingEvent: Hashable, Sendable, Codable {
  public enum Kind: String, Sendable, Codable {
    /// The weights go into the average.
    case sample
    /// The weights become the average; statistics are estimated again, the optimizer starts afresh, the average is empty.
    case restart
  }

  /// Steps done when it happens: 1 is after the first step.
  public let step: Int
  public let kind: Kind

  public init(step: Int, kind: Kind) {
    self.step = step
    self.kind = kind
  }
}

/// When weights are averaged, and into what.
public protocol AveragingPolicy: Sendable {
  associatedtype AveragingOptions: Options
  init(_ options: AveragingOptions) throws
  /// Every event of a run, in order; a sample comes before a restart of the same step.
  ///
  /// - Throws: `BasinError` of kind usage for a plan that cannot work (a start after the end, a cycle without a sample).
  func events(in run: RunLength) throws -> [AveragingEvent]
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
  var state: OptimizerState { get throws }
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
