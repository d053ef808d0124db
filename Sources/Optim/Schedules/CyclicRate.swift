import PluginAPI

/// `cyclic`: in every cycle a straight line from 1 towards `floor`, which it would reach as the next cycle starts at 1
/// again.
///
/// Cycles count from the end of the warm-up. A cycle is `cycle` long, in steps, rounded to nearest; one of 0 steps is
/// one step.
public struct CyclicRate: WarmedSchedule {
  public struct ScheduleOptions: Options {
    public var cycle = Landmark(1, .epochs)
    public var floor = 0.1
    public var warmup = Landmark(0, .epochs)

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("cycle", \.cycle, "length of a cycle: 1ep, 300st or 0.125dur"),
        Field("floor", \.floor, in: 0...1, "the lowest rate, as a part of the initial one"),
        .warmup(\.warmup),
      ]
    }
  }

  private let cycle: Landmark
  private let floor: Double
  public let warmup: Warmup

  public init(_ options: ScheduleOptions) throws {
    guard options.cycle.value > 0 else {
      throw BasinError.usage("schedule cyclic: a cycle of \(options.cycle) has no length", advice: "Set schedule.cycle=1ep")
    }
    cycle = options.cycle
    floor = options.floor
    warmup = try Warmup(options.warmup, of: "schedule cyclic")
  }

  public func warmedFactor(at step: Int, of rest: RunPart) -> Double {
    let length = max(rest.steps(cycle), 1)
    return 1 + (floor - 1) * Double(step % length) / Double(length)
  }

  public func checkWarmed(_ rest: RunPart) throws {
    try requireFit(rest.steps(cycle), cycle, "cycle", in: rest, of: "schedule cyclic")
  }
}
