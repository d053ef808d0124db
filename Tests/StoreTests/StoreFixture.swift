import Foundation
import ResultStore

/// A folder of a test's own with files of results in it.
final class StoreFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "basin-store-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }
}

/// Made-up runs that say who they are.
enum Made {
  static let environment = StoredEnvironment(
    machine: "box", system: "Linux", cpu: "CPU", cores: 2, memoryBytes: 1 << 30, basin: "0.1.0", code: "0.1.0+c", libtorch: "2.13.0",
    swift: "6.3", modules: [.init(name: "graph", version: "1", origin: "bundled", sha256: "g")])

  static func run(
    _ number: Int, status: RunStatus = .finished, digest: String? = nil, cell: String? = nil, ended: String = "2026-01-01T00:00:00Z",
    epochs: Int = 3
  ) -> ResultStore.Ended {
    let hash = String(format: "%064x", number)
    let domain = ["graph", "text", "vision"][number % 3]
    return ResultStore.Ended(
      run: StoredRun(
        hash: hash, cell: cell ?? "cell \(number)", workload: "w\(number % 12)", domain: domain, model: "model \(number % 4)",
        dataset: "data \(number % 5)", method: number % 2 == 0 ? "backbone" : "swa", seed: number / 12,
        configuration: #"{"threads":"1"}"#, dataSHA256: "d", code: "0.1.0+c", status: status,
        reason: status == .finished ? nil : "it \(status.rawValue)", attempts: status == .finished ? 1 : 2, metric: "accuracy",
        test: Double(number) / 100_000, seconds: 1, wallSeconds: 0.5, sharedBy: 2, digest: digest ?? "digest \(number)",
        summary: #"{"averaged":{"test":{"f1":0.\#(number % 97)}},"test":{"accuracy":0.5}}"#, directory: "runs/\(number)",
        startedAt: ended, endedAt: ended),
      attempts: [StoredAttempt(run: hash, number: 1, status: status, seconds: 1, peakMemoryBytes: 1 << 20, startedAt: ended)],
      curves: [
        Curve(series: "validation/accuracy", values: (0..<epochs).map { Double($0) / Double(number + 1) }),
        Curve(series: "train/loss", values: [.nan, .infinity, -0.0]),
      ],
      workload: StoredWorkload(
        hash: "w\(number % 12)", domain: domain, model: "model \(number % 4)", dataset: "data \(number % 5)", document: "{}"))
  }
}
