/// A moment of a run.
public struct Progress: Hashable, Sendable {
  /// Steps done before this one.
  public let step: Int
  /// The run that it is a moment of.
  public let run: RunLength

  /// After `step` steps of a run.
  public init(step: Int, run: RunLength) {
    self.step = step
    self.run = run
  }

  /// Part of the run that is over, 0...1.
  public var fraction: Double { run.steps == 0 ? 0 : Double(step) / Double(run.steps) }

  /// Part of the present epoch that is over, 0..<1.
  public var epochFraction: Double { Double(step % run.stepsPerEpoch) / Double(run.stepsPerEpoch) }
}

/// How long a run is.
public struct RunLength: Hashable, Sendable {
  /// Passes over the training examples.
  public let epochs: Int
  /// Steps of each, at least 1.
  public let stepsPerEpoch: Int
  /// `epochs` times `stepsPerEpoch`, or the greatest integer where that is beyond it.
  public var steps: Int {
    let (product, overflow) = epochs.multipliedReportingOverflow(by: stepsPerEpoch)
    return overflow ? .max : product
  }

  /// A number of steps an epoch under 1 is taken as 1.
  public init(epochs: Int, stepsPerEpoch: Int) {
    self.epochs = epochs
    self.stepsPerEpoch = max(stepsPerEpoch, 1)
  }
}

/// A point in a run or a length of time: `40ep`, `300st` or `0.5dur` (a part of the run).
public struct Landmark: Hashable, Sendable, LosslessStringConvertible {
  /// What it is measured in: epochs, steps, or parts of the run.
  public enum Unit: String, Sendable { case epochs = "ep", steps = "st", duration = "dur" }
  /// How many of the unit.
  public let value: Double
  /// What it is measured in.
  public let unit: Unit

  /// So many of a unit.
  public init(_ value: Double, _ unit: Unit) {
    self.value = value
    self.unit = unit
  }

  /// Reads `40ep`, `300st` or `0.5dur`; nil for anything else, negative numbers among it.
  public init?(_ description: String) {
    guard let unit = [Unit.epochs, .steps, .duration].first(where: { description.hasSuffix($0.rawValue) }),
      let value = Double(description.dropLast(unit.rawValue.count)), value.isFinite, value >= 0
    else { return nil }
    self.init(value, unit)
  }

  /// As it is written.
  public var description: String {
    let number = value == value.rounded() && value < 1e15 ? String(Int(value)) : String(value)
    return number + unit.rawValue
  }

  /// In steps, rounded to the nearest.
  public func steps(in run: RunLength) -> Int {
    let exact =
      switch unit {
      case .epochs: value * Double(run.stepsPerEpoch)
      case .steps: value
      case .duration: value * Double(run.steps)
      }
    return Int(min(exact, 1e15).rounded())
  }
}

/// The learning rate over a run: a pure function.
public protocol LearningRateCurve: Sendable {
  /// The multiple of the initial rate to use for the step that starts at `progress`.
  func factor(at progress: Progress) -> Double
  /// - Throws: `BasinError` of kind usage where the curve does not fit a run of that length, such as one it does not cover.
  func check(_ run: RunLength) throws
}

extension LearningRateCurve {
  public func check(_ run: RunLength) throws {}
}

/// A curve that is chosen by its name: `--schedule cosine`.
public protocol Schedule: LearningRateCurve {
  /// What `--set schedule.NAME` sets.
  associatedtype ScheduleOptions: Options
  /// Makes the curve; nothing of the run is known yet.
  init(_ options: ScheduleOptions) throws
}
