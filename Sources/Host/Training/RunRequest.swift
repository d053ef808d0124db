import Foundation
import PluginAPI
import Yams

/// What the user asked for: by flags, by a configuration file, or by a benchmark. What is nil is found by the method, the
/// model family's recipe or the defaults.
public struct RunRequest: Sendable {
  public var values: [Key: String] = [:]
  /// `--set KEY=VALUE`.
  public var settings: [String: String] = [:]
  public var plugins: [String] = []

  public init() {}

  /// The keys of a configuration file; each is also a flag of `basin train`.
  public enum Key: String, CaseIterable, Sendable {
    case domain, model, dataset, method, epochs, batchSize, learningRate, optimizer, schedule, averaging, observe
    case bnUpdate, bnExamples, bnTolerance, precision, deterministic, seed, dataRoot, device, threads, dataThreads
    case initialCheckpoint = "init"
    case initFresh
    case select, monitor, patience, maxTime, stopAfter, validationFraction, splitSeed, fold, checkpointEvery, keep

    public var flag: String {
      switch self {
      case .learningRate: "--lr"
      case .initialCheckpoint: "--init"
      default:
        "--" + rawValue.reduce(into: "") { $0 += $1.isUppercase ? "-" + $1.lowercased() : String($1) }
      }
    }
  }

  public subscript(key: Key) -> String? {
    get { values[key] }
    set { values[key] = newValue }
  }

  /// This request with `other`'s values over it.
  public func overridden(by other: RunRequest) -> RunRequest {
    var result = self
    result.values.merge(other.values) { $1 }
    result.settings.merge(other.settings) { $1 }
    result.plugins += other.plugins
    return result
  }

  public func required(_ key: Key) throws -> String {
    guard let value = values[key] else {
      throw BasinError.usage("\(key.flag) is missing", advice: "`basin train --help` shows an example")
    }
    return value
  }

  func value<T: LosslessStringConvertible>(_ key: Key, _ type: T.Type, _ expected: String, where valid: (T) -> Bool) throws -> T? {
    guard let text = values[key], text != "null" else { return nil }
    guard let value = T(text), valid(value) else {
      throw BasinError.usage("\(key.flag) cannot be '\(text)'", advice: "It takes \(expected)")
    }
    return value
  }

  /// Adds `KEY=VALUE`.
  public mutating func set(_ text: String) throws {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw BasinError.usage("--set takes KEY=VALUE, not '\(text)'", advice: "For example --set model.hidden=32")
    }
    settings[String(text[..<equals])] = String(text[text.index(after: equals)...])
  }

  /// Reads a configuration file: the keys above, `set` (a mapping) and `plugins` (a list). The `config.yaml` of a run is one.
  public static func read(_ path: String) throws -> RunRequest {
    var request = RunRequest()
    guard let node = try YAMLFile.read(path) else { return request }
    guard let mapping = node.mapping else {
      throw BasinError.badData("holds no mapping of keys to values", file: path, advice: "Write lines such as `model: gcn`")
    }
    for (keyNode, value) in mapping {
      let name = keyNode.string ?? ""
      let place = keyNode.mark.map { "line \($0.line), column \($0.column)" }
      func bad(_ message: String, _ advice: String) -> BasinError { .badData(message, file: path, place: place, advice: advice) }
      if name == "set" {
        guard let settings = value.mapping else { throw bad("`set` is not a mapping", "Write `set: {model.hidden: 32}`") }
        for (key, item) in settings {
          guard let key = key.string, let item = item.scalar?.string else { throw bad("`set` holds something that is not a value", "Write numbers and words only") }
          request.settings[key] = item
        }
      } else if name == "plugins" {
        guard let list = value.sequence else { throw bad("`plugins` is not a list", "Write `plugins: [PATH]`") }
        request.plugins += list.compactMap { $0.scalar?.string }
      } else if let key = Key(rawValue: name) {
        guard let scalar = value.scalar else { throw bad("`\(name)` is not a single value", "Write `\(name): VALUE`") }
        if scalar.string != "null", scalar.string != "~", !scalar.string.isEmpty { request[key] = scalar.string }
      } else {
        var error = BasinError.unknown("key", name, among: Key.allCases.map(\.rawValue) + ["set", "plugins"])
        error.kind = .badData
        error.file = path
        error.place = place
        throw error
      }
    }
    return request
  }
}
