import Optim
import PluginAPI
import Testing

/// Every optimizer against the formulas of its paper.
@Suite struct OptimizerTwinTests {
  @Test(arguments: OptimizerCase.all, OptimizerProblem.allCases)
  func hundredStepsMatchTheFormulas(optimizer: OptimizerCase, problem: OptimizerProblem) throws {
    let (tensors, _) = try Fixture.tensors("optimizers")
    // Plain steps in the narrow valley of Rosenbrock's function would fly off at the rates of the others.
    let isPlain = optimizer.parts.last == "sgd" || optimizer.name == "schedule-free-sgd"
    let rate = problem == .rosenbrock && isPlain ? 0.0002 : 0.01
    // In float64: what the formulas are applied to.
    let truth = try problem.start(tensors, "f64")
    let slow = try optimizer.slowTwin(truth.weights.map(\.shape))
    var weights = try truth.weights.map { try $0.detached().values(Double.self) }
    func gradients(_ weights: [Numbers]) throws -> [Numbers?] {
      for (tensor, numbers) in zip(truth.weights, weights) {
        try tensor.copy(from: Tensor(numbers, shape: tensor.shape))
      }
      try problem.setGradients(truth, .float64)
      return try truth.weights.map { try $0.gradient()?.values(Double.self) }
    }
    let models = try TableType.allCases.map { try problem.start(tensors, $0.rawValue) }
    let rules = try models.map { try optimizer.make($0.tensors()) }
    for step in 1...100 {
      try slow.step(&weights, rate: rate, gradients: gradients)
      for ((model, rule), type) in zip(zip(models, rules), TableType.allCases) {
        try takeStep(rule, rate: rate) { try problem.setGradients(model, type.dtype) }
        guard [1, 2, 10, 100].contains(step) else { continue }
        for (tensor, expected) in zip(model.weights, weights) {
          let error = try relativeError(tensor, Tensor(expected, shape: tensor.shape))
          #expect(error < type.tolerance, "\(type) step \(step)")
        }
      }
    }
  }

  /// In both layouts, where parameters miss steps: one always, one at first, one now and then.
  @Test(arguments: OptimizerCase.all, [false, true])
  func missingGradientsAreAsInTheFormulas(optimizer: OptimizerCase, channelsLast: Bool) throws {
    let missing: (Int) -> Set<Int> = { step in
      Set([1] + (step == 0 ? [0] : []) + (step % 3 == 1 ? [2] : []))
    }
    let model = try tableWeights(channelsLast: channelsLast)
    let before = try model.bytes()
    let slow = try optimizer.slowTwin(tableShapes)
    var weights = try model.weights.map { try $0.detached().to(.float64).values(Double.self) }
    let rule = try optimizer.make(model.tensors())
    for step in 0..<20 {
      try slow.step(&weights, rate: tableRate(step)) { weights in
        try weights.enumerated().map { position, w in
          guard !missing(step).contains(position) else { return nil }
          let decree = try noise(tableShapes[position], 1000 + 10 * step + position, .float64).values(Double.self)
          return elementwise(decree, w) { $0 + tableSlope * $1 }
        }
      }
      try takeStep(rule, rate: tableRate(step)) { try setNoisyGradients(model, step, missing: missing(step)) }
    }
    #expect(model.weights[2].isContiguous != channelsLast)
    #expect(try model.bytes()[1] == before[1])
    for (tensor, expected) in zip(model.weights, weights) {
      #expect(try relativeError(tensor, Tensor(expected, shape: tensor.shape)) < 2e-5)
    }
  }

  @Test func biasesAreNotScaledByASAM() throws {
    let layer = try Linear(3, 2)
    for (position, tensor) in layer.tensors().map(\.tensor).enumerated() {
      try tensor.copy(from: noise(tensor.shape, position))
    }
    let asam = OptimizerCase("asam:sgd", ["rho": "0.5"])
    let parameters = layer.tensors()
    #expect(parameters.map(\.path) == ["weight", "bias"])
    let slow = try asam.slowTwin(parameters.map(\.tensor.shape), biases: [1])
    var weights = try parameters.map { try $0.tensor.detached().to(.float64).values(Double.self) }
    let rule = try asam.make(parameters)
    func loss() throws -> Tensor {
      // Gradient w: half the sum of squares.
      try parameters.reduce(try Tensor(scalar: Float(0))) { try $0 + ($1.tensor * $1.tensor).sum() * 0.5 }
    }
    for _ in 0..<5 {
      try slow.step(&weights, rate: 0.1) { $0 }
      try takeStep(rule, rate: 0.1) {
        for parameter in parameters { try parameter.tensor.clearGradient() }
        try loss().backward()
      }
    }
    for (parameter, expected) in zip(parameters, weights) {
      #expect(try relativeError(parameter.tensor, Tensor(expected, shape: parameter.tensor.shape)) < 1e-5)
    }
  }
}
