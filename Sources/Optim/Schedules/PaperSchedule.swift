import PluginAPI

/// One of the schedules of "Stochastic Weight Averaging Revisited" (Guo, Jin and Liu 2023).
public protocol PaperPlan: Sendable {
  static var name: String { get }
  /// Fractions of the run: held at the initial rate up to `hold`, the tail reached at `end`.
  static var hold: Double { get }
  static var end: Double { get }
  static var defaultTail: Double { get }
  /// With `cyclic`: the fraction from which on each epoch is a cycle, and whether the rate is held until then (else it
  /// falls as without `cyclic`). nil: this plan has neither the option `cyclic` nor `tail`.
  static var cycles: (from: Double, holdingBefore: Bool)? { get }
}

/// Hold to 0.5, linear to 0.01 at 0.9, constant.
///
/// It is what the others are compared with: `tail` and `cyclic` of a recipe are meant for them, so that this plan has
/// no such options. For another tail take schedule `piecewise`.
public enum BackbonePlan: PaperPlan {
  public static let name = "backbone"
  public static let hold = 0.5
  public static let end = 0.9
  public static let defaultTail = 0.01
  public static let cycles: (from: Double, holdingBefore: Bool)? = nil
}

/// Hold to 0.375, linear to the tail at 0.675, then constant and high.
///
/// With `cyclic` the first part is the same, conventional training, and from 0.675 on the rate cycles, as in SWA
/// (Izmailov et al. 2018): there a conventional run that has already decayed is followed by cycles that each start at
/// the high rate and fall linearly to the low one, with a sample at each cycle's end.
public enum ConstantHighPlan: PaperPlan {
  public static let name = "backbone-chc"
  public static let hold = 0.375
  public static let end = 0.675
  public static let defaultTail = 0.2
  public static let cycles: (from: Double, holdingBefore: Bool)? = (0.675, false)
}

/// Hold to 0.5, linear to the tail at 0.9, constant. With `cyclic`: hold to 0.25, where averaging starts, then cycles.
public enum PeriodicPlan: PaperPlan {
  public static let name = "pswa"
  public static let hold = 0.5
  public static let end = 0.9
  public static let defaultTail = 0.2
  public static let cycles: (from: Double, holdingBefore: Bool)? = (0.25, true)
}

/// A ``PaperPlan`` as a schedule.
///
/// A cycle is an epoch: it falls linearly from 1 towards `tail`, which it would reach at the first step of the next
/// epoch. Cycles begin with the first epoch that starts at or after the plan's fraction of the run; fractions count
/// after the warm-up.
public struct PaperSchedule<Plan: PaperPlan>: WarmedSchedule {
  public struct ScheduleOptions: Options {
    public var tail = Plan.defaultTail
    public var cyclic = false
    public var warmup = Landmark(0, .epochs)

    public init() {}

    public static var fields: [Field<Self>] {
      let tail = Field<Self>("tail", \.tail, in: 0...1, "the lowest rate, as a part of the initial one")
      let cyclic = Field<Self>("cyclic", \.cyclic, "late in the run, fall from the initial rate to the tail in every epoch")
      return (Plan.cycles == nil ? [] : [tail, cyclic]) + [.warmup(\.warmup)]
    }
  }

  private let curve: PiecewiseCurve
  private let tail: Double
  private let cyclic: Bool
  public let warmup: Warmup

  public init(_ options: ScheduleOptions) throws {
    let owner = "schedule \(Plan.name)"
    curve = try PiecewiseCurve(start: Plan.hold, end: Plan.end, tail: options.tail, of: owner)
    tail = options.tail
    cyclic = options.cyclic
    warmup = try Warmup(options.warmup, of: owner)
  }

  public func warmedFactor(at step: Int, of rest: RunPart) -> Double {
    let fraction = rest.fraction(step)
    guard cyclic, let cycles = Plan.cycles else { return curve.factor(fraction) }
    // Epochs are those of the run, wherever the warm-up ended: samples are taken at their ends.
    let inEpoch = rest.stepsIntoEpoch(step)
    if inEpoch <= step, rest.fraction(step - inEpoch) >= cycles.from {
      return 1 - (1 - tail) * Double(inEpoch) / Double(rest.stepsPerEpoch)
    }
    return cycles.holdingBefore ? 1 : curve.factor(fraction)
  }
}
