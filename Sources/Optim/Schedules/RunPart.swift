import PluginAPI

/// A stretch of a run that a curve has to itself: what a warm-up leaves, or its share of a ``SequencedCurve``.
///
/// Steps count from 0 at its beginning, and a landmark in `dur` is a fraction of it. Unlike a `RunLength` it need not be
/// whole epochs, nor begin with one.
public struct RunPart: Hashable, Sendable {
  /// Steps of the run before it.
  public let start: Int
  /// Its length in steps.
  public let steps: Int
  public let stepsPerEpoch: Int

  public init(start: Int, steps: Int, stepsPerEpoch: Int) {
    self.start = start
    self.steps = max(steps, 0)
    self.stepsPerEpoch = max(stepsPerEpoch, 1)
  }

  /// The whole of a run.
  public init(_ run: RunLength) { self.init(start: 0, steps: run.steps, stepsPerEpoch: run.stepsPerEpoch) }

  /// The part of `range`, counted in steps of this one.
  public subscript(range: Range<Int>) -> RunPart {
    RunPart(start: start + range.lowerBound, steps: range.count, stepsPerEpoch: stepsPerEpoch)
  }

  /// What is left after so many steps.
  public func dropping(_ count: Int) -> RunPart { self[count..<max(steps, count)] }

  /// In steps, not rounded.
  public func exactSteps(_ landmark: Landmark) -> Double {
    let exact =
      switch landmark.unit {
      case .epochs: landmark.value * Double(stepsPerEpoch)
      case .steps: landmark.value
      case .duration: landmark.value * Double(steps)
      }
    return min(exact, 1e15)
  }

  /// In steps, rounded to the nearest.
  public func steps(_ landmark: Landmark) -> Int { Int(exactSteps(landmark).rounded()) }

  /// How much of it is over after so many steps, 0...1.
  public func fraction(_ step: Int) -> Double { steps == 0 ? 1 : min(Double(step) / Double(steps), 1) }

  /// Steps since the epoch of `step` began, or since this part began, if that was later.
  func stepsIntoEpoch(_ step: Int) -> Int { (start + step) % stepsPerEpoch }
}

/// A curve that can run over any part of a run, not only over whole epochs.
///
/// The schedules of this library are such curves, so that a warm-up or another curve of any number of steps may come
/// before them.
public protocol PartCurve: LearningRateCurve {
  /// The multiple of the initial rate for a step of a part, 0...part.steps.
  func factor(at step: Int, of part: RunPart) -> Double
  /// - Throws: `BasinError` of kind usage where the curve does not fit the part.
  func check(_ part: RunPart) throws
}

extension PartCurve {
  public func factor(at progress: Progress) -> Double { factor(at: progress.step, of: RunPart(progress.run)) }
  public func check(_ run: RunLength) throws { try check(RunPart(run)) }
}
