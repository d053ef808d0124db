import PluginAPI

/// The paper's curve: 1 up to `start`, a straight line to `tail` at `end`, constant from there on.
struct PiecewiseCurve: Sendable {
  let start, end, tail: Double

  /// - Throws: `BasinError` of kind usage where `end` is before `start`.
  init(start: Double, end: Double, tail: Double, of owner: String) throws {
    guard start <= end else {
      throw BasinError.usage(
        "\(owner): the decay ends at \(end) of the run, before it starts at \(start)",
        advice: "Set schedule.end to at least schedule.start")
    }
    self.start = start
    self.end = end
    self.tail = tail
  }

  func factor(_ fraction: Double) -> Double {
    if fraction <= start { return 1 }
    if fraction >= end { return tail }
    return 1 + (tail - 1) * (fraction - start) / (end - start)
  }
}

/// `piecewise`: hold, a straight line down, a constant tail, at fractions of the run of one's own.
public struct PiecewiseLinear: WarmedSchedule {
  public struct ScheduleOptions: Options {
    public var start = 0.5
    public var end = 0.9
    public var tail = 0.01
    public var warmup = Landmark(0, .epochs)

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("start", \.start, in: 0...1, "fraction of the run at which the rate begins to fall"),
        Field("end", \.end, in: 0...1, "fraction of the run at which it has fallen to the tail"),
        Field("tail", \.tail, in: 0...1, "the rate from there on, as a part of the initial one"),
        .warmup(\.warmup),
      ]
    }
  }

  private let curve: PiecewiseCurve
  public let warmup: Warmup

  public init(_ options: ScheduleOptions) throws {
    curve = try PiecewiseCurve(start: options.start, end: options.end, tail: options.tail, of: "schedule piecewise")
    warmup = try Warmup(options.warmup, of: "schedule piecewise")
  }

  public func warmedFactor(at step: Int, of rest: RunPart) -> Double { curve.factor(rest.fraction(step)) }
}
