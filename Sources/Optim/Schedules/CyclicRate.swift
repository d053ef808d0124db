import PluginAPI

/// `cyclic`: in every cycle a straight line from 1 towards `floor`, which it would reach as the next cycle starts at 1
/// again.
///
/// Cycles count from the end of the warm-up. A cycle is `cycle` long, in steps, rounded to nearest; one of 0 steps is
/// one step.
public struct CyclicRate: Schedule {
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
  private let warmup: Warmup

  public init(_ options: ScheduleOptions) throws {
    guard options.cycle.value > 0 else {
      throw BasinError.usage("schedule cyclic: a cycle of \(options.cycle) has no length", advice: "Set schedule.cycle=1ep")
    }
    cycle = options.cycle
    floor = options.floor
    warmup = try Warmup(options.warmup, of: "schedule cyclic")
  }

  public func factor(at progress: Progress) -> Double {
    warmup.then(at: progress) { _ in
      let length = max(cycle.steps(in: progress.run), 1)
      let step = progress.step - warmup.length.steps(in: progress.run)
      return 1 + (floor - 1) * Double(step % length) / Double(length)
    }
  }
}
