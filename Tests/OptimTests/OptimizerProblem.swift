import PluginAPI
import Testing

/// The problems of Tests/Parity/make_optimizers.py.
enum OptimizerProblem: String, CaseIterable, Sendable {
  case quadratic, rosenbrock, network

  var tensors: [String] { self == .network ? ["0.weight", "0.bias", "2.weight", "2.bias"] : ["w"] }

  /// Where a fixture file says the problem begins; all files say the same.
  func start(_ fixture: [String: Tensor], _ type: String) throws -> TestWeights {
    try TestWeights(tensors.map { try #require(fixture["\(rawValue).\(type).initial.\($0)"]) })
  }

  /// Gives the parameters the gradients of the loss, in their own type.
  func setGradients(_ model: TestWeights, _ dtype: DType) throws {
    let w = model.weights
    switch self {
    case .quadratic:
      let a = try Tensor((0..<8).map { 0.5 + 0.25 * Double($0) }).to(dtype)
      let c = try FillingFormula.values("quadratic.c", [8]).to(dtype)
      try model.setGradients([a * (w[0].detached() - c)])
    case .rosenbrock:
      let point = try w[0].detached().to(.float64).values(Double.self)
      let d = point[1] - point[0] * point[0]
      try model.setGradients([Tensor([-2 * (1 - point[0]) - 400 * point[0] * d, 200 * d]).to(dtype)])
    case .network:
      for weight in w { try weight.clearGradient() }
      let x = try FillingFormula.values("network.input", [6, 4]).to(dtype)
      let hidden = try relu(linear(x, w[0], w[1]))
      try crossEntropy(linear(hidden, w[2], w[3]), FillingFormula.labels(6, classes: 3)).backward()
    }
  }
}

/// The types of the table, with the relative difference that is allowed after 100 steps.
enum TableType: String, CaseIterable, Sendable {
  case f32, f64
  var dtype: DType { self == .f32 ? .float32 : .float64 }
  var tolerance: Double { self == .f32 ? 1e-4 : 1e-6 }
}
