import PluginAPI

/// Linear warm-up in front of any schedule: the rate climbs from 0 for `length`, then the other schedule runs over what
/// is left of the run.
public struct Warmup: Sendable {
  public let length: Landmark
  private let owner: String

  /// - Throws: `BasinError` of kind usage for a warm-up of the whole run.
  init(_ length: Landmark, of owner: String) throws {
    if length.unit == .duration, length.value >= 1 {
      throw BasinError.usage(
        "\(owner): a warm-up of \(length) leaves nothing of the run", advice: "Set schedule.warmup below 1dur")
    }
    self.length = length
    self.owner = owner
  }

  func steps(in part: RunPart) -> Int { part.steps(length) }

  /// - Throws: `BasinError` of kind usage where it takes the whole part or more.
  func check(_ part: RunPart) throws {
    let steps = steps(in: part)
    guard steps == 0 || steps < part.steps else {
      throw BasinError.usage(
        "\(owner): the warm-up, \(length) (\(steps) steps), leaves nothing of the \(part.steps) steps there are",
        advice: "Set schedule.warmup shorter, such as 0.05dur, or train for more epochs")
    }
  }
}

/// A schedule behind a warm-up. It says how the rate runs over what the warm-up leaves, as if that were the whole run:
/// all its landmarks and fractions count from the warm-up's end.
///
/// With warm-up of w steps: step / w below step w, then `factor(at: step - w, after warm-up)`.
public protocol WarmedSchedule: Schedule, PartCurve {
  var warmup: Warmup { get }
  /// The factor at a step of what is left after the warm-up, 0...rest.steps.
  func warmedFactor(at step: Int, of rest: RunPart) -> Double
  /// - Throws: `BasinError` of kind usage where the schedule does not fit what is left after the warm-up.
  func checkWarmed(_ rest: RunPart) throws
}

extension WarmedSchedule {
  public func factor(at step: Int, of part: RunPart) -> Double {
    let steps = warmup.steps(in: part)
    if step < steps { return Double(step) / Double(steps) }
    return warmedFactor(at: step - steps, of: part.dropping(steps))
  }

  public func check(_ part: RunPart) throws {
    try warmup.check(part)
    try checkWarmed(part.dropping(warmup.steps(in: part)))
  }

  public func checkWarmed(_ rest: RunPart) throws {}
}

/// `linear-warmup`: the warm-up as a curve of its own, from 0 to 1 over its part:
/// `LinearWarmup().then(cosine, at: Landmark(5, .epochs))`, `--schedule linear-warmup,cosine@5ep`.
public struct LinearWarmup: Schedule, PartCurve {
  public init() {}
  public init(_ options: NoOptions) {}
  public func factor(at step: Int, of part: RunPart) -> Double { part.fraction(step) }
  public func check(_ part: RunPart) throws {}
}

extension Field {
  /// The option `warmup`, which every schedule has but the warm-up itself.
  static func warmup(_ path: WritableKeyPath<O, Landmark> & Sendable) -> Field {
    Field("warmup", path, "linear climb from 0 before the schedule begins: 5ep, 300st or 0.1dur")
  }
}
