import PluginAPI

/// `swa-constant`: the initial rate up to `start`, over `length` down to `tail` by a cosine or a straight line, then constant
/// and high: with `start` 0 it is torch's SWALR.
public struct SWAConstant: WarmedSchedule {
  public struct ScheduleOptions: Options {
    public var start = Landmark(0.5, .duration)
    public var length = Landmark(0.25, .duration)
    public var tail = 0.2
    public var anneal = Anneal.cosine
    public var warmup = Landmark(0, .epochs)

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("start", \.start, "when the rate begins to fall: 80ep, 3000st or 0.5dur"),
        Field("length", \.length, "how long it falls: 40ep, 1500st or 0.25dur"),
        Field("tail", \.tail, in: 0...1, "the rate from there on, as a part of the initial one"),
        Field("anneal", \.anneal, choices: Anneal.self, "how it falls"),
        .warmup(\.warmup),
      ]
    }
  }

  private static let owner = "schedule swa-constant"
  private let options: ScheduleOptions
  public let warmup: Warmup

  public init(_ options: ScheduleOptions) throws {
    self.options = options
    warmup = try Warmup(options.warmup, of: Self.owner)
  }

  public func warmedFactor(at step: Int, of rest: RunPart) -> Double {
    let start = rest.steps(options.start), length = rest.steps(options.length)
    if step < start { return 1 }
    if step - start >= length { return options.tail }
    return options.anneal.value(from: 1, to: options.tail, at: Double(step - start) / Double(length))
  }

  public func checkWarmed(_ rest: RunPart) throws {
    let start = rest.steps(options.start), length = rest.steps(options.length)
    // `start` and `length` in dur may each round up, so that together they are a step too long.
    guard start + length <= rest.steps + 1, start < rest.steps || rest.steps == 0 else {
      throw BasinError.usage(
        "\(Self.owner): a fall of \(options.length) from \(options.start) on (steps \(start) to \(start + length)) ends after"
          + " the \(rest.steps) steps there are, so that the tail would not be reached",
        advice: "Set schedule.start and schedule.length to at most 1dur together")
    }
  }
}
