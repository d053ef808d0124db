import Statistics

/// The 2x2 of averaging and tail learning rate on one workload.
public struct FactorialAnalysis: Sendable {
  /// Number of the workload.
  public let workload: Int
  public let effects: FactorialEffects
  /// Of `effects.effects`; nil with one seed.
  public let decisions: [Decision?]

  /// Of all workloads that have the four methods, p values corrected over all of their effects.
  static func all(_ analyses: [WorkloadAnalysis]) -> [FactorialAnalysis] {
    let found = analyses.enumerated().compactMap { w, analysis -> (Int, FactorialEffects)? in
      var values: [FactorialEffects.Cell: [Int: Double]] = [:]
      for cell in analysis.cells { FactorialEffects.Cell(rawValue: cell.method.name).map { values[$0] = cell.values } }
      return (try? FactorialEffects(values)).flatMap { $0 }.map { (w, $0) }
    }
    let family = found.flatMap { $0.1.effects.map(\.comparison) }.filter { $0.count > 1 }
    var decisions = Decision.family(family)[...]
    return zip(found, FactorialEffects.corrected(found.map(\.1))).map { item, effects in
      FactorialAnalysis(
        workload: item.0, effects: effects,
        decisions: effects.effects.map { $0.comparison.count > 1 ? decisions.removeFirst() : nil })
    }
  }
}
