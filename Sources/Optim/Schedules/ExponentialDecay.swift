import PluginAPI

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `exponential`: gamma^(t / epoch), falling in every step; at the ends of epochs it is torch's ExponentialLR.
///
/// With `final` the fall is so chosen that it ends there: final^(t / T).
public struct ExponentialDecay: WarmedSchedule {
  public struct ScheduleOptions: Options {
    public var gamma = 0.95
    public var final = 0.0
    public var warmup = Landmark(0, .epochs)

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("gamma", \.gamma, in: 0...1, "what the rate is multiplied by over an epoch"),
        Field("final", \.final, in: 0...1, "the factor at the end of the run, whatever gamma is; 0: gamma decides"),
        .warmup(\.warmup),
      ]
    }
  }

  private let options: ScheduleOptions
  public let warmup: Warmup

  public init(_ options: ScheduleOptions) throws {
    self.options = options
    warmup = try Warmup(options.warmup, of: "schedule exponential")
  }

  public func warmedFactor(at step: Int, of rest: RunPart) -> Double {
    if options.final > 0 { return pow(options.final, rest.fraction(step)) }
    return pow(options.gamma, Double(step) / Double(rest.stepsPerEpoch))
  }
}
