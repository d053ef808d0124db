import PluginAPI

extension LearningRateCurve {
  /// This curve up to `landmark`, then `next`: `LinearWarmup().then(cosine, at: Landmark(5, .epochs))`.
  ///
  /// Each curve has its part of the run as a run of its own: it begins and ends there, its landmarks count from the
  /// part's beginning, and `dur` is a fraction of the part. (Cycles of an epoch stay with the epochs of the run.) The
  /// landmarks of the sequence itself are of the whole run, also where several follow:
  /// `a.then(b, at: Landmark(0.1, .duration)).then(c, at: Landmark(0.9, .duration))`.
  public func then(_ next: some LearningRateCurve, at landmark: Landmark) -> SequencedCurve {
    let sequence = self as? SequencedCurve ?? SequencedCurve(first: self)
    return sequence.appending(next, at: landmark)
  }
}

/// Curves one after another; made by ``PluginAPI/LearningRateCurve/then(_:at:)``.
///
/// A sequence is a curve like any other, so that it may be a part of another sequence.
public struct SequencedCurve: PartCurve {
  private let first: any LearningRateCurve
  private var later: [(start: Landmark, curve: any LearningRateCurve)] = []

  init(first: any LearningRateCurve) { self.first = first }

  func appending(_ next: any LearningRateCurve, at landmark: Landmark) -> SequencedCurve {
    var longer = self
    longer.later.append((landmark, next))
    return longer
  }

  /// The curves with their parts of `part`, in order; together they are all of it.
  private func pieces(of part: RunPart) -> [(steps: Range<Int>, curve: any LearningRateCurve)] {
    var pieces: [(steps: Range<Int>, curve: any LearningRateCurve)] = []
    var begin = 0
    var curve = first
    for (landmark, next) in later {
      let end = max(min(part.steps(landmark), part.steps), begin)
      pieces.append((begin..<end, curve))
      (begin, curve) = (end, next)
    }
    return pieces + [(begin..<max(part.steps, begin), curve)]
  }

  public func factor(at step: Int, of part: RunPart) -> Double {
    let pieces = pieces(of: part)
    // The end of the run belongs to the last curve.
    guard let (steps, curve) = pieces.first(where: { $0.steps.contains(step) }) ?? pieces.last else { return 1 }
    let own = part[steps]
    if let curve = curve as? any PartCurve { return curve.factor(at: step - steps.lowerBound, of: own) }
    return curve.factor(at: Progress(step: step - steps.lowerBound, run: own.nearestRun))
  }

  /// - Throws: `BasinError` of kind usage where a curve would have no step, does not fit its part, or cannot take a part
  ///   that is not whole epochs: only a ``PartCurve`` can.
  public func check(_ part: RunPart) throws {
    var last = 0
    for (index, (landmark, _)) in later.enumerated() {
      let step = part.steps(landmark)
      guard step > last else {
        let before =
          last == 0 ? "so that part 1 has no step" : "not after part \(index + 1), which begins at step \(last)"
        throw Self.misplaced(index + 2, landmark, step, before)
      }
      guard step < part.steps else {
        throw Self.misplaced(index + 2, landmark, step, "not before the end of the \(part.steps) steps there are")
      }
      last = step
    }
    for (index, (steps, curve)) in pieces(of: part).enumerated() {
      do { try Self.check(curve, part[steps]) } catch var error as BasinError {
        error.message = "part \(index + 1) (steps \(steps.lowerBound) to \(steps.upperBound)): " + error.message
        // The options of a part bear its number.
        error.advice = error.advice?.replacing("schedule.", with: "schedule.\(index + 1).")
        throw error
      }
    }
  }

  private static func misplaced(_ number: Int, _ landmark: Landmark, _ step: Int, _ why: String) -> BasinError {
    BasinError.usage(
      "schedule: part \(number) begins at \(landmark) (step \(step)), \(why)",
      advice: "Let the parts begin in rising order, each at least a step after the one before and before the end")
  }

  private static func check(_ curve: any LearningRateCurve, _ part: RunPart) throws {
    if let curve = curve as? any PartCurve { return try curve.check(part) }
    guard part.nearestRun.stepsPerEpoch == part.stepsPerEpoch else {
      throw BasinError.usage(
        "these are not whole epochs of \(part.stepsPerEpoch) steps, as \(type(of: curve)) needs them",
        advice: "Let the parts of the schedule change at ends of epochs")
    }
    try curve.check(part.nearestRun)
  }
}

extension RunPart {
  /// A run of as many steps: of the same epochs where it is whole ones, else of epochs of one step.
  var nearestRun: RunLength {
    steps % stepsPerEpoch == 0
      ? RunLength(epochs: steps / stepsPerEpoch, stepsPerEpoch: stepsPerEpoch)
      : RunLength(epochs: steps, stepsPerEpoch: 1)
  }
}
