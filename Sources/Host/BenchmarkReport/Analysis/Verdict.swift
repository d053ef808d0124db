import Statistics

/// What may be said of a method against the reference on one workload, at the 5 % level over all comparisons of the report.
public enum Verdict: Sendable, Hashable {
  /// The comparison's ``Decision``, corrected by Holm's method, says so.
  case better, worse
  /// The test says so alone, and not after the correction.
  case hint(better: Bool)
  /// Equal on every seed.
  case same
  case open(Reason)

  public enum Reason: Sendable, Hashable {
    /// No seed has a finished run of both.
    case noPairs
    case onePair
    /// So few pairs can never be significant.
    case tooFew(SignificanceFloor)
    case noEvidence
  }

  /// In a table.
  public var word: String {
    switch self {
    case .better: "better"
    case .worse: "worse"
    case .hint(true): "hint of better"
    case .hint(false): "hint of worse"
    case .same: "equal"
    case .open(.noPairs): "no pairs"
    case .open(.onePair): "one pair"
    case .open(.tooFew): "too few pairs"
    case .open(.noEvidence): "undecided"
    }
  }

  init(_ comparison: PairedComparison, _ decision: Decision?, floor: SignificanceFloor, higherIsBetter: Bool) {
    let isBetter = (comparison.mean > 0) == higherIsBetter
    let single = SignificanceFloor(pairs: floor.pairs, level: floor.level)
    switch comparison.count {
    case 0: self = .open(.noPairs)
    case 1: self = .open(.onePair)
    default:
      if comparison.winTieLoss.wins + comparison.winTieLoss.losses == 0 {
        self = .same
      } else if let decision, decision.corrected < floor.level {
        self = isBetter ? .better : .worse
      } else if let decision, decision.p < floor.level {
        self = .hint(better: isBetter)
      } else {
        self = .open(single.canReach ? .noEvidence : .tooFew(floor))
      }
    }
  }
}
