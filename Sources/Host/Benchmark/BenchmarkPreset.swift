import PluginAPI

/// A named benchmark: `--preset`. Flags override it.
struct BenchmarkPreset {
  let name, summary: String
  let methods: [String]
  /// Of every case; nil leaves it to the cases.
  var seeds: Int?
  /// Of the epochs of every case.
  var epochsScale = 1.0

  static let all = [
    BenchmarkPreset(
      name: "default", summary: "the modules' cases with backbone, swa and pswa", methods: ["backbone", "swa", "pswa"]),
    BenchmarkPreset(
      name: "quick", summary: "the same in under a minute: one seed, fewer epochs",
      methods: ["backbone", "swa", "pswa"], seeds: 1, epochsScale: 0.25),
    BenchmarkPreset(
      name: "paper", summary: "averaging or learning rate: the 2x2 with ten seeds",
      methods: FactorialEffects.Cell.allCases.map(\.rawValue), seeds: 10),
  ]

  static func named(_ name: String) throws -> BenchmarkPreset {
    guard let preset = all.first(where: { $0.name == name }) else {
      throw BasinError.unknown("preset", name, among: all.map(\.name))
    }
    return preset
  }

  /// PSWA's cycles are an eighth of a run: with so many epochs each holds the end of one.
  private static let fewestEpochs = 8

  /// Shortens a case, but not so far that a cycle of PSWA would hold no epoch.
  static func scaled(_ epochs: Int, by scale: Double) -> Int {
    let wanted = (Double(epochs) * scale).rounded(.up)
    // A scale that makes no sense as a number of epochs is refused before.
    return max(min(epochs, fewestEpochs), Int(min(wanted, 1e9)))
  }
}
