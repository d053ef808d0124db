import PluginAPI

/// `triangular`: in every cycle a straight line from `floor` up to 1 and one down again (Smith 2017; as torch's CyclicLR).
///
/// A cycle is rounded to steps once. The run may end within a cycle.
public struct TriangularRate: WarmedSchedule {
  public struct ScheduleOptions: Options {
    public var cycle = Landmark(0.25, .duration)
    public var floor = 0.1
    public var warmup = Landmark(0, .epochs)

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("cycle", \.cycle, "length of a cycle, up and down: 8ep, 4000st or 0.25dur"),
        Field("floor", \.floor, in: 0...1, "the lowest rate, as a part of the initial one"),
        .warmup(\.warmup),
      ]
    }
  }

  private static let owner = "schedule triangular"
  private let options: ScheduleOptions
  public let warmup: Warmup

  public init(_ options: ScheduleOptions) throws {
    self.options = options
    warmup = try Warmup(options.warmup, of: Self.owner)
  }

  public func warmedFactor(at step: Int, of rest: RunPart) -> Double {
    let length = max(rest.steps(options.cycle), 1)
    let position = 2 * Double(step % length) / Double(length)
    return options.floor + (1 - options.floor) * (1 - abs(position - 1))
  }

  public func checkWarmed(_ rest: RunPart) throws {
    let length = rest.steps(options.cycle)
    try requireSteps(length, options.cycle, "cycle", atLeast: 2, of: Self.owner)
    try requireFit(length, options.cycle, "cycle", in: rest, of: Self.owner)
  }
}
