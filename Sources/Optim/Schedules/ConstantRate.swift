import PluginAPI

/// `constant`: the same rate all the time, after the warm-up, which climbs to it.
public struct ConstantRate: WarmedSchedule {
  public struct ScheduleOptions: Options {
    public var factor = 1.0
    public var warmup = Landmark(0, .epochs)

    public init() {}

    public static var fields: [Field<Self>] {
      [Field("factor", \.factor, in: 0...1, "the rate, as a part of the initial one"), .warmup(\.warmup)]
    }
  }

  private let factor: Double
  public let warmup: Warmup

  public init(_ options: ScheduleOptions) throws {
    factor = options.factor
    warmup = try Warmup(options.warmup, of: "schedule constant")
  }

  public func factor(at step: Int, of part: RunPart) -> Double {
    let steps = warmup.steps(in: part)
    return step < steps ? factor * Double(step) / Double(steps) : factor
  }

  public func warmedFactor(at step: Int, of rest: RunPart) -> Double { factor }
}
