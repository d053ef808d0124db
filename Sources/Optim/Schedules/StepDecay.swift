import PluginAPI

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `step`: the rate is multiplied by `gamma` after every `every`: gamma^floor(t / every), as torch's StepLR.
///
/// `every` is rounded to steps once.
public struct StepDecay: WarmedSchedule {
  public struct ScheduleOptions: Options {
    public var every = Landmark(0.3, .duration)
    public var gamma = 0.1
    public var warmup = Landmark(0, .epochs)

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("every", \.every, "time between two drops: 30ep, 1000st or 0.3dur"),
        Field("gamma", \.gamma, in: 0...1, "what the rate is multiplied by at each drop"),
        .warmup(\.warmup),
      ]
    }
  }

  private let options: ScheduleOptions
  public let warmup: Warmup

  public init(_ options: ScheduleOptions) throws {
    self.options = options
    warmup = try Warmup(options.warmup, of: "schedule step")
  }

  public func warmedFactor(at step: Int, of rest: RunPart) -> Double {
    pow(options.gamma, Double(step / max(rest.steps(options.every), 1)))
  }

  public func checkWarmed(_ rest: RunPart) throws {
    let every = rest.steps(options.every)
    try requireSteps(every, options.every, "every", of: "schedule step")
    try requireFit(every, options.every, "every", in: rest, of: "schedule step")
  }
}
