/// The paper's question, averaging or learning rate, as a 2x2 experiment over paired seeds.
///
///                      rate decays    rate stays high
///     no averaging     backbone       backbone-chc
///     averaging        wa             swa
///
/// With b, c, w, s for one seed's value in these cells, its effects are
/// - averaging: ((w - b) + (s - c)) / 2,
/// - learning rate: ((c - b) + (s - w)) / 2,
/// - interaction: (s - c) - (w - b), by how much averaging helps more at a high rate than at a decayed one.
public struct FactorialEffects: Sendable {
  /// The methods of the four cells.
  public enum Cell: String, CaseIterable, Sendable {
    case backbone
    case backboneHigh = "backbone-chc"
    case averaged = "wa"
    case averagedHigh = "swa"
  }

  public struct Effect: Sendable {
    public let name: String
    /// A difference for each of the seeds, in their order.
    public let differences: [Double]
    public let comparison: PairedComparison
    /// Of the exact sign-flip test, without correction.
    public var pValue: Double { comparison.signFlip.pValue }
    /// Corrected by Holm's method for a family of effects; as `pValue` until ``corrected(_:)``.
    public fileprivate(set) var holmValue: Double

    init(_ name: String, _ differences: [Double]) throws(StatisticsError) {
      self.name = name
      self.differences = differences
      comparison = PairedComparison(try PairedDifferences(differences))
      holmValue = comparison.signFlip.pValue
    }
  }

  /// The seeds that all four cells have.
  public let seeds: [Int]
  /// The seeds that only some of the cells have: a run failed.
  public let leftOut: [Int]
  /// Over `seeds`.
  public let means: [Cell: Double]
  /// Averaging, learning rate, interaction.
  public private(set) var effects: [Effect]

  /// - Parameter values: by cell and seed, such as test accuracies.
  /// - Returns: nil where no seed has all four cells.
  /// - Throws: `StatisticsError.notFinite`.
  public init?(_ values: [Cell: [Int: Double]]) throws(StatisticsError) {
    let sets = Cell.allCases.map { Set((values[$0] ?? [:]).keys) }
    let all = sets.reduce(Set<Int>()) { $0.union($1) }
    let seeds = sets.reduce(all) { $0.intersection($1) }.sorted()
    guard !seeds.isEmpty else { return nil }
    func column(_ cell: Cell) -> [Double] { seeds.compactMap { values[cell]?[$0] } }
    let b = column(.backbone)
    let c = column(.backboneHigh)
    let w = column(.averaged)
    let s = column(.averagedHigh)
    self.seeds = seeds
    leftOut = all.subtracting(seeds).sorted()
    means = Dictionary(uniqueKeysWithValues: Cell.allCases.map { ($0, SampleStatistics(column($0)).mean) })
    effects = [
      try Effect("averaging", seeds.indices.map { ((w[$0] - b[$0]) + (s[$0] - c[$0])) / 2 }),
      try Effect("learning rate", seeds.indices.map { ((c[$0] - b[$0]) + (s[$0] - w[$0])) / 2 }),
      try Effect("interaction", seeds.indices.map { (s[$0] - c[$0]) - (w[$0] - b[$0]) }),
    ]
  }

  /// The same with p values corrected for one family: the effects of all of them.
  public static func corrected(_ family: [FactorialEffects]) -> [FactorialEffects] {
    var values = HolmCorrection.adjusted(family.flatMap { $0.effects.map(\.pValue) })[...]
    return family.map { member in
      var result = member
      for index in result.effects.indices { result.effects[index].holmValue = values.removeFirst() }
      return result
    }
  }
}
