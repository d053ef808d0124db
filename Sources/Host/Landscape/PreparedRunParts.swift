import PluginAPI

extension PreparedRun {
  /// At most `count` examples of a part, drawn at random: the first ones may all be of one class.
  func subset(_ part: Splits.Part, _ count: Int?, seed: Int) -> Splits.Part {
    guard let count, count < part.count else { return part }
    let order = Random(seed: UInt64(seed))["examples"].permutation(part.count).prefix(count).sorted()
    return Splits.Part(split: part.split, ids: order.map { part.ids[$0] })
  }

  func part(_ part: LandscapePlan.Part, examples: Int?, seed: Int) throws -> Splits.Part {
    let found = part == .train ? splits.train : part == .validation ? splits.validation : splits.test
    guard let found else {
      throw BasinError.usage(
        "there are no \(part.rawValue) examples",
        advice: "Choose another --part: the run may have had --validation-fraction 0")
    }
    return subset(found, examples, seed: seed)
  }

  /// Estimates the normalization statistics of the present weights; a model without any is left alone.
  func reestimateStatistics(_ part: Splits.Part) throws {
    _ = try StatisticsUpdate(mode: .pooled, examples: part.count, tolerance: nil)(evaluation, part, random["statistics"])
  }

  /// The training loss over `part` in evaluation mode (statistics fixed, dropout off) as a function of the parameters.
  func lossFunction(_ part: Splits.Part) -> LossFunction {
    LossFunction(
      parameters.map(\.tensor),
      evaluation.batches(part.ids).map { ids in
        LossFunction.Batch(examples: ids.count) { [self] in
          let batch = try dataset.batch(ids, of: part.split, augmentation: nil, device: configuration.device)
          return try objective.loss(model.forward(batch, .evaluate).prediction, batch.target)
        }
      })
  }
}

extension WeightsOptions {
  init(path: String, weights: String, data: RunDataOptions, plugins: [String]) {
    self.init()
    self.path = path
    self.weights = weights
    self.data = data
    self.plugins = PluginOptions(plugins)
  }
}
