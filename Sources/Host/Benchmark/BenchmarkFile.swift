import Foundation
import PluginAPI
import Yams

/// Reads the YAML file of `basin bench --config`:
///
///     methods:
///       - backbone
///       - swa
///       - {name: swa-cosine, method: swa, schedule: "constant,cosine:0.1@0.5dur", set: {averaging.start: 0.8dur}}
///     seeds: 5
///     cases:
///       - {model: gcn, dataset: communities, epochs: 100}
///       - model: preresnet8
///         dataset: shapes
///         lr: 0.05
///         set: {model.width: 8}
struct BenchmarkFile {
  private static let keys = ["cases", "methods", "seeds", "splits", "folds", "jobs", "threads"] + limitKeys
  private static let limitKeys = ["timeLimit", "memoryLimit", "stuckAfter"]
  private static let caseKeys: [String: RunRequest.Key] = [
    "domain": .domain, "model": .model, "dataset": .dataset, "epochs": .epochs, "batchSize": .batchSize,
    "lr": .learningRate,
  ].merging(BenchmarkPlan.Case.configurationKeys.map { ($0.rawValue, $0) }) { first, _ in first }
  /// What a method may have of its own.
  private static let methodKeys: [String: RunRequest.Key] = [
    "lr": .learningRate, "optimizer": .optimizer, "schedule": .schedule, "averaging": .averaging,
  ]

  private let path: String

  /// - Throws: `BasinError` with the line and column of what is wrong.
  static func read(_ path: String) throws -> BenchmarkRequest {
    try BenchmarkFile(path: path).request(YAMLFile.read(path))
  }

  private func request(_ node: Node?) throws -> BenchmarkRequest {
    guard let mapping = node?.mapping else {
      throw bad(
        node, "holds no mapping of keys to values",
        "Write `cases:` with a list of `{model: gcn, dataset: communities}` below")
    }
    var request = BenchmarkRequest(file: path)
    for (keyNode, value) in mapping {
      switch keyNode.string ?? "" {
      case "cases":
        guard let list = value.sequence, !list.isEmpty else {
          throw bad(
            value, "`cases` is not a list of cases",
            "Write lines such as `- {model: gcn, dataset: communities}` below it")
        }
        request.cases = try list.map(benchmarkCase)
      case "methods":
        guard let list = value.sequence, !list.isEmpty else {
          throw bad(value, "`methods` is not a list of names", "Write `methods: [backbone, swa]`")
        }
        request.methods = try list.map { try method($0, &request) }
      case "seeds": request.seeds = try whole(value, "seeds")
      case "splits", "folds": request.division = try division(keyNode, value, request.division)
      case "jobs": request.jobs = try whole(value, "jobs")
      case "threads": request.threads = try whole(value, "threads")
      case let key where Self.limitKeys.contains(key):
        let text = try text(value, key)
        do {
          switch key {
          case "timeLimit": request.limits.time = try RunLimits.time(text, flag: key)
          case "memoryLimit": request.limits.memory = try RunLimits.memory(text, flag: key)
          default: request.limits.silence = try RunLimits.time(text, flag: key)
          }
        } catch let error as BasinError { throw bad(value, error.message, error.advice ?? "") }
      case let name: throw unknown(name, keyNode, among: Self.keys)
      }
    }
    if let count = try pairs(mapping) { request.seeds = count }
    return request
  }

  /// `splits: 20` divides the data anew for each of 20 seeds; `folds: 10` gives each of 10 seeds a fold.
  private func division(
    _ key: Node, _ value: Node, _ other: BenchmarkPlan.Division?
  ) throws -> BenchmarkPlan.Division {
    let count = try whole(value, key.string ?? "")
    guard other == nil else { throw bad(key, "`splits` and `folds` exclude each other", "Leave out one of them") }
    guard key.string == "folds" else { return .splits }
    guard count >= 2 else { throw bad(value, "`folds` is not a whole number from 2", "Write `folds: 10`") }
    return .folds(count)
  }

  /// How many seeds `splits` or `folds` ask for; more folds come by `seeds`.
  private func pairs(_ mapping: Node.Mapping) throws -> Int? {
    if let splits = mapping["splits"] {
      if let seeds = mapping["seeds"] { throw bad(seeds, "`seeds` and `splits` exclude each other", "Leave out one of them") }
      return try whole(splits, "splits")
    }
    return mapping["seeds"] == nil ? try mapping["folds"].map { try whole($0, "folds") } : nil
  }

