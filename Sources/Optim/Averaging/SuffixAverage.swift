import PluginAPI

/// `suffix`: one average of the weights over the last part of the run (suffix averaging, Rakhlin et al. 2012), with `power`
/// polynomial-decay averaging (Shamir and Zhang 2013), in which late samples weigh more.
public struct SuffixAverage: AveragingPolicy {
  public struct AveragingOptions: Options {
    public var fraction = 0.25
    public var every = Landmark(1, .steps)
    public var power = 0.0

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("fraction", \.fraction, in: 0...1, "the last part of the run that is averaged"),
        Field("every", \.every, "time between samples: 1st, 1ep or 0.01dur"),
        Field("power", \.power, in: 0...1000, "sample k weighs about k to this power; 0: all the same"),
      ]
    }
  }

  private static let owner = "averaging suffix"
  private let options: AveragingOptions

  public init(_ options: AveragingOptions) { self.options = options }

  public func events(in run: RunLength) throws -> [AveragingEvent] {
    let start = Landmark(1 - options.fraction, .duration).steps(in: run)
    guard start < run.steps else {
      throw BasinError.usage(
        "\(Self.owner): the last \(options.fraction) of \(run.steps) steps is less than a step, so that there is no sample",
        advice: "Set averaging.fraction higher, such as 0.25, or train for more epochs")
    }
    do {
      return try SamplePoints.periodic(every: options.every, after: start, in: run, of: Self.owner)
    } catch var error as BasinError {
      error.advice = "Set averaging.fraction higher or averaging.every shorter, such as 1st"
      throw error
    }
  }

  public func makeAverager(_ parameters: [NamedTensor], in run: RunLength) throws -> any Averager {
    try requireTrained(parameters, of: Self.owner)
    return ParameterAverager(parameters, weighting: options.power == 0 ? .mean : .polynomial(power: options.power))
  }
}
