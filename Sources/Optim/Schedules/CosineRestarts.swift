import PluginAPI

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `cosine-restarts`: half a cosine wave from 1 to `floor` in every cycle, each `multiplier` times as long as the one
/// before (SGDR, Loshchilov and Hutter 2017): floor + (1 - floor) (1 + cos(pi t / T_i)) / 2, with t steps of cycle i over.
///
/// Cycle i ends at cycle (1 + multiplier + ... + multiplier^i), rounded to the nearest step by itself. The run may end
/// within a cycle.
public struct CosineRestarts: WarmedSchedule {
  public struct ScheduleOptions: Options {
    public var cycle = Landmark(0.25, .duration)
    public var multiplier = 1.0
    public var floor = 0.0
    public var warmup = Landmark(0, .epochs)

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("cycle", \.cycle, "length of the first cycle: 10ep, 300st or 0.25dur"),
        Field("multiplier", \.multiplier, in: 1...10, "how many times as long each cycle is as the one before"),
        Field("floor", \.floor, in: 0...1, "the lowest rate, as a part of the initial one"),
        .warmup(\.warmup),
      ]
    }
  }

  private static let owner = "schedule cosine-restarts"
  private let options: ScheduleOptions
  public let warmup: Warmup

  public init(_ options: ScheduleOptions) throws {
    self.options = options
    warmup = try Warmup(options.warmup, of: Self.owner)
  }

  public func warmedFactor(at step: Int, of rest: RunPart) -> Double {
    let (begin, end) = cycle(of: step, first: max(rest.exactSteps(options.cycle), 1))
    let wave = cos(Double.pi * Double(step - begin) / Double(end - begin))
    return options.floor + 0.5 * (1 - options.floor) * (1 + wave)
  }

  /// The cycle that holds `step`. A first cycle is a step or longer, so that every cycle has a step.
  private func cycle(of step: Int, first: Double) -> (begin: Int, end: Int) {
    let growth = options.multiplier - 1
    func begin(_ index: Int) -> Int {
      let cycles = growth == 0 ? Double(index) : expm1(Double(index) * log1p(growth)) / growth
      return Int(min(first * cycles, 1e15).rounded())
    }
    let cycles = Double(step) / first
    // Right but for the rounding of cycle ends.
    var index = Int(growth == 0 ? cycles : log1p(cycles * growth) / log1p(growth))
    while index > 0, begin(index) > step { index -= 1 }
    while begin(index + 1) <= step { index += 1 }
    return (begin(index), begin(index + 1))
  }

  public func checkWarmed(_ rest: RunPart) throws {
    let first = rest.steps(options.cycle)
    try requireSteps(first, options.cycle, "cycle", of: Self.owner)
    try requireFit(first, options.cycle, "cycle", in: rest, of: Self.owner)
  }
}
