import PluginAPI

/// `linear`: a straight line from 1 to `floor` over the run, after the warm-up.
public struct LinearDecay: WarmedSchedule {
  public struct ScheduleOptions: Options {
    public var floor = 0.0
    public var warmup = Landmark(0, .epochs)

    public init() {}

    public static var fields: [Field<Self>] {
      [Field("floor", \.floor, in: 0...1, "the last rate, as a part of the initial one"), .warmup(\.warmup)]
    }
  }

  private let floor: Double
  public let warmup: Warmup

  public init(_ options: ScheduleOptions) throws {
    floor = options.floor
    warmup = try Warmup(options.warmup, of: "schedule linear")
  }

  public func warmedFactor(at step: Int, of rest: RunPart) -> Double { 1 + (floor - 1) * rest.fraction(step) }
}
