import Optim
import PluginAPI

/// A model with fresh weights and what it takes to train it a few steps.
struct ModelTrial {
  let model: any LoadedModel
  let tensors: [NamedTensor]
  let parameters: [NamedTensor]
  let objective: Objective
  let random: Random

  init(_ entry: ModelEntry, _ settings: [String: String], _ data: ConformanceData, seed: UInt64) throws {
    model = try entry.make(settings, for: data.dataset)
    tensors = model.module.tensors()
    parameters = tensors.filter { $0.role == .parameter }
    objective = try Objective(data.dataset.task, LossOptions(), labels: nil, device: .cpu)
    random = Random(seed: seed)
    try model.module.initialize(random["init"])
  }

  func evaluate(_ batch: PreparedBatch) throws -> Tensor {
    try located { try LibTorch.withoutGradient { try model.forward(batch, .evaluate).prediction } }
  }

  /// The loss in a training pass with randomness of `step`.
  func loss(_ batch: PreparedBatch, _ step: Int) throws -> Tensor {
    let streams = random["step"][step]
    try LibTorch.seed(streams["libtorch"].key)
    return try located {
      try objective.trainingLoss(model.forward(batch, .train(RandomStream(streams["model"]))), batch.target)
    }
  }

  /// Leaves gradients in the parameters.
  @discardableResult
  func gradients(_ batch: PreparedBatch, _ step: Int) throws -> Double {
    let loss = try loss(batch, step)
    let value = try loss.item()
    try require(value.isFinite, "the loss of step \(step + 1) is \(value)")
    try loss.backward()
    return value
  }

  func clear() throws { for parameter in parameters { try parameter.clearGradient() } }

  /// One step as a run makes it, with the weights up to date behind it.
  func step(_ rule: any UpdateRule, _ batch: PreparedBatch, _ step: Int, rate: Double) throws {
    try gradients(batch, step)
    if let rule = rule as? any TwoPassRule {
      try rule.ascend()
      try clear()
      try gradients(batch, step)
    }
    try rule.step(learningRate: rate)
    try clear()
    try (rule as? any LaggingRule)?.settle()
  }

  /// The loss with statistics of the batch and without dropout, which is what a step lowers.
  func lossWithoutDropout(_ batch: PreparedBatch) throws -> Double {
    let collector = MomentCollector()
    collector.beginBatch(examples: batch.count)
    return try located {
      try LibTorch.withoutGradient {
        try objective.loss(model.forward(batch, .estimateStatistics(collector)).prediction, batch.target).item()
      }
    }
  }

  /// Estimates normalization statistics over some batches.
  func estimateStatistics(_ batches: [PreparedBatch]) throws {
    let collector = MomentCollector()
    try located {
      try LibTorch.withoutGradient {
        for batch in batches {
          collector.beginBatch(examples: batch.count)
          _ = try model.forward(batch, .estimateStatistics(collector))
        }
        try collector.finish()
      }
    }
  }

  /// Adam over single tensors: no table is left behind.
  func adam(in catalog: Catalog) throws -> any UpdateRule {
    try catalog.optimizer("\(Catalog.ownModule)/adam").make([:], parameters)
  }

  private func located<R>(_ body: () throws -> R) throws -> R {
    do { return try body() } catch let error as TensorError { throw ConformanceFailure("\(model.module.locating(error))") }
  }
}
