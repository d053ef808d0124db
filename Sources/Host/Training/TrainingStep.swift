import Optim
import PluginAPI

/// One step: batches, forward, loss, backward, optimizer. What the loop and the step timer share.
final class TrainingStep {
  struct Result {
    /// Examples or, where the next token is predicted, tokens that the loss is the mean of.
    let predictions: Int
    let loss: Double
    /// How many predictions were right: a one-element tensor that has not been read; nil for regression.
    let correct: Tensor?
    /// Seconds waited for the batch, and for forward, backward and optimizer.
    let dataSeconds, trainSeconds: Double
    /// What is not finite, if anything: the weights are then as before the step.
    let failure: String?
  }

  let rule: any UpdateRule
  private let twoPassRule: (any TwoPassRule)?
  let schedule: any LearningRateCurve
  private(set) var scaler: LossScaler?
  private let run: PreparedRun
  private let learningRate: Double
  private let parameters: [NamedTensor]
  private let buffers: [NamedTensor]
  private let clipping: GradientClipping
  private let queue: BatchQueue

  init(_ run: PreparedRun, in catalog: Catalog) throws {
    self.run = run
    let configuration = run.configuration
    learningRate = configuration.learningRate
    rule = try OptimizerChain(configuration.optimizer, in: catalog)
      .make(configuration.section("optimizer"), run.parameters, configuration.parameterGroups)
    twoPassRule = rule as? any TwoPassRule
    schedule = try configuration.makeSchedule(catalog)
    try schedule.check(run.length)
    parameters = run.parameters
    buffers = run.buffers
    clipping = GradientClipping(options: try configuration.gradient)
    scaler = configuration.precision == .fp16 ? LossScaler() : nil
    let makers = BatchMaker(run)
    queue = BatchQueue(
      steps: run.length.steps, threads: configuration.dataThreads,
      automaticThreads: configuration.device != .cpu ? configuration.threads : configuration.threads > 1 ? 1 : 0,
      make: makers.batches)
  }

  /// Without the sign that NaN may have.
  private static func text(_ value: Double) -> String { value.isNaN ? "nan" : "\(value)" }

  /// Takes up the loss scale of a checkpoint.
  func restoreScaler(_ json: JSONValue?) { if scaler != nil, let json { scaler = LossScaler(json: json) } }

  /// The learning rate of the step that starts after `step` steps.
  func rate(_ step: Int) -> Double { learningRate * schedule.factor(at: Progress(step: step, run: run.length)) }

  /// - Parameter update: makes the optimizer's step at the rate given; nil: just that.
  /// - Throws: `BasinError` naming the layer where an operation fails.
  func callAsFunction(_ step: Int, update: ((Double) throws -> Void)? = nil) throws -> Result {
    let streams = run.random["step"][step]
    let begin = Clock.now()
    let batches = try queue.batches(step)
    let start = Clock.now()
    func result(_ loss: Double, _ correct: Tensor?, failure: String? = nil) -> Result {
      let working = Clock.now() - start
      queue.note(waiting: start - begin, working: working)
      return Result(
        predictions: batches.reduce(0) { $0 + $1.batch.predictions }, loss: loss, correct: correct, dataSeconds: start - begin,
        trainSeconds: working, failure: failure)
    }

    let (loss, correct) = try gradients(batches, streams)
    guard loss.isFinite else { return result(loss, correct, failure: "the loss became \(Self.text(loss))") }
    var isUsable = try scaler?.unscale(parameters) ?? true
    if isUsable, let rule = twoPassRule {
      let before = try buffers.map { try $0.tensor.clone() }
      try rule.ascend()
      try clearGradients()
      let (ascended, _) = try gradients(batches, streams)
      // The statistics of a normalization layer are those of the weights, not of a point beside them.
      for (buffer, value) in zip(buffers, before) { try buffer.tensor.copy(from: value) }
      guard ascended.isFinite else {
        try rule.descend()
        return result(ascended, correct, failure: "the loss at the ascended weights became \(Self.text(ascended))")
      }
      isUsable = try scaler?.unscale(parameters) ?? true
      if !isUsable { try rule.descend() }
    }
    if isUsable {
      if let norm = try clipping(parameters), !norm.isFinite {
        try twoPassRule?.descend()
        return result(loss, correct, failure: "the norm of the gradients became \(Self.text(norm))")
      }
      if let update { try update(rate(step)) } else { try rule.step(learningRate: rate(step)) }
    }
    try clearGradients()
    return result(loss, correct)
  }

  /// Leaves the gradient of the mean loss over all batches in the parameters.
  private func gradients(_ batches: StepBatches, _ streams: Random) throws -> (loss: Double, correct: Tensor?) {
    try LibTorch.seed(streams["libtorch"].key)
    var total = 0.0
    var correct: Tensor?
    for (index, (batch, share)) in batches.enumerated() {
      let random = RandomStream(BatchMaker.stream(streams, index)["model"])
      let (value, right) = try run.locatingErrors {
        let (output, loss) = try LibTorch.recordingForBackward {
          try LibTorch.autocasting(to: run.configuration.precision.autocast, on: run.configuration.device) {
            let output = try run.model.forward(batch, .train(random))
            return (output, try run.objective.trainingLoss(output, batch.target))
          }
        }
        let value = try loss.item()
        if value.isFinite {
          let scale = (scaler?.scale ?? 1) * share
          if scale == 1 { try loss.backward() } else { try (loss * scale).backward() }
        }
        return (value, try run.objective.correct(output.prediction.detached(), batch.target))
      }
      total += value * share
      if let sum = correct, let right { correct = try sum + right } else { correct = right }
      if !value.isFinite { break }
    }
    return (total, correct)
  }

  func clearGradients() throws { for parameter in parameters { try parameter.clearGradient() } }

  /// Brings weights up to date that steps left behind: before anything but a step reads or writes weights.
  func settle() throws { try (rule as? any LaggingRule)?.settle() }
}

/// Makes the batches of a run's steps.
private final class BatchMaker {
  private let run: PreparedRun
  /// The examples of each step of the epoch that was asked for last.
  private var order: (epoch: Int, steps: [[Int]])?

  init(_ run: PreparedRun) { self.run = run }

  /// The random streams of a step's batch: a step of one batch has those of the step itself.
  static func stream(_ streams: Random, _ index: Int) -> Random { index == 0 ? streams : streams["batch"][index] }

  func batches(_ step: Int) throws -> StepBatches {
    let configuration = run.configuration
    let epoch = step / run.length.stepsPerEpoch
    if order?.epoch != epoch {
      order = (
        epoch,
        EpochOrder.training(
          run.splits.train.ids, size: configuration.examplesPerStep, epoch: epoch, run.random, lengths: run.lengths)
      )
    }
    guard let ids = order?.steps[step % run.length.stepsPerEpoch] else { return [] }
    let streams = run.random["step"][step]
    return try EpochOrder.batches(ids, size: configuration.batchSize).enumerated().map { index, part in
      let batch = try run.dataset.batch(
        part, of: run.splits.train.split, augmentation: Self.stream(streams, index)["augmentation"],
        device: configuration.device)
      return (batch: batch, share: part.count == ids.count ? 1 : Double(part.count) / Double(ids.count))
    }
  }
}
