import ArgumentParser
import PluginAPI

/// How normalization statistics are estimated again after weights were averaged: `--bn-update`.
public enum NormalizationUpdate: String, CaseIterable, Sendable, ExpressibleByArgument {
  /// One pass over the training data without augmentation, the moments of all batches pooled.
  case pooled
  /// What one training-mode pass over the calibration set as a single batch would give: each layer normalizes by the moments
  /// of the whole set, so that the size of batches has no part in it.
  case exact
  /// As the code of the SWA papers: training mode with dropout and augmentation, a running mean over batches.
  case reference
}

/// What an estimation pass did.
struct StatisticsPass {
  let examples, batches: Int
  /// Whether it ended early, because the statistics no longer moved.
  let hasSettled: Bool

  func json(_ mode: NormalizationUpdate) -> JSONValue {
    ["mode": .string(mode.rawValue), "examples": .int(examples), "batches": .int(batches), "settled": .bool(hasSettled)]
  }
}

/// Estimates normalization statistics for the present weights.
struct StatisticsUpdate {
  let mode: NormalizationUpdate
  /// Size of the calibration set of `exact`.
  let examples: Int
  /// The pass ends once three batches in a row moved no channel by more than this (standard deviations of the mean, parts
  /// of the variance); nil: never early. A single batch has nothing to settle.
  let tolerance: Double?

  private static let quietBatches = 3

  /// - Parameter random: which examples calibrate, and augmentation and dropout of `reference`.
  /// - Returns: nil for a model without such statistics, which is left alone.
  func callAsFunction(_ evaluation: Evaluation, _ part: Splits.Part, _ random: Random) throws -> StatisticsPass? {
    guard evaluation.model.module.tensors().contains(where: { $0.role == .statistic }) else { return nil }
    let batches = batches(evaluation, part, random)
    let collector = MomentCollector(mode == .reference ? .running : .pooled, tracksChange: tolerance != nil)
    var done = 0, seen = 0, quiet = 0
    try LibTorch.withoutGradient {
      for ids in batches {
        Heartbeat.beat()
        let streams = random["batch"][done]
        let isReference = mode == .reference
        let batch = try evaluation.dataset.batch(
          ids, of: part.split, augmentation: isReference ? streams["augmentation"] : nil, device: evaluation.device)
        collector.beginBatch(examples: ids.count, random: isReference ? RandomStream(streams["model"]) : nil)
        _ = try LibTorch.autocasting(to: evaluation.precision.autocast, on: evaluation.device) {
          try evaluation.model.forward(batch, .estimateStatistics(collector))
        }
        done += 1
        seen += ids.count
        guard let tolerance else { continue }
        quiet = collector.change <= tolerance ? quiet + 1 : 0
        if quiet == Self.quietBatches { break }
      }
      try collector.finish()
    }
    return StatisticsPass(examples: seen, batches: done, hasSettled: done < batches.count)
  }

  private func batches(_ evaluation: Evaluation, _ part: Splits.Part, _ random: Random) -> [[Int]] {
    switch mode {
    // In another order where the pass may end early: files are often sorted by class.
    case .pooled where tolerance != nil, .reference:
      EpochOrder.training(part.ids, size: evaluation.batchSize, epoch: 0, random)
    case .pooled: evaluation.batches(part.ids)
    case .exact:
      [examples >= part.count ? part.ids
        : random["calibration"].permutation(part.count).prefix(examples).sorted().map { part.ids[$0] }]
    }
  }
}

extension RunConfiguration {
  /// As this run estimates its statistics.
  var statisticsUpdate: StatisticsUpdate {
    StatisticsUpdate(mode: bnUpdate, examples: bnExamples, tolerance: bnTolerance)
  }
}
