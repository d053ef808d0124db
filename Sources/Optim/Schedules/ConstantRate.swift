import PluginAPI

/// `constant`: the initial rate all the time, after the warm-up.
public struct ConstantRate: WarmedSchedule {
  public struct ScheduleOptions: Options {
    public var warmup = Landmark(0, .epochs)
    public init() {}
    public static var fields: [Field<Self>] { [.warmup(\.warmup)] }
  }

  public let warmup: Warmup

  public init(_ options: ScheduleOptions) throws { warmup = try Warmup(options.warmup, of: "schedule constant") }

  public func warmedFactor(at step: Int, of rest: RunPart) -> Double { 1 }
}
