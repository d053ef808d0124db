import Optim
import PluginAPI

/// The weights of a run in their different forms: as they are trained, as they are evaluated, averaged.
struct ModelState {
  let run: PreparedRun
  /// The rule, where it evaluates other weights than it trains.
  let switching: (any SwitchingRule)?

  init(run: PreparedRun, rule: any UpdateRule) {
    self.run = run
    switching = (rule as? any SwitchingRule).flatMap { $0.switchesWeights ? $0 : nil }
  }

  /// Writes an average into the parameters.
  func assign(_ values: [Tensor]) throws { try loadAverage(values, into: run.parameters) }

  /// Re-estimates normalization statistics for the present weights.
  ///
  /// - Parameter moment: distinguishes the passes of a run, for what is random in them.
  @discardableResult
  func updateStatistics(_ moment: Int) throws -> StatisticsPass? {
    let update = run.configuration.statisticsUpdate
    return try run.locatingErrors { try update(run.evaluation, run.splits.train, run.random["statistics"][moment]) }
  }

  /// Runs `body` with the weights a switching rule evaluates; others are as they are.
  func withEvaluationWeights<R>(_ body: () throws -> R) throws -> R {
    guard let switching else { return try body() }
    try switching.useEvaluationWeights()
    let result: R
    do { result = try body() } catch {
      try switching.useTrainingWeights()
      throw error
    }
    try switching.useTrainingWeights()
    return result
  }

  /// Runs `body`, then puts every tensor of the model back as it was.
  func restoringTensors<R>(_ body: () throws -> R) throws -> R {
    let before = try run.copyTensors()
    defer { for (target, old) in zip(run.tensors, before) { try? target.tensor.copy(from: old.tensor) } }
    return try body()
  }
}
