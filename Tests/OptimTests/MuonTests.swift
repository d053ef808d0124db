import Optim
import PluginAPI
import Testing

@Suite struct MuonTests {
  private func step(_ starts: [Tensor], _ settings: [String: String] = [:], steps: Int = 5) throws -> TestWeights {
    let model = try TestWeights(starts)
    let rule = try OptimizerCase("muon", settings).make(model.tensors())
    for step in 0..<steps {
      // Gradients by the elements' order alone, whatever the shape.
      try model.setGradients(
        model.weights.enumerated().map { try noise([$1.count], 50 + 10 * step + $0).reshaped($1.shape) })
      try rule.step(learningRate: 0.1)
    }
    return model
  }

  @Test func filtersAreMatricesOfOneRowAnOutput() throws {
    let filter = try noise([4, 3, 2, 2], 1)
    for start in [filter, try filter.channelsLast()] {
      let matrix = try step([filter.reshaped([4, 12])]), four = try step([start])
      #expect(try relativeError(four.weights[0].detached().reshaped([4, 12]), matrix.weights[0]) < 1e-5)
    }
    // Without `filters` they take AdamW's steps, as a vector does.
    let vector = try step([filter.reshaped([48])]), plain = try step([filter], ["filters": "false"])
    #expect(try plain.weights[0].detached().reshaped([48]).bytes() == vector.weights[0].detached().bytes())
  }

  @Test(arguments: [[6, 4], [4, 6], [5, 5]])
  func aStepHasSingularValuesNearOne(shape: [Int]) throws {
    let start = try noise(shape, 1, .float64)
    for (precision, low, high) in [("weights", 0.6, 1.25), ("bfloat16", 0.55, 1.3)] {
      let model = try step([start], ["weightDecay": "0", "adjust": "original", "precision": precision], steps: 1)
      let factor = max(1, Double(shape[0]) / Double(shape[1])).squareRoot()
      let direction = try (start - model.weights[0].detached()) * (1 / (0.1 * factor))
      let singular = try Operator("aten::linalg_svdvals")(.tensor(direction)).values(Double.self)
      #expect(singular.allSatisfy { (low...high).contains($0) }, "\(precision) \(singular)")
    }
  }

  @Test func bfloat16IsAnotherRounding() throws {
    let start = try noise([6, 4], 1, .float64)
    let exact = try step([start], steps: 1), rounded = try step([start], ["precision": "bfloat16"], steps: 1)
    let error = try relativeError(
      rounded.weights[0].detached() - start, exact.weights[0].detached() - start)
    #expect(1e-4 < error && error < 0.08)
  }

  @Test func oddShapesAreTaken() throws {
    let shapes = [[0, 3], [3, 0], [1, 4], [4, 1], [], [1, 1], [2, 3, 4]]
    let model = try step(shapes.enumerated().map { try noise($1, $0) })
    for weight in model.weights { #expect(try weight.isFinite()) }
  }

  @Test func zeroGradientsOnlyDecay() throws {
    let model = try TestWeights([noise([3, 4], 1)]), start = try separateCopy(of: model)
    let rule = try OptimizerCase("muon").make(model.tensors())
    try model.setGradients([Tensor.zeros([3, 4])])
    try rule.step(learningRate: 0.1)
    #expect(try relativeError(model.weights[0], start.weights[0].detached() * 0.99) < 1e-6)
  }
}
