import PluginAPI
import Testing
import Text

/// Products of the transformer's Hessian with vectors.
@Suite("second derivatives of the transformer")
struct SecondDerivativeTests {
  private let target = [0, 1, 2, 0, 1] as [Int64]

  private func vectors(_ weights: [Tensor], _ seed: UInt64) throws -> [Tensor] {
    try weights.enumerated().map { index, weight in
      try Tensor(Random(seed: seed)[index].uniform(weight.count).map { 2 * $0 - 1 }, shape: weight.shape)
    }
  }

  private func product(_ a: [Tensor?], _ b: [Tensor]) throws -> Double {
    try zip(a, b).reduce(0) { try $0 + (#require($1.0) * $1.1).to(.float64).sum().item() }
  }

  private func loss(_ model: TransformerClassifier, _ input: TokenBatch, training: Bool = false) throws -> Tensor {
    let mode: Mode = training ? .train(RandomStream(Random(seed: 0))) : .evaluate
    return try crossEntropy(model(input, mode).prediction, Tensor(target))
  }

  private func hessianTimes(
    _ v: [Tensor], _ model: TransformerClassifier, _ input: TokenBatch, training: Bool = false
  ) throws -> [Tensor?] {
    let weights = model.tensors().map(\.tensor)
    let loss = try LibTorch.withSecondDerivatives { try self.loss(model, input, training: training) }
    let gradients = try loss.gradients(of: weights, createGraph: true)
    let sum = try zip(gradients, v).reduce(Tensor.zeros([])) { try $0 + (#require($1.0) * $1.1).sum() }
    return try sum.gradients(of: weights)
  }

  private func input(_ differing: Bool) throws -> TokenBatch {
    try ModelTransformerTests.batch(
      differing ? ModelTransformerTests.sentences(5, seed: 3) : (0..<5).map { [2, 10 + $0, 20 + $0, 30, 7] })
  }

  @Test(arguments: ["mean", "cls"], [false, true])
  func togetherIsAsAlone(pooling: String, training: Bool) throws {
    // Dropout draws other numbers for other rows.
    let model = try ModelTransformerTests.model(["pooling": pooling, "dropout": "0"])
    let weights = model.tensors(), sentences = ModelTransformerTests.sentences(5, seed: 3)
    let v = try vectors(weights.map(\.tensor), 1)
    let together = try hessianTimes(v, model, input(true), training: training)
    var alone: [Tensor]?
    for (row, sentence) in sentences.enumerated() {
      let mode: Mode = training ? .train(RandomStream(Random(seed: 0))) : .evaluate
      let loss = try LibTorch.withSecondDerivatives {
        try crossEntropy(model(ModelTransformerTests.batch([sentence]), mode).prediction, Tensor([target[row]])) * 0.2
      }
      let gradients = try loss.gradients(of: weights.map(\.tensor), createGraph: true)
      let sum = try zip(gradients, v).reduce(Tensor.zeros([])) { try $0 + (#require($1.0) * $1.1).sum() }
      let part = try sum.gradients(of: weights.map(\.tensor)).map { try #require($0) }
      alone = try alone.map { try zip($0, part).map { try $0 + $1 } } ?? part
    }
    for ((a, b), item) in zip(zip(together, try #require(alone)), weights) {
      #expect(try ParityTransformerTests.relativeError(#require(a), b) < 2e-5, "\(item.path)")
    }
  }

  @Test(arguments: [false, true])
  func differencesOfGradientsComeNear(differing: Bool) throws {
    let model = try ModelTransformerTests.model(["dropout": "0"]), input = try input(differing)
    let weights = model.tensors().map(\.tensor)
    // Along v = H u, which is no vector that the Hessian takes to nearly nothing.
    let u = try vectors(weights, 1)
    let along = try hessianTimes(u, model, input).map { try #require($0) }
    let length = try along.reduce(0.0) { try $0 + ($1 * $1).to(.float64).sum().item() }.squareRoot()
    let v = try along.map { try $0 * (1 / length) }
    let found = try hessianTimes(v, model, input)
    let step = 0.01
    func gradients(_ scale: Double) throws -> [Tensor] {
      for (weight, part) in zip(weights, v) { try weight.detached().add(part, scale: scale) }
      defer { for (weight, part) in zip(weights, v) { try? weight.detached().add(part, scale: -scale) } }
      // By the fused kernels.
      return try loss(model, input).gradients(of: weights).map { try #require($0) }
    }
    let expected = try zip(gradients(step), gradients(-step)).map { try ($0 - $1) * (1 / (2 * step)) }
    let error = try zip(found, expected).reduce(0.0) {
      try $0 + (#require($1.0) - $1.1).power(2).to(.float64).sum().item()
    }
    let size = try expected.reduce(0.0) { try $0 + $1.power(2).to(.float64).sum().item() }
    #expect((error / size).squareRoot() < 2e-3)
  }

  @Test(arguments: [false, true])
  func theHessianIsSymmetric(differing: Bool) throws {
    let model = try ModelTransformerTests.model(), input = try input(differing)
    let weights = model.tensors().map(\.tensor)
    let u = try vectors(weights, 1), v = try vectors(weights, 2)
    let uhv = try product(hessianTimes(v, model, input), u), vhu = try product(hessianTimes(u, model, input), v)
    #expect(abs(uhv) > 1e-3 && abs(uhv - vhu) < 1e-4 * abs(uhv))
  }
}
