import PluginAPI

/// `points`: straight lines through points `landmark:factor`, from the first step of the run to its end.
public struct PointsSchedule: WarmedSchedule {
  public struct ScheduleOptions: Options {
    public var points = "0dur:1,0.5dur:1,0.9dur:0.01,1dur:0.01"
    public var warmup = Landmark(0, .epochs)

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field(
          "points", text: \.points,
          "when the rate is what part of the initial one, straight lines between: 0dur:1,0.5dur:1,1dur:0.01"),
        .warmup(\.warmup),
      ]
    }
  }

  private static let owner = "schedule points"
  private let points: [(landmark: Landmark, factor: Double)]
  public let warmup: Warmup

  /// - Throws: `BasinError` of kind usage for anything but a comma-separated list of `landmark:factor`.
  public init(_ options: ScheduleOptions) throws {
    points = try options.points.split(separator: ",", omittingEmptySubsequences: false).map { text in
      let halves = text.split(separator: ":", omittingEmptySubsequences: false).map(\.trimmed)
      guard halves.count == 2, let landmark = Landmark(halves[0]), let factor = Double(halves[1]), factor.isFinite,
        factor >= 0
      else {
        throw BasinError.usage(
          "\(Self.owner): '\(text.trimmed)' is no point",
          advice: "Set schedule.points to a list such as 0dur:1,0.5dur:1,1dur:0.01; a factor is a number from 0 on")
      }
      return (landmark, factor)
    }
    warmup = try Warmup(options.warmup, of: Self.owner)
  }

  public func warmedFactor(at step: Int, of rest: RunPart) -> Double {
    var before: (step: Int, factor: Double)?
    for point in points {
      let position = rest.steps(point.landmark)
      if step <= position {
        guard let before, before.step < position else { return point.factor }
        let fraction = Double(step - before.step) / Double(position - before.step)
        return before.factor + (point.factor - before.factor) * fraction
      }
      before = (position, point.factor)
    }
    return before?.factor ?? 1
  }

  public func checkWarmed(_ rest: RunPart) throws {
    let steps = points.map { rest.steps($0.landmark) }
    guard let first = steps.first, let last = steps.last, let end = points.last?.landmark else { return }
    guard first == 0 else {
      throw BasinError.usage(
        "\(Self.owner): the points begin at step \(first) and leave the steps before it without a rate",
        advice: "Set the first of schedule.points to 0dur, such as 0dur:1")
    }
    for index in steps.indices.dropFirst() where steps[index] <= steps[index - 1] {
      throw BasinError.usage(
        "\(Self.owner): point \(points[index].landmark) (step \(steps[index])) is not after the point before it, at step"
          + " \(steps[index - 1])",
        advice: "Set schedule.points in rising order, at least a step apart")
    }
    guard last == rest.steps else {
      let what = last < rest.steps ? "leave the steps from there on without a rate" : "go on after it"
      throw BasinError.usage(
        "\(Self.owner): the points end at \(end) (step \(last)), the run at step \(rest.steps): they \(what)",
        advice: "Set the last of schedule.points to 1dur, such as 1dur:0.01")
    }
  }
}
