import PluginAPI

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `ema`: an exponential moving average of the weights, avg = d avg + (1 - d) w at every sample.
///
/// d is `decay`, or with `halfLife` h the number for which a sample's part halves in h: 0.5^(every / h). With `warmup` it is
/// min(d, (1 + n) / (10 + n)) after n samples, so that early weights, from before the network was any good, are soon
/// forgotten. The first sample replaces.
public struct EMA: AveragingPolicy {
  public struct AveragingOptions: Options {
    public var decay = 0.999
    public var halfLife = Landmark(0, .steps)
    public var warmup = true
    public var start = Landmark(0, .duration)
    public var every = Landmark(1, .steps)

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("decay", \.decay, in: 0...0.999_999_999, "part of the average that is kept at each sample"),
        Field("halfLife", \.halfLife, "time in which a sample's part halves: 1ep, 500st or 0.05dur; 0st: decay decides"),
        Field("warmup", \.warmup, "keep less at first: min(decay, (1 + n) / (10 + n)) after n samples"),
        Field("start", \.start, "sampling starts after this much of the run: 10ep, 300st or 0.5dur"),
        Field("every", \.every, "time between samples: 1st, 1ep or 0.01dur"),
      ]
    }
  }

  private static let owner = "averaging ema"
  private let options: AveragingOptions

  public init(_ options: AveragingOptions) { self.options = options }

  public func events(in run: RunLength) throws -> [AveragingEvent] {
    let start = options.start.steps(in: run)
    try requireStart(start, options.start, before: run, of: Self.owner)
    let halfLife = options.halfLife.exactSteps(in: run)
    guard options.halfLife.value == 0 || halfLife >= 0.5 else {
      throw BasinError.usage(
        "\(Self.owner): a half-life of \(options.halfLife) is less than a step of this run",
        advice: "Set averaging.halfLife longer, such as 0.05dur, or to 0st for averaging.decay")
    }
    guard halfLife <= Double(run.steps) else {
      throw BasinError.usage(
        "\(Self.owner): the half-life, \(options.halfLife) (\(options.halfLife.steps(in: run)) steps), is longer than the run"
          + " of \(run.steps) steps",
        advice: "Set averaging.halfLife shorter, such as 0.05dur")
    }
    return try SamplePoints.periodic(every: options.every, after: start, in: run, of: Self.owner)
  }

  /// The part of the average that is kept at each sample of a run, after the warm-up.
  public func decay(in run: RunLength) -> Double {
    guard options.halfLife.value > 0 else { return options.decay }
    return exp2(-Double(options.every.steps(in: run)) / options.halfLife.exactSteps(in: run))
  }

  public func makeAverager(_ parameters: [NamedTensor], in run: RunLength) throws -> any Averager {
    try requireTrained(parameters, of: Self.owner)
    return ParameterAverager(
      parameters, weighting: .exponential(decay: decay(in: run), warmup: options.warmup))
  }
}
