import Foundation
import PluginAPI
import ResultStore

/// What of a run goes into the store.
enum RunRecord {
  /// - Parameters:
  ///   - summary: its own, also where a trajectory was shared.
  ///   - metrics: the file of its metrics.
  ///   - wallSeconds: its part of the time that passed.
  static func finished(
    _ run: PlannedRun, summary: JSONValue, metrics: String, attempts: [RunAttempt], wallSeconds: Double, sharedBy: Int,
    trajectory: String?, folder: String
  ) throws -> ResultStore.Ended {
    let metric = summary["metric"]?.text ?? "accuracy"
    func value(_ weights: JSONValue?, _ part: String) -> Double? { weights?[part]?[metric]?.number }
    let curves = curves(metrics)
    let averaged = summary["averaged"]
    return ResultStore.Ended(
      run: StoredRun(
        hash: run.identity.hash, cell: run.identity.cell, workload: run.workload.hash, domain: run.run.benchmark.domain,
        model: run.run.benchmark.model, dataset: run.run.benchmark.dataset, method: run.run.method, methodParts: run.methodParts,
        seed: run.run.seed, configuration: run.identity.configuration, dataSHA256: run.identity.data.text, code: run.identity.code,
        status: .finished, attempts: attempts.count, metric: metric, test: value(averaged, "test") ?? value(summary, "test"),
        validation: value(averaged, "validation") ?? value(summary, "validation"), lastTest: value(summary, "test"),
        lastValidation: value(summary, "validation"), seconds: summary["seconds"]?["total"]?.number ?? 0, wallSeconds: wallSeconds,
        sharedBy: sharedBy, trajectory: trajectory, digest: try digest(summary, curves), summary: try CanonicalJSON.text(summary), directory: folder,
        startedAt: attempts.first?.startedAt ?? Timestamp.now(), endedAt: Timestamp.now()),
      attempts: stored(attempts, run), curves: curves, workload: run.workload)
  }

  /// - Parameter attempts: at least one.
  static func failed(_ run: PlannedRun, attempts: [RunAttempt], wallSeconds: Double, folder: String) -> ResultStore.Ended {
    let last = attempts.last
    return ResultStore.Ended(
      run: StoredRun(
        hash: run.identity.hash, cell: run.identity.cell, workload: run.workload.hash, domain: run.run.benchmark.domain,
        model: run.run.benchmark.model, dataset: run.run.benchmark.dataset, method: run.run.method, methodParts: run.methodParts,
        seed: run.run.seed, configuration: run.identity.configuration, dataSHA256: run.identity.data.text, code: run.identity.code,
        status: last?.status ?? .crashed, reason: last?.reason, attempts: attempts.count, seconds: wallSeconds, wallSeconds: wallSeconds,
        directory: folder, startedAt: attempts.first?.startedAt ?? Timestamp.now(), endedAt: Timestamp.now()),
      attempts: stored(attempts, run), curves: [], workload: run.workload)
  }

  private static func stored(_ attempts: [RunAttempt], _ run: PlannedRun) -> [StoredAttempt] {
    attempts.enumerated().map { $1.stored(run.identity.hash, number: $0 + 1) }
  }

  // MARK: Curves

  /// Every number of every line by its path, but for the epoch itself.
  private static func curves(_ file: String) -> [Curve] {
    guard let data = FileManager.default.contents(atPath: file) else { return [] }
    let lines = data.split(separator: 0x0A).compactMap { try? JSONDecoder().decode(JSONValue.self, from: $0) }
    var series: [String: [Double]] = [:]
    func add(_ value: JSONValue, _ path: String, _ index: Int) {
      if case .object(let object) = value {
        for (key, item) in object { add(item, path.isEmpty ? key : "\(path)/\(key)", index) }
      } else if let number = value.number {
        series[path, default: Array(repeating: .nan, count: lines.count)][index] = number
      }
    }
    for (index, line) in lines.enumerated() { add(line, "", index) }
    return series.sorted { $0.key < $1.key }.map { Curve(series: $0.key, values: $0.value) }
  }

  // MARK: Digest

  /// Of all that was computed: equal wherever and however fast the same came out.
  private static func digest(_ summary: JSONValue, _ curves: [Curve]) throws -> String {
    guard case .object(var object) = summary else { return try CanonicalJSON.sha256(summary) }
    // The data set's name may be a path; which data they were the hash of their files tells.
    for key in ["dataset", "seconds", "stepMilliseconds", "examplesPerSecond", "peakMemoryBytes", "versions", "shared"] { object[key] = nil }
    let points = curves.map { curve in "\(curve.series) \(curve.values.map { String($0.bitPattern, radix: 16) }.joined(separator: " "))" }
    return CanonicalJSON.sha256(try CanonicalJSON.text(.object(object)) + "\n" + points.joined(separator: "\n"))
  }
}
