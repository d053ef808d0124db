import Foundation
import PluginAPI

/// `summary.json`.
enum RunSummary {
  static let version = "0.1.0"

  static func make(
    _ run: PreparedRun, history: RunHistory, watch: Stopwatch, stepTimes: [Double], step: Int, validation: Metrics?,
    test: Metrics?, selected: JSONValue, averaged: JSONValue, observed: JSONValue, averages: JSONValue
  ) throws -> JSONValue {
    let configuration = run.configuration
    let examples = Double(run.splits.train.count) * Double(step) / Double(run.length.stepsPerEpoch)
    let train = watch.seconds[.train] ?? 0
    let libtorch = try LibTorch.version()
    return [
      "domain": .string(configuration.domain), "model": .string(configuration.model),
      "dataset": .string(configuration.dataset), "method": .string(configuration.method),
      "optimizer": .string(configuration.optimizer), "schedule": .string(configuration.schedule),
      "averaging": .string(configuration.averaging),
      "seed": .int(configuration.seed), "epochs": .int(step / run.length.stepsPerEpoch), "steps": .int(step),
      "parameters": .int(run.parameterCount), "device": .string(configuration.device.description),
      "threads": .int(configuration.threads),
      "examples": [
        "train": .int(run.splits.train.count), "validation": JSONValue(run.splits.validation?.count),
        "test": JSONValue(run.splits.test?.count),
      ],
      "metric": JSONValue(run.dataset.mainMetric),
      "higherIsBetter": .bool(run.dataset.metrics.first?.isHigherBetter ?? true),
      "train": history.lastTrain?.json ?? .null, "validation": validation?.json ?? .null, "test": test?.json ?? .null,
      "selected": selected, "averaged": averaged, "observed": observed,
      "best": history.best.map { ["epoch": .int(history.bestEpoch), .init(configuration.monitor.rawValue): $0.json] } ?? .null,
      "stopped": JSONValue(history.stopReason),
      "seconds": watch.json.adding(["averages": averages]), "stepMilliseconds": milliseconds(stepTimes),
      "examplesPerSecond": JSONValue(train > 0 ? examples / train : nil),
      "peakMemoryBytes": .int(peakMemory()),
      "versions": [
        "basin": .string(version), "libtorch": .string(libtorch), "swift": .string(BuildStamp.compiler),
      ],
      "modules": .array(run.modules.map(\.json)),
      "data": ["sha256": JSONValue(try hash(run.dataset.files))],
    ]
  }

  /// Median and 90th percentile of the steps of this session, the first three left out.
  private static func milliseconds(_ times: [Double]) -> JSONValue {
    let sorted = times.dropFirst(3).sorted()
    func quantile(_ q: Double) -> Double? {
      guard !sorted.isEmpty else { return nil }
      let position = q * Double(sorted.count - 1)
      let low = Int(position)
      let high = min(low + 1, sorted.count - 1)
      return 1000 * (sorted[low] + (sorted[high] - sorted[low]) * (position - Double(low)))
    }
    return ["median": JSONValue(quantile(0.5)), "p90": JSONValue(quantile(0.9))]
  }

  private static func peakMemory() -> Int {
    var usage = rusage()
    #if os(Linux)
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      return Int(usage.ru_maxrss) * 1024
    #else
      getrusage(RUSAGE_SELF, &usage)
      return Int(usage.ru_maxrss)
    #endif
  }

  /// SHA-256 over the contents of the files the data came from, in their order; nil for generated data.
  static func hash(_ files: [String]) throws -> String? {
    guard !files.isEmpty else { return nil }
    let hash = SHA256Stream()
    for file in files {
      guard let handle = FileHandle(forReadingAtPath: file) else { throw BasinErrors.missingFile(file) }
      defer { try? handle.close() }
      while let chunk = try handle.read(upToCount: 1 << 20), !chunk.isEmpty { chunk.withUnsafeBytes { hash.update($0) } }
    }
    return hash.finish()
  }
}
