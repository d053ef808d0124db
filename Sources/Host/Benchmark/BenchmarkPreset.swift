import PluginAPI
import Statistics

/// A named benchmark: `--preset`. Flags override it.
struct BenchmarkPreset {
  /// A case and who brings it.
  typealias Entry = (module: String, domain: String, benchmark: BenchmarkCase)

  let name, summary: String
  let methods: [String]
  /// Nil: the modules' registered cases.
  var cases: [Entry]?
  /// Of every case; nil leaves it to the cases.
  var seeds: Int?
  /// Of the epochs of every case.
  var epochsScale = 1.0
  /// What every case's configuration says beside its own.
  var configuration: [RunRequest.Key: String] = [:]

  /// Methods that share the trajectories of three: of `backbone`, of `backbone-chc`, and PSWA's own.
  static let threeTrajectories = ["backbone", "backbone-chc", "wa", "swa", "ema", "lawa", "pswa"]

  static let builtIn = [
    BenchmarkPreset(
      name: "quick", summary: "embedded data, seven methods on three trajectories, six seeds: a few minutes on two cores",
      methods: threeTrajectories, seeds: 6, epochsScale: 0.5),
    BenchmarkPreset(
      name: "default", summary: "the modules' cases with backbone, swa and pswa", methods: ["backbone", "swa", "pswa"]),
    disentangle("paper-disentangle"),
    disentangle("paper"),
    BenchmarkPreset(
      name: "paper-early",
      summary: "PSWA against the backbone in the early stage: both stop at half of the run, whose rate is still the initial one; ten seeds, on embedded data about three minutes on two cores",
      methods: ["backbone", "pswa"], seeds: 10, configuration: [.stopAfter: "0.5dur"]),
  ]

  private static func disentangle(_ name: String) -> BenchmarkPreset {
    BenchmarkPreset(
      name: name,
      summary: name == "paper" ? "the same, by its earlier name" : "averaging or learning rate: the 2x2 with ten seeds; on embedded data about five minutes on two cores",
      methods: FactorialEffects.Cell.allCases.map(\.rawValue), seeds: 10)
  }

  /// The built-in preset of that name, or the modules' experiment; those modules are loaded.
  static func named(_ name: String, in catalog: Catalog) throws -> BenchmarkPreset {
    if let preset = builtIn.first(where: { $0.name == name }) { return preset }
    for module in catalog.modules where module.manifest.experiments.contains(name) { try catalog.load(module) }
    let entries = catalog.registry.experiments.filter { $0.experiment.name == name }
    guard let first = entries.first else {
      let known = catalog.modules.flatMap(\.manifest.experiments)
      throw BasinError.unknown("preset", name, among: builtIn.map(\.name) + known)
    }
    var methods: [String] = []
    for method in entries.flatMap(\.experiment.methods) where !methods.contains(method) { methods.append(method) }
    return BenchmarkPreset(
      name: name, summary: first.experiment.summary, methods: methods,
      cases: entries.flatMap { entry in
        entry.experiment.cases.map { (module: entry.module, domain: entry.domain, benchmark: $0) }
      })
  }

  /// The preset of a call that names nothing else that is compared.
  static func usual(_ request: BenchmarkRequest) -> String {
    let says = [request.file, request.domains?.first, request.models?.first, request.datasets?.first, request.casesOf]
    return says.allSatisfy { $0 == nil } ? "quick" : "default"
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
