import PluginAPI

/// Predicts examples with the weights of a run.
struct Predictor {
  let run: PreparedRun
  /// Examples a batch where the run took all at once.
  private static let batchSize = 256

  /// - Throws: `BasinError` of kind usage where the run's task has no predictions of examples.
  init(_ run: PreparedRun) throws {
    if case .nextToken = run.objective.task {
      throw BasinError.usage(
        "the run predicts the next token of a text; there is no label to predict", advice: "Give a run on labelled examples")
    }
    self.run = run
  }

  /// Examples without labels.
  func callAsFunction(_ examples: PreparedExamples) throws -> PredictedExamples {
    var values: [Float] = []
    for ids in batches(Array(0..<examples.count)) {
      values += try predict(examples.batch(ids, device: run.configuration.device))
    }
    return try PredictedExamples(
      task: run.objective.task, names: examples.names ?? (0..<examples.count).map(String.init),
      classNames: run.dataset.classNames, values: values)
  }

  /// Examples of the run's own data, beside the truth.
  func callAsFunction(_ part: Splits.Part) throws -> PredictedExamples {
    var values: [Float] = [], truth: [String] = []
    let names = run.dataset.classNames
    for ids in batches(part.ids) {
      let batch = try run.dataset.batch(ids, of: part.split, augmentation: nil, device: run.configuration.device)
      values += try predict(batch)
      switch run.objective.task {
      case .classification:
        truth += try batch.target.to(.cpu).values(Int64.self).map { names.indices.contains(Int($0)) ? names[Int($0)] : "\($0)" }
      case .multiLabel(let width), .regression(let width):
        let targets = try batch.target.to(.float32).to(.cpu).values(Float.self)
        truth += ids.indices.map { row in targets[row * width..<(row + 1) * width].map { "\($0)" }.joined(separator: " ") }
      case .nextToken: break
      }
    }
    return try PredictedExamples(
      task: run.objective.task, names: part.ids.map(String.init), classNames: names, values: values, truth: truth)
  }

  private func batches(_ ids: [Int]) -> [[Int]] {
    EpochOrder.batches(ids, size: run.configuration.batchSize ?? Self.batchSize)
  }

  /// Probabilities or values, `[N, outputs]`.
  private func predict(_ batch: PreparedBatch) throws -> [Float] {
    try run.locatingErrors {
      try LibTorch.withoutGradient {
        try run.objective.probabilities(run.evaluation.predict(batch)).to(.float32).to(.cpu).values(Float.self)
      }
    }
  }
}
