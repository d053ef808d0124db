import PluginAPI

/// Forward passes over a part of the data without training.
struct Evaluation {
  let dataset: any LoadedDataset
  let model: any LoadedModel
  let objective: Objective
  let device: Device
  /// Examples a batch; nil: all.
  let batchSize: Int?
  var precision = Precision.float32

  /// Mean loss, accuracy and the data set's own figures of the present weights; of the whole test split with those of
  /// further tests.
  func metrics(_ part: Splits.Part) throws -> Metrics {
    var result = try metrics(part) { batch, _ in try predict(batch) }
    guard part.split == .test, part.count == dataset.count(.test) else { return result }
    for test in dataset.furtherTests {
      result.further[test.name] = try metrics(Splits.Part(split: .test, ids: Array(test.ids))) { batch, _ in try predict(batch) }
    }
    return result
  }

  /// Those of predictions made elsewhere: one tensor a batch, in their order.
  func metrics(_ part: Splits.Part, of predictions: [Tensor]) throws -> Metrics {
    try metrics(part) { _, index in predictions[index] }
  }

  /// The probabilities each batch of the part is given by the present weights.
  func probabilities(_ part: Splits.Part) throws -> [Tensor] {
    try LibTorch.withoutGradient {
      try batches(part.ids).map { ids in
        let batch = try dataset.batch(ids, of: part.split, augmentation: nil, device: device)
        return try objective.probabilities(predict(batch))
      }
    }
  }

  /// What the present weights predict, float32.
  func predict(_ batch: PreparedBatch) throws -> Tensor {
    Heartbeat.beat()
    let prediction = try LibTorch.autocasting(to: precision.autocast, on: device) {
      try model.forward(batch, .evaluate).prediction
    }
    return precision == .float32 ? prediction : try prediction.to(.float32)
  }

  private func metrics(_ part: Splits.Part, _ prediction: (PreparedBatch, Int) throws -> Tensor) throws -> Metrics {
    let stated = dataset.metrics
    var kept = Predictions(objective.task, for: stated)
    var loss = 0.0, correct = 0.0, count = 0
    var counts = false
    try LibTorch.withoutGradient {
      for (index, ids) in batches(part.ids).enumerated() {
        let batch = try dataset.batch(ids, of: part.split, augmentation: nil, device: device)
        let prediction = try prediction(batch, index)
        loss += try objective.loss(prediction, batch.target).item() * Double(batch.predictions)
        count += batch.predictions
        if let right = try objective.correct(prediction, batch.target) {
          counts = true
          correct += try right.item()
        }
        if kept.isKeeping { try kept.add(prediction, batch.target) }
      }
    }
    let n = Double(max(count, 1))
    var result = Metrics(loss: loss / n, accuracy: counts ? correct / n : nil)
    kept.loss = result.loss
    for metric in stated where metric.name != Metric.accuracy.name { result.figures[metric.name] = metric(kept) }
    if let main = stated.first, main.name != Metric.accuracy.name, let value = result.figures[main.name] {
      result.score = main.isHigherBetter ? value : -value
    }
    return result
  }

  func batches(_ ids: [Int]) -> [[Int]] { EpochOrder.batches(ids, size: batchSize) }
}
