import PluginAPI

/// One step: batch, forward, loss, backward, optimizer. What the loop and the step timer share.
final class TrainingStep {
  struct Result {
    let loss: Double
    /// How many predictions were right: a one-element tensor that has not been read; nil for regression.
    let correct: Tensor?
    /// Seconds for the batch, and for forward, backward and optimizer.
    let dataSeconds, trainSeconds: Double
  }

  let optimizer: any UpdateRule
  let schedule: any LearningRateCurve
  private let run: PreparedRun
  private let learningRate: Double
  private let parameters: [Tensor]

  init(_ run: PreparedRun, in catalog: Catalog) throws {
    self.run = run
    learningRate = run.configuration.learningRate
    optimizer = try catalog.optimizer(run.configuration.optimizer).make(run.configuration.section("optimizer"), run.parameters)
    schedule = try run.configuration.makeSchedule(catalog)
    parameters = run.parameters.map(\.tensor)
  }

  /// The learning rate of the step that starts after `step` steps.
  func rate(_ step: Int) -> Double { learningRate * schedule.factor(at: Progress(step: step, run: run.length)) }

  /// - Throws: `BasinError` naming the layer where an operation fails. A loss that is not finite is returned, the weights
  ///   then being as before.
  func callAsFunction(_ step: Int, _ ids: [Int]) throws -> Result {
    let streams = run.random["step"][step]
    let begin = Clock.now()
    let batch = try run.dataset.batch(
      ids, of: run.splits.train.split, augmentation: streams["augmentation"], device: run.configuration.device)
    let start = Clock.now()
    try LibTorch.seed(streams["libtorch"].key)
    let (value, correct) = try run.locatingErrors {
      let output = try run.model.forward(batch, .train(RandomStream(streams["model"])))
      let loss = try run.objective.loss(output, batch.target)
      let value = try loss.item()
      if value.isFinite { try loss.backward() }
      return (value, try run.objective.correct(output.prediction.detached(), batch.target))
    }
    if value.isFinite {
      try optimizer.step(learningRate: rate(step))
      for parameter in parameters { try parameter.clearGradient() }
    }
    return Result(loss: value, correct: correct, dataSeconds: start - begin, trainSeconds: Clock.now() - start)
  }
}
