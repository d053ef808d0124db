import PluginAPI

/// `inverse-sqrt`: linear warm-up over w steps, then sqrt(w / t) (Vaswani et al. 2017): min(t / w, sqrt(w / t)), t steps over.
///
/// The paper's factor d_model^-0.5 is left out: the rate at the warm-up's end is the initial one. Without a warm-up it is
/// 1 / sqrt(t + 1).
public struct InverseSquareRoot: Schedule, PartCurve {
  public struct ScheduleOptions: Options {
    public var warmup = Landmark(0.1, .duration)
    public init() {}
    public static var fields: [Field<Self>] { [.warmup(\.warmup)] }
  }

  private let warmup: Warmup

  public init(_ options: ScheduleOptions) throws { warmup = try Warmup(options.warmup, of: "schedule inverse-sqrt") }

  public func factor(at step: Int, of part: RunPart) -> Double {
    let steps = warmup.steps(in: part)
    if step < steps { return Double(step) / Double(steps) }
    return steps == 0 ? 1 / Double(step + 1).squareRoot() : (Double(steps) / Double(step)).squareRoot()
  }

  public func check(_ part: RunPart) throws { try warmup.check(part) }
}
