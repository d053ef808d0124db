import Foundation
import PluginAPI
import Report
import ResultStore

/// A stored run as a report has it.
struct ReportRun {
  let document: ReportDocument.Run

  /// - Throws: `BasinError` for a summary that is no JSON.
  init(_ run: StoredRun, curves: RunCurves, folder: String) throws {
    // `JSONSerialization` reads ten thousand of them in a second, a decoder of one's own values in ten.
    let summary = try run.summary.map { text -> [String: Any] in
      guard let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
        throw BasinError.badData("the summary of run \(run.hash) is no JSON", file: folder)
      }
      return object
    }
    let averaged = Self.scores(summary?["averaged"])
    let seconds = summary?["seconds"] as? [String: Any]
    func number(_ key: String) -> Double { (seconds?[key] as? NSNumber)?.doubleValue ?? 0 }
    var observed: [String: ReportDocument.Run.Scores] = [:]
    for (name, scores) in summary?["observed"] as? [String: Any] ?? [:] { observed[name] = Self.scores(scores) }
    document = ReportDocument.Run(
      id: run.hash, workload: run.workload, method: run.method, seed: run.seed, status: Self.status(run.status), message: run.reason,
      attempts: run.attempts, counts: averaged == nil ? .last : .averaged, last: Self.scores(summary),
      selected: Self.scores(summary?["selected"]), averaged: averaged, observed: observed,
      seconds: seconds.map { _ in
        .init(
          total: run.seconds, train: number("train"), data: number("data"), evaluate: number("evaluate"), average: number("average"),
          bnUpdate: number("bnUpdate"))
      },
      peakMemoryBytes: (summary?["peakMemoryBytes"] as? NSNumber)?.intValue,
      // Training and data alone: the report bills evaluations and averages on top.
      curve: curves.points(of: run, seconds: seconds == nil ? nil : number("train") + number("data")), sharesTrajectoryOf: run.trajectory,
      command: run.directory.map { "basin train --config \(folder)/\($0)/config.yaml --out again" })
  }

  private static func status(_ status: RunStatus) -> ReportDocument.Run.Status {
    switch status {
    case .finished: .finished
    case .crashed, .refused: .failed
    case .timedOut, .stuck: .timedOut
    case .outOfMemory: .outOfMemory
    }
  }

  /// Figures of validation and test data; nil where there are neither.
  private static func scores(_ value: Any?) -> ReportDocument.Run.Scores? {
    guard let object = value as? [String: Any] else { return nil }
    func numbers(_ key: String) -> [String: Double] {
      (object[key] as? [String: Any] ?? [:]).compactMapValues { ($0 as? NSNumber)?.doubleValue }
    }
    let scores = ReportDocument.Run.Scores(validation: numbers("validation"), test: numbers("test"))
    return scores.validation.isEmpty && scores.test.isEmpty ? nil : scores
  }
}

/// The curves of many runs, thinned where they would be more than a report can show.
struct RunCurves {
  /// More points than this in all are thinned: a page of a hundred megabytes helps nobody.
  private static let most = 200_000

  private let steps, losses: [String: [Double]]
  private let monitored: [String: [String: [Double]]]
  private let thinning: Int

  init(_ store: ResultStore, of runs: [StoredRun]) throws {
    steps = try store.curves(series: "step")
    losses = try store.curves(series: "train/loss")
    var monitored: [String: [String: [Double]]] = [:]
    for metric in Set(runs.compactMap(\.metric)) {
      monitored[metric] = try store.curves(series: "validation/\(metric)")
    }
    self.monitored = monitored
    thinning = max(1, (steps.reduce(0) { $0 + $1.value.count } + Self.most - 1) / Self.most)
  }

  /// - Parameter seconds: of training and data, over the whole run.
  func points(of run: StoredRun, seconds: Double?) -> [ReportDocument.Run.CurvePoint] {
    guard let steps = steps[run.hash], let last = steps.last, last > 0 else { return [] }
    let losses = losses[run.hash] ?? [], values = run.metric.flatMap { monitored[$0]?[run.hash] } ?? []
    func value(_ list: [Double], _ index: Int) -> Double? { index < list.count && list[index].isFinite ? list[index] : nil }
    return steps.indices.compactMap { index in
      guard index % thinning == thinning - 1 || index == steps.count - 1 else { return nil }
      return .init(
        epoch: Double(index + 1), step: Int(steps[index]), seconds: seconds.map { $0 * steps[index] / last },
        trainLoss: value(losses, index), validation: value(values, index))
    }
  }
}
