import PluginAPI

/// `constant`: the initial rate all the time, after the warm-up.
public struct ConstantRate: Schedule {
  public struct ScheduleOptions: Options {
    public var warmup = Landmark(0, .epochs)
    public init() {}
    public static var fields: [Field<Self>] { [.warmup(\.warmup)] }
  }

  private let warmup: Warmup

  public init(_ options: ScheduleOptions) throws { warmup = try Warmup(options.warmup, of: "schedule constant") }

  public func factor(at progress: Progress) -> Double { warmup.then(at: progress) { _ in 1 } }
}