  private func benchmarkCase(_ node: Node) throws -> BenchmarkRequest.Case {
    guard let mapping = node.mapping else {
      throw bad(node, "is not a case", "Write `- {model: gcn, dataset: communities}`")
    }
    var result = BenchmarkRequest.Case()
    result.place = place(node)
    for (keyNode, value) in mapping {
      let name = keyNode.string ?? ""
      result.places[name] = place(keyNode)
      switch name {
      case "seeds": result.seeds = try whole(value, name)
      case "splits", "folds": result.division = try division(keyNode, value, result.division)
      case "epochs": result.values[.epochs] = "\(try whole(value, name))"
      case "batchSize":
        let size = try text(value, name)
        result.values[.batchSize] = size == "all" ? size : "\(try whole(value, name, "a whole number from 1, or all"))"
      case "lr": result.values[.learningRate] = try rate(value)
      case "set": try settings(value) { (result.settings[$0], result.places[$0]) = ($1, $2) }
      default:
        guard let key = Self.caseKeys[name] else {
          throw unknown(name, keyNode, among: Self.caseKeys.keys.sorted() + ["seeds", "splits", "folds", "set"])
        }
        result.values[key] = try text(value, name)
      }
    }
    if let count = try pairs(mapping) { result.seeds = count }
    for key in ["model", "dataset"] where result.places[key] == nil {
      throw bad(node, "a case has no `\(key)`", "Write `- {model: gcn, dataset: communities}`")
    }
    return result
  }

  /// A name, or a mapping that gives a method parts and options of its own.
  private func method(_ node: Node, _ request: inout BenchmarkRequest) throws -> String {
    guard let mapping = node.mapping else {
      let name = try text(node, "methods")
      request.methodPlaces[name] = place(node)
      return name
    }
    guard let base = try mapping["method"].map({ try text($0, "method") }) else {
      throw bad(node, "a method of one's own has no `method`", "Write `- {name: swa-long, method: swa, set: {...}}`")
    }
    var variant = BenchmarkPlan.Variant(method: base)
    var places: [String: String] = [:]
    var own = base
    for (keyNode, value) in mapping {
      let key = keyNode.string ?? ""
      places[key] = place(keyNode)
      switch key {
      case "method": break
      case "name":
        own = try text(value, key)
        // It becomes a part of folders' names.
        guard own.allSatisfy({ $0.isLetter || $0.isNumber || "-._".contains($0) }) else {
          throw bad(value, "`name` holds more than letters, digits and -._", "Write `name: \(base)-2`")
        }
      case "lr": variant.parts[RunRequest.Key.learningRate.rawValue] = try rate(value)
      case "set": try settings(value) { (variant.settings[$0], places[$0]) = ($1, $2) }
      default:
        guard let known = Self.methodKeys[key] else {
          throw unknown(key, keyNode, among: Self.methodKeys.keys.sorted() + ["method", "name", "set"])
        }
        variant.parts[known.rawValue] = try text(value, key)
      }
    }
    if request.methodPlaces[own] == nil {
      request.variants[own] = variant
      request.methodPlaces[own] = place(node)
      request.variantPlaces[own] = places
    } else {
      throw bad(node, "method \(own) is named twice", "Give this one a `name` of its own")
    }
    return own
  }

  // MARK: Values

  private func rate(_ node: Node) throws -> String {
    guard let rate = Double(try text(node, "lr")), rate > 0, rate.isFinite else {
      throw bad(node, "`lr` is not a positive number", "Write `lr: 0.1`")
    }
    return "\(rate)"
  }

  private func settings(_ node: Node, _ take: (_ option: String, _ value: String, _ place: String?) -> Void) throws {
    guard let settings = node.mapping else {
      throw bad(node, "`set` is not a mapping", "Write `set: {model.hidden: 32}`")
    }
    for (key, item) in settings {
      let option = try text(key, "set")
      take(option, try text(item, option), place(key))
    }
  }

  private func text(_ node: Node, _ key: String) throws -> String {
    guard let text = node.scalar?.string, !text.isEmpty else {
      throw bad(node, "`\(key)` holds something that is not a value", "Write a number or a word")
    }
    return text
  }

  private func whole(_ node: Node, _ key: String, _ expected: String = "a whole number from 1") throws -> Int {
    guard let number = node.scalar.flatMap({ Int($0.string) }), number >= 1 else {
      throw bad(node, "`\(key)` is not \(expected)", "Write `\(key): 3`")
    }
    return number
  }

  private func place(_ node: Node?) -> String? { node?.mark.map { "line \($0.line), column \($0.column)" } }

  private func bad(_ node: Node?, _ message: String, _ advice: String) -> BasinError {
    .badData(message, file: path, place: place(node), advice: advice)
  }

  private func unknown(_ name: String, _ node: Node, among known: [String]) -> BasinError {
    var error = BasinError.unknown("key", name, among: known)
    error.kind = .badData
    error.file = path
    error.place = place(node)
    return error
  }
}
