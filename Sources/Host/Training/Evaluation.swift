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

  /// Mean loss and accuracy of the present weights.
  func metrics(_ part: Splits.Part) throws -> Metrics {
    try metrics(part) { batch, _ in try predict(batch) }
  }

  /// Mean loss and accuracy of predictions made elsewhere: one tensor a batch, in their order.
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

  private func predict(_ batch: PreparedBatch) throws -> Tensor {
    let prediction = try LibTorch.autocasting(to: precision.autocast, on: device) {
      try model.forward(batch, .evaluate).prediction
    }
    return precision == .float32 ? prediction : try prediction.to(.float32)
  }

  private func metrics(_ part: Splits.Part, _ prediction: (PreparedBatch, Int) throws -> Tensor) throws -> Metrics {
    var loss = 0.0, correct = 0.0
    var counts = false
    try LibTorch.withoutGradient {
      for (index, ids) in batches(part.ids).enumerated() {
        let batch = try dataset.batch(ids, of: part.split, augmentation: nil, device: device)
        let prediction = try prediction(batch, index)
        loss += try objective.loss(prediction, batch.target).item() * Double(ids.count)
        if let right = try objective.correct(prediction, batch.target) {
          counts = true
          correct += try right.item()
        }
      }
    }
    let n = Double(max(part.count, 1))
    return Metrics(loss: loss / n, accuracy: counts ? correct / n : nil)
  }

  func batches(_ ids: [Int]) -> [[Int]] { EpochOrder.batches(ids, size: batchSize) }
}
