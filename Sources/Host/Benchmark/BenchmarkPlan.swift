import Foundation
import PluginAPI

/// The runs of a benchmark: every case with every method and seed. `plan.json` holds it.
struct BenchmarkPlan: Codable, Sendable {
  /// A model on a data set, everything about it decided.
  struct Case: Codable, Hashable, Sendable {
    var domain, model, dataset: String
    var epochs: Int
    /// A number, or `all`.
    var batchSize: String
    var learningRate: Double
    var seeds: Int
    /// As `--set`.
    var settings: [String: String]
    /// What stands instead of every method's own, and what else of a run is not by default: values of `configurationKeys`.
    var parts: [String: String]?
    static let configurationKeys: [RunRequest.Key] = [
      .optimizer, .schedule, .averaging, .observe, .bnUpdate, .precision, .device, .validationFraction, .stopAfter,
    ]
    /// What else the number of a seed decides; nil: nothing, all runs have the same division of the data.
    var division: Division?
    /// What tells it from the other cases of its model and data set, such as `lr=0.1`; empty where there is none.
    var label = ""

    var title: String { "\(domain) \(model) \(dataset)" + (label.isEmpty ? "" : " (\(label))") }
    /// Safe as a folder's name.
    var name: String {
      ([domain, model, dataset] + (label.isEmpty ? [] : [label])).joined(separator: "-")
        .map { $0.isLetter || $0.isNumber || "-._".contains($0) ? String($0) : "_" }.joined()
    }
  }

  /// How the data of a run are divided, by its seed.
  enum Division: Codable, Hashable, Sendable, CustomStringConvertible {
    /// `--split-seed` is the seed.
    case splits
    /// Fold seed mod N + 1 of N; after N seeds come the folds of the next split seed.
    case folds(Int)

    /// Of a module's case: `splits: true` or `folds: 10` in its configuration; nil for another key.
    init?(_ key: String, _ value: String, of module: String) throws {
      switch (key, Int(value)) {
      case ("splits", _) where value == "true": self = .splits
      case ("folds", let count?) where count >= 2: self = .folds(count)
      case ("splits", _), ("folds", _):
        throw BasinError.internalError("a case of module \(module) has \(key) '\(value)'", advice: "It takes splits=true or folds=10")
      default: return nil
      }
    }

    var description: String {
      switch self {
      case .splits: "split of each seed"
      case .folds(let count): "\(count) folds"
      }
    }

    func apply(seed: Int, to request: inout RunRequest) {
      switch self {
      case .splits: request[.splitSeed] = "\(seed)"
      case .folds(let count):
        request[.splitSeed] = "\(seed / count)"
        request[.fold] = "\(seed % count + 1)/\(count)"
      }
    }
  }

  /// A method with parts or options of its own.
  struct Variant: Codable, Hashable, Sendable {
    var method: String
    /// `learningRate`, `optimizer`, `schedule`, `averaging`: over those of a case.
    var parts: [String: String] = [:]
    /// As `--set`, over those of a case.
    var settings: [String: String] = [:]

