import Optim
import PluginAPI
import Testing

/// More tensors and more elements than one batch of `ParameterBuffers` takes.
@Suite struct OptimizerBatchTests {
  private static let shapes = Array(repeating: [40_000], count: 3) + Array(repeating: [3], count: 300)

  @Test(arguments: OptimizerCase.all.filter(\.isSeparable))
  func everyBatchMakesItsStep(optimizer: OptimizerCase) throws {
    let model = try TestWeights(Self.shapes.enumerated().map { try noise($1, $0) })
    let rule = try optimizer.make(model.tensors())
    for step in 0..<2 {
      try setNoisyGradients(model, step)
      try rule.step(learningRate: 0.01)
    }
    for position in [0, 1, 2, 3, 150, Self.shapes.count - 1] {
      let alone = try TestWeights([noise(Self.shapes[position], position)])
      let other = try optimizer.make(alone.tensors())
      for step in 0..<2 {
        let gradient = try noise(Self.shapes[position], 1000 + 10 * step + position)
        try alone.setGradients([gradient + alone.weights[0].detached() * tableSlope])
        try other.step(learningRate: 0.01)
      }
      #expect(try relativeError(model.weights[position], alone.weights[0]) < 1e-6, "\(position)")
    }
  }

  @Test func theAscentIsOverAllTensors() throws {
    let model = try TestWeights(Self.shapes.enumerated().map { try noise($1, $0) }), before = try separateCopy(of: model)
    let rule = try #require(try OptimizerCase("sam:sgd").make(model.tensors()) as? any TwoPassRule)
    try setNoisyGradients(model, 0)
    try rule.ascend()
    let squares = try zip(model.weights, before.weights).reduce(0.0) {
      try $0 + ($1.0.detached() - $1.1.detached()).to(.float64).power(2).sum().item()
    }
    #expect(abs(squares.squareRoot() - 0.05) < 1e-4)
    try rule.descend()
    #expect(try model.bytes() == before.bytes())
  }
}
