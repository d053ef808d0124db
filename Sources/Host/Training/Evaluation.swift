import PluginAPI

/// Forward passes over a part of the data without training.
struct Evaluation {
  let dataset: any LoadedDataset
  let model: any LoadedModel
  let objective: Objective
  let device: Device
  /// Examples a batch; nil: all.
  let batchSize: Int?

  /// Mean loss and accuracy of the present weights.
  func metrics(_ part: Splits.Part) throws -> Metrics {
    var loss = 0.0, correct = 0.0
    var counts = false
    try LibTorch.withoutGradient {
      for ids in batches(part.ids) {
        let batch = try dataset.batch(ids, of: part.split, augmentation: nil, device: device)
        let output = try model.forward(batch, .evaluate)
        loss += try objective.mainLoss(output.prediction, batch.target).item() * Double(ids.count)
        if let right = try objective.correct(output.prediction, batch.target) {
          counts = true
          correct += try right.item()
        }
      }
    }
    let n = Double(max(part.count, 1))
    return Metrics(loss: loss / n, accuracy: counts ? correct / n : nil)
  }

  /// Estimates the normalization statistics again from the training data without augmentation: the pooled moments of all
  /// batches. A model without such statistics is left alone.
  ///
  /// - Returns: whether there was anything to do.
  func updateStatistics(_ part: Splits.Part) throws -> Bool {
    guard model.module.tensors().contains(where: { $0.role == .statistic }) else { return false }
    let collector = MomentCollector()
    try LibTorch.withoutGradient {
      for ids in batches(part.ids) {
        let batch = try dataset.batch(ids, of: part.split, augmentation: nil, device: device)
        collector.beginBatch(examples: ids.count)
        _ = try model.forward(batch, .estimateStatistics(collector))
      }
      try collector.finish()
    }
    return true
  }

  func batches(_ ids: [Int]) -> [[Int]] { EpochOrder.batches(ids, size: batchSize) }
}

/// The order of examples within an epoch.
enum EpochOrder {
  /// Consecutive batches of `size`. A last batch of a single example goes to the one before: normalization by batch needs two.
  static func batches(_ ids: [Int], size: Int?) -> [[Int]] {
    guard let size, size < ids.count else { return ids.isEmpty ? [] : [ids] }
    return (0..<count(ids.count, size: size)).map { index in
      let last = index == count(ids.count, size: size) - 1
      return Array(ids[index * size..<(last ? ids.count : (index + 1) * size)])
    }
  }

  static func count(_ examples: Int, size: Int?) -> Int {
    guard let size, size < examples else { return 1 }
    let whole = (examples + size - 1) / size
    return examples % size == 1 && size > 1 ? whole - 1 : whole
  }

  /// The batches of one epoch: a permutation that depends on the seed and the epoch alone. A full batch keeps its order.
  static func training(_ ids: [Int], size: Int?, epoch: Int, _ random: Random) -> [[Int]] {
    guard let size, size < ids.count else { return [ids] }
    return batches(random["order"][epoch].permutation(ids.count).map { ids[$0] }, size: size)
  }
}