    /// `swa, schedule cosine, averaging.start=0.5dur`
    var summary: String {
      ([method] + parts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        + settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }).joined(separator: ", ")
    }
  }

  struct Run: Sendable {
    let benchmark: Case
    let method: String
    let seed: Int

    var name: String { "\(benchmark.name)-\(method)-\(seed)" }
    var title: String { "\(benchmark.title) \(method) seed \(seed)" }
  }

  var preset: String?
  var config: String?
  var cases: [Case]
  /// The first is what the others are compared with.
  var methods: [String]
  /// Those of `methods` that are not what the method of that name is.
  var variants: [String: Variant]?
  var jobs: Int
  /// Of each run: results depend on it, and not on `jobs`.
  var threads: Int
  var dataRoot: String?
  var plugins: [String]
  /// Of every run; nil: the usual.
  var limits: RunLimits?
  /// The command that began it.
  var command: String?

  /// Seeds outermost: an interrupted benchmark has all methods for the seeds it finished.
  var runs: [Run] {
    (0..<(cases.map(\.seeds).max() ?? 0)).flatMap { seed in
      cases.filter { seed < $0.seeds }.flatMap { item in methods.map { Run(benchmark: item, method: $0, seed: seed) } }
    }
  }

  func request(_ item: Case, method: String, seed: Int) -> RunRequest {
    request(item, method: method, seed: seed, variants: variants ?? [:])
  }

  func request(_ item: Case, method: String, seed: Int, variants: [String: Variant]) -> RunRequest {
    var request = RunRequest()
    request.values = [
      .domain: item.domain, .model: item.model, .dataset: item.dataset, .method: method, .seed: "\(seed)",
      .epochs: "\(item.epochs)",
      .batchSize: item.batchSize, .learningRate: "\(item.learningRate)", .threads: "\(threads)",
    ]
    request[.dataRoot] = dataRoot
    request.settings = item.settings
    for (key, value) in item.parts ?? [:] { request[key] = value }
    item.division?.apply(seed: seed, to: &request)
    if let variant = variants[method] { request.apply(variant) }
    request.plugins = plugins
    return request
  }

  // MARK: Going on with a benchmark

  static func path(in folder: String) -> String { folder + "/plan.json" }

  /// The plan of the benchmark in `folder`; nil where there is none.
  static func saved(in folder: String) throws -> BenchmarkPlan? {
    let path = path(in: folder)
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    do { return try JSONDecoder().decode(BenchmarkPlan.self, from: data) } catch {
      throw BasinErrors.notJSON(path, error)
    }
  }

  func save(in folder: String) throws {
    try AtomicFile.write(JSONValue(encoding: self).data(), to: Self.path(in: folder))
  }

  /// - Throws: `BasinError` where a run of `old` would now be another one: what is finished must not be mixed with it.
  func checkThatItContinues(_ old: BenchmarkPlan, in folder: String) throws {
    for method in methods where old.methods.contains(method) && variants?[method] != old.variants?[method] {
      throw BasinError.usage(
        "--resume: method \(method) is now \(variants?[method]?.summary ?? method), but \(folder) was begun with"
          + " \(old.variants?[method]?.summary ?? method)",
        advice: "Give the changed method another name, or choose another --out")
    }
    let before = Dictionary(old.cases.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    for item in cases {
      guard let other = before[item.name] else { continue }
      let facts = zip(item.facts + [("threads", "\(threads)")], other.facts + [("threads", "\(old.threads)")])
      guard let (now, then) = facts.first(where: { $0.0 != $0.1 }) else { continue }
      throw BasinError.usage(
        "--resume: \(item.title) has \(now.0) \(now.1), but \(folder) was begun with \(then.0) \(then.1)",
        advice: "`basin bench --resume --out \(folder)` goes on with what was planned; else choose another --out")
    }
  }
}

extension RunRequest {
  /// By a key's name.
  fileprivate subscript(name: String) -> String? {
    get { Key(rawValue: name).flatMap { values[$0] } }
    set { if let key = Key(rawValue: name) { values[key] = newValue } }
  }

  /// Asks for a method with parts and options of its own.
  mutating func apply(_ variant: BenchmarkPlan.Variant) {
    values[.method] = variant.method
    for (key, value) in variant.parts { self[key] = value }
    settings.merge(variant.settings) { $1 }
  }

  /// As flags of `basin train`.
  var arguments: [String] {
    values.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { [$0.key.flag, $0.value] }
      + settings.sorted { $0.key < $1.key }.flatMap { ["--set", "\($0.key)=\($0.value)"] }
      + plugins.flatMap { ["--plugin", $0] }
  }
}

extension BenchmarkPlan.Case {
  /// What is decided about a case, in a fixed order: of two that differ, the first difference is told.
  var facts: [(String, String)] {
    [
      ("epochs", "\(epochs)"), ("batch size", batchSize), ("lr", "\(learningRate)"),
      ("parts", (parts ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")),
      ("division", division?.description ?? "the same in all runs"),
      ("options", settings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")),
    ]
  }

  /// Gives cases of the same model and data set the label that tells them apart.
  static func labelled(_ cases: [Self], _ describe: (Int) -> BasinError) throws -> [Self] {
    var result = cases
    for (_, group) in Dictionary(grouping: cases.indices, by: { cases[$0].name }) where group.count > 1 {
      let keys = Set(group.flatMap { cases[$0].settings.keys }).sorted()
      let columns: [(String, (Self) -> String)] =
        [("epochs", { "\($0.epochs)" }), ("batch", { $0.batchSize }), ("lr", { "\($0.learningRate)" })]
        + configurationKeys.map(\.rawValue).map { key in (key, { $0.parts?[key] ?? "default" }) }
        + [("division", { $0.division?.description ?? "same" })]
        + keys.map { key in (key, { $0.settings[key] ?? "default" }) }
      let telling = columns.filter { column in Set(group.map { column.1(cases[$0]) }).count > 1 }
      for index in group {
        result[index].label = telling.map { "\($0.0)=\($0.1(cases[index]))" }.joined(separator: ", ")
      }
    }
    var names: Set<String> = []
    for index in result.indices where !names.insert(result[index].name).inserted { throw describe(index) }
    return result
  }
}
