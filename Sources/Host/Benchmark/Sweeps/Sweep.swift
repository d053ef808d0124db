import Foundation
import PluginAPI
import Statistics

/// Runs the rungs of a sweep as benchmarks whose methods are the trials, and chooses by validation.
///
/// Test data have no part in the choice: the test figures of the chosen trial are looked up when it is chosen.
struct Sweep {
  let plan: SweepPlan
  /// What every trial has in common: `train`'s flags.
  let base: RunRequest
  let configuration: RunConfiguration
  let seeds: Int
  let jobs: Int
  let threads: Int

  /// What a trial came to in a rung.
  struct Score {
    let trial: SweepPlan.Trial
    /// By seed; a failed run has none.
    var validation: [Double] = []
    var test: [Double] = []
    var seconds = 0.0
    var failures: [String] = []
    var metric = "accuracy"
    var isHigherBetter = true

    var mean: Double? { validation.isEmpty || !failures.isEmpty ? nil : SampleStatistics(validation).mean }
  }

  /// The plan of one rung.
  func benchmark(_ trials: [SweepPlan.Trial], epochs: Int) throws -> BenchmarkPlan {
    let own: Set<RunRequest.Key> = [.domain, .model, .dataset, .method, .epochs, .batchSize, .learningRate, .seed, .threads, .dataRoot]
    var variants: [String: BenchmarkPlan.Variant] = [:]
    for trial in trials {
      var variant = BenchmarkPlan.Variant(method: configuration.method)
      for pair in trial.values {
        if pair[0].contains(".") { variant.settings[pair[0]] = pair[1] } else { variant.parts[pair[0]] = pair[1] }
      }
      variants[trial.name] = variant
    }
    let parts = base.values.filter { !own.contains($0.key) }.map { ($0.key.rawValue, $0.value) }
    let item = BenchmarkPlan.Case(
      domain: configuration.domain, model: configuration.model, dataset: configuration.dataset, epochs: epochs,
      batchSize: configuration.batchSize.map { "\($0)" } ?? "all", learningRate: configuration.learningRate, seeds: seeds,
      settings: base.settings, parts: parts.isEmpty ? nil : Dictionary(uniqueKeysWithValues: parts), label: "\(epochs)ep")
    return BenchmarkPlan(
      cases: [item], methods: trials.map(\.name), variants: variants, jobs: jobs, threads: threads, dataRoot: configuration.dataRoot,
      plugins: base.plugins)
  }

  /// - Returns: the scores of each rung, the best first.
  func run(_ engine: BenchmarkEngine, said: (Int, SweepPlan.Rung) -> Void) throws -> [[Score]] {
    var trials = plan.trials
    var result: [[Score]] = []
    for (index, rung) in plan.rungs.enumerated() {
      trials = Array(trials.prefix(rung.count))
      said(index, rung)
      let scores = scores(trials, try engine.run(benchmark(trials, epochs: rung.epochs)))
      if let why = scores.first(where: { $0.validation.isEmpty && $0.failures.isEmpty }) {
        throw BasinError.usage(
          "a sweep chooses by validation, and there is none (\(why.trial.text))", advice: "Leave --validation-fraction above 0")
      }
      result.append(scores)
      trials = scores.filter { $0.mean != nil }.map(\.trial)
      guard !trials.isEmpty else { break }
    }
    return result
  }

  private func scores(_ trials: [SweepPlan.Trial], _ result: BenchmarkEngine.Result) -> [Score] {
    var scores = Dictionary(uniqueKeysWithValues: trials.map { ($0.name, Score(trial: $0)) })
    for (run, outcome) in zip(result.runs, result.outcomes) {
      let name = run.run.method
      switch outcome {
      case .failed(let failure): scores[name]?.failures.append("seed \(run.run.seed): \(failure.words)")
      case .finished(let summary):
        let metric = BenchmarkResults.metric(summary)
        scores[name]?.metric = metric
        if case .bool(let isHigher)? = summary["higherIsBetter"] { scores[name]?.isHigherBetter = isHigher }
        func value(_ part: String) -> Double? { summary["averaged"]?[part]?[metric]?.number ?? summary[part]?[metric]?.number }
        if let validation = value("validation") { scores[name]?.validation.append(validation) }
        if let test = value("test") { scores[name]?.test.append(test) }
        scores[name]?.seconds += summary["seconds"]?["total"]?.number ?? 0
      }
    }
    // Of two that are equal the one that was planned first: the order is the same in every call.
    return trials.enumerated().compactMap { index, trial in scores[trial.name].map { (index, $0) } }.sorted { a, b in
      guard let x = a.1.mean, let y = b.1.mean else { return a.1.mean != nil || (b.1.mean == nil && a.0 < b.0) }
      return x == y ? a.0 < b.0 : a.1.isHigherBetter ? x > y : x < y
    }.map(\.1)
  }
}
