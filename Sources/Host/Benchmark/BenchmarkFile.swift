import Foundation
import PluginAPI
import Yams

/// Reads the YAML file of `basin bench --config`:
///
///     methods: [backbone, swa, pswa]
///     seeds: 5
///     cases:
///       - {model: gcn, dataset: communities, epochs: 100}
///       - model: preresnet8
///         dataset: shapes
///         lr: 0.05
///         set: {model.width: 8}
struct BenchmarkFile {
  private static let keys = ["cases", "methods", "seeds", "jobs", "threads"]
  private static let caseKeys: [String: RunRequest.Key] = [
    "domain": .domain, "model": .model, "dataset": .dataset, "epochs": .epochs, "batchSize": .batchSize,
    "lr": .learningRate,
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
        request.methods = try list.map { item in
          let name = try text(item, "methods")
          request.methodPlaces[name] = place(item)
          return name
        }
      case "seeds": request.seeds = try whole(value, "seeds")
      case "jobs": request.jobs = try whole(value, "jobs")
      case "threads": request.threads = try whole(value, "threads")
      case let name: throw unknown(name, keyNode, among: Self.keys)
      }
    }
    return request
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
      case "epochs": result.values[.epochs] = "\(try whole(value, name))"
      case "batchSize":
        let size = try text(value, name)
        result.values[.batchSize] = size == "all" ? size : "\(try whole(value, name, "a whole number from 1, or all"))"
      case "lr":
        guard let rate = Double(try text(value, name)), rate > 0, rate.isFinite else {
          throw bad(value, "`lr` is not a positive number", "Write `lr: 0.1`")
        }
        result.values[.learningRate] = "\(rate)"
      case "set":
        guard let settings = value.mapping else {
          throw bad(value, "`set` is not a mapping", "Write `set: {model.hidden: 32}`")
        }
        for (key, item) in settings {
          let option = try text(key, "set")
          result.settings[option] = try text(item, option)
          result.places[option] = place(key)
        }
      default:
        guard let key = Self.caseKeys[name] else {
          throw unknown(name, keyNode, among: Self.caseKeys.keys.sorted() + ["seeds", "set"])
        }
        result.values[key] = try text(value, name)
      }
    }
    for key in ["model", "dataset"] where result.places[key] == nil {
      throw bad(node, "a case has no `\(key)`", "Write `- {model: gcn, dataset: communities}`")
    }
    return result
  }

  // MARK: Values

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
