import PluginAPI

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `multi-step`: the rate is multiplied by `gamma` at each milestone: gamma^(milestones reached), as torch's MultiStepLR.
public struct MultiStepDecay: WarmedSchedule {
  public struct ScheduleOptions: Options {
    public var milestones = "0.5dur,0.75dur"
    public var gamma = 0.1
    public var warmup = Landmark(0, .epochs)

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("milestones", text: \.milestones, "when the rate drops, rising: 0.5dur,0.75dur or 30ep,60ep"),
        Field("gamma", \.gamma, in: 0...1, "what the rate is multiplied by at each milestone"),
        .warmup(\.warmup),
      ]
    }
  }

  private static let owner = "schedule multi-step"
  private let milestones: [Landmark]
  private let gamma: Double
  public let warmup: Warmup

  /// - Throws: `BasinError` of kind usage for milestones that are no comma-separated list of landmarks.
  public init(_ options: ScheduleOptions) throws {
    milestones = try options.milestones.split(separator: ",", omittingEmptySubsequences: false).map { text in
      guard let milestone = Landmark(text.trimmed) else {
        throw BasinError.usage(
          "\(Self.owner): '\(text.trimmed)' is no milestone",
          advice: "Set schedule.milestones to landmarks with commas between them, such as 0.5dur,0.75dur")
      }
      return milestone
    }
    gamma = options.gamma
    warmup = try Warmup(options.warmup, of: Self.owner)
  }

  public func warmedFactor(at step: Int, of rest: RunPart) -> Double {
    pow(gamma, Double(milestones.count { rest.steps($0) <= step }))
  }

  public func checkWarmed(_ rest: RunPart) throws {
    var last = 0
    for milestone in milestones {
      let step = rest.steps(milestone)
      guard step > last else {
        let before = last == 0 ? "the beginning" : "the milestone before it, at step \(last)"
        throw BasinError.usage(
          "\(Self.owner): milestone \(milestone) (step \(step)) is not after \(before)",
          advice: "Set schedule.milestones in rising order, at least a step apart")
      }
      guard step < rest.steps else {
        throw BasinError.usage(
          "\(Self.owner): milestone \(milestone) (step \(step)) is not before the end, after \(rest.steps) steps",
          advice: "Set schedule.milestones in dur, such as 0.5dur,0.75dur, or train for more epochs")
      }
      last = step
    }
  }
}

extension Substring {
  /// Without spaces at both ends.
  var trimmed: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
