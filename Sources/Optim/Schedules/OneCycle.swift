import PluginAPI

/// `one-cycle`: up from 1 / `startDivisor` to 1 in the first part of the run, then down to
/// 1 / (`startDivisor` `finalDivisor`) at its end (Smith 2018; as torch's OneCycleLR with two phases, whose `max_lr` is the
/// initial rate here).
public struct OneCycle: WarmedSchedule {
  public struct ScheduleOptions: Options {
    public var warm = 0.3
    public var startDivisor = 25.0
    public var finalDivisor = 1e4
    public var anneal = Anneal.cosine
    public var warmup = Landmark(0, .epochs)

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("warm", \.warm, in: 0...1, "fraction of the run in which the rate rises"),
        Field("startDivisor", \.startDivisor, in: 1...1e12, "the first rate is the initial one divided by this"),
        Field("finalDivisor", \.finalDivisor, in: 1...1e12, "the last rate is the first one divided by this"),
        Field("anneal", \.anneal, choices: Anneal.self, "how it rises and falls"),
        .warmup(\.warmup),
      ]
    }
  }

  private let options: ScheduleOptions
  public let warmup: Warmup

  public init(_ options: ScheduleOptions) throws {
    self.options = options
    warmup = try Warmup(options.warmup, of: "schedule one-cycle")
  }

  public func warmedFactor(at step: Int, of rest: RunPart) -> Double {
    let fraction = rest.fraction(step), warm = options.warm
    let first = 1 / options.startDivisor
    if fraction < warm { return options.anneal.value(from: first, to: 1, at: fraction / warm) }
    guard warm < 1 else { return 1 }
    return options.anneal.value(from: 1, to: first / options.finalDivisor, at: (fraction - warm) / (1 - warm))
  }
}
