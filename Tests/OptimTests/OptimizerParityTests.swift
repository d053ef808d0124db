import Foundation
import Optim
import PluginAPI
import Testing

private struct Configuration: Decodable {
  var kind: String
  var momentum, weight_decay, eps: Double?
  var nesterov: Bool?
  var betas: [Double]?

  func optimizer(_ parameters: [NamedTensor], fused: Bool) throws -> any UpdateRule {
    switch kind {
    case "sgd":
      var options = SGDOptions()
      options.momentum = momentum ?? 0
      options.nesterov = nesterov ?? false
      options.weightDecay = weight_decay ?? 0
      return try SGD(options, parameters: parameters, fused: fused)
    case "adam": return try adam(PenaltyDecay.self, parameters, fused)
    default: return try adam(DecoupledDecay.self, parameters, fused)
    }
  }

  private func adam<D: AdamDecay>(_ decay: D.Type, _ parameters: [NamedTensor], _ fused: Bool) throws -> any UpdateRule {
    var options = AdamOptions<D>()
    options.beta1 = betas?[0] ?? 0.9
    options.beta2 = betas?[1] ?? 0.999
    options.epsilon = eps ?? 1e-8
    options.weightDecay = weight_decay ?? 0
    return try AdamOptimizer<D>(options, parameters: parameters, fused: fused)
  }
}

private struct Problem: Decodable { var sgd_lr, adam_lr: Double }

/// The problems of the fixture: their tensors and how gradients come about.
private enum Setting {
  static let names = ["quadratic": ["w"], "rosenbrock": ["w"], "network": ["0.weight", "0.bias", "2.weight", "2.bias"]]

  static func setGradients(_ problem: String, _ model: TestWeights, _ dtype: DType) throws {
    let w = model.weights
    switch problem {
    case "quadratic":
      let a = try Tensor((0..<8).map { 0.5 + 0.25 * Double($0) }).to(dtype)
      let c = try FillingFormula.values("quadratic.c", [8]).to(dtype)
      try model.setGradients([a * (w[0].detached() - c)])
    case "rosenbrock":
      let point = try w[0].detached().to(.float64).values(Double.self)
      let d = point[1] - point[0] * point[0]
      try model.setGradients([Tensor([-2 * (1 - point[0]) - 400 * point[0] * d, 200 * d]).to(dtype)])
    default:
      for weight in w { try weight.clearGradient() }
      let x = try FillingFormula.values("network.input", [6, 4]).to(dtype)
      let hidden = try relu(linear(x, w[0], w[1]))
      try crossEntropy(linear(hidden, w[2], w[3]), FillingFormula.labels(6, classes: 3)).backward()
    }
  }
}

@Suite struct OptimizerParityTests {
  @Test(arguments: ["quadratic", "rosenbrock", "network"], [true, false])
  func hundredStepsMatchPyTorch(problem: String, fused: Bool) throws {
    let (tensors, metadata) = try Fixture.tensors("optimizers")
    let configurations = try JSONDecoder().decode(
      [String: Configuration].self, from: Data(#require(metadata["configurations"]).utf8))
    let problems = try JSONDecoder().decode([String: Problem].self, from: Data(#require(metadata["problems"]).utf8))
    let rates = try #require(problems[problem])
    let names = try #require(Setting.names[problem])
    #expect(configurations.count == 11)
    for (name, configuration) in configurations {
      for (dtype, short, tolerance) in [(DType.float32, "f32", 1e-4), (.float64, "f64", 1e-6)] {
        let model = try TestWeights(names.map { try #require(tensors["\(problem).\(short).initial.\($0)"]) })
        let optimizer = try configuration.optimizer(model.tensors(), fused: fused)
        for step in 1...100 {
          try Setting.setGradients(problem, model, dtype)
          try optimizer.step(learningRate: configuration.kind == "sgd" ? rates.sgd_lr : rates.adam_lr)
          guard [1, 10, 100].contains(step) else { continue }
          for (weight, tensor) in zip(model.weights, names) {
            let expected = try #require(tensors["\(problem).\(name).\(short).step\(step).\(tensor)"])
            let error = try relativeError(weight, expected)
            #expect(error < tolerance, "\(problem) \(name) \(short) step \(step) \(tensor)")
          }
        }
      }
    }
  }
}
