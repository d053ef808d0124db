import PluginAPI

/// Brings what a network gives to the units of the target: prediction deviation + mean, by output. Nothing is done to classes.
///
/// A network whose outputs start around 0 with deviation 1 then starts around the targets, whatever they measure, and loss, metrics
/// and predictions are in their units. Optimizers that divide by the size of gradients (Adam and its kin) make the same steps as with
/// standardized targets; plain SGD needs a rate smaller by the square of the deviation.
struct TargetScale: Sendable {
  private let outputs: [TableBatch.Scale]

  init(_ shape: TableBatch.Shape, _ task: Task) throws {
    switch task {
    case .nextToken: throw BasinError.usage("models of tables cannot learn the next token")
    case .regression(let count) where !shape.outputs.isEmpty && shape.outputs.count != count:
      throw BasinError.internalError("\(shape.outputs.count) scales do not fit \(count) outputs")
    case .regression: outputs = shape.outputs
    case .classification, .multiLabel: outputs = []
    }
  }

  func callAsFunction(_ prediction: Tensor) throws -> Tensor {
    guard !outputs.isEmpty else { return prediction }
    func row(_ values: [Double]) throws -> Tensor {
      try Tensor(values, shape: [1, values.count]).to(prediction.dtype).to(prediction.device)
    }
    return try prediction * row(outputs.map(\.deviation)) + row(outputs.map(\.mean))
  }
}

/// - Throws: `BasinError` of kind usage for a table without a column to read.
func requireColumns(_ shape: TableBatch.Shape, of model: String) throws {
  guard shape.numbers + shape.categories.count > 0 else { throw BasinError.usage("model \(model) needs at least one column") }
}
