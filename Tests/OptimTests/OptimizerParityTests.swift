import Foundation
import Optim
import PluginAPI
import Testing

/// A configuration of make_optimizers.py, in PyTorch's words.
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

  private func adam<D: AdamDecay>(
    _ decay: D.Type, _ parameters: [NamedTensor], _ fused: Bool
  ) throws -> any UpdateRule {
    var options = AdamOptions<D>()
    options.beta1 = betas?[0] ?? 0.9
    options.beta2 = betas?[1] ?? 0.999
    options.epsilon = eps ?? 1e-8
    options.weightDecay = weight_decay ?? 0
    return try AdamOptimizer<D>(options, parameters: parameters, fused: fused)
  }
}

private struct Problem: Decodable { var sgd_lr, adam_lr: Double }

/// A configuration of the other scripts, in Basin's words.
private struct NamedConfiguration: Decodable {
  var optimizer: String
  var settings: [String: String]
  var rates: [String: Double]
}

private func decode<T: Decodable>(_ type: T.Type, _ text: String?) throws -> T {
  try JSONDecoder().decode(type, from: Data(#require(text).utf8))
}

@Suite struct OptimizerParityTests {
  @Test(arguments: OptimizerProblem.allCases, [true, false])
  func hundredStepsMatchPyTorch(problem: OptimizerProblem, fused: Bool) throws {
    let (tensors, metadata) = try Fixture.tensors("optimizers")
    let configurations = try decode([String: Configuration].self, metadata["configurations"])
    let rates = try #require(decode([String: Problem].self, metadata["problems"])[problem.rawValue])
    #expect(configurations.count == 11)
    for (name, configuration) in configurations {
      for type in TableType.allCases {
        let model = try problem.start(tensors, type.rawValue)
        let optimizer = try configuration.optimizer(model.tensors(), fused: fused)
        for step in 1...100 {
          try problem.setGradients(model, type.dtype)
          try optimizer.step(learningRate: configuration.kind == "sgd" ? rates.sgd_lr : rates.adam_lr)
          try expect(model, tensors, "\(problem.rawValue).\(name).\(type.rawValue)", step, problem, type)
        }
      }
    }
  }

  /// RMSprop, Adagrad, NAdam, AMSGrad, Muon of torch.optim; Schedule-Free of its package.
  @Test(arguments: OptimizerProblem.allCases, ["optimizers-more", "schedule-free"])
  func hundredStepsMatchTheReference(problem: OptimizerProblem, file: String) throws {
    let (tensors, metadata) = try Fixture.tensors(file)
    let configurations = try decode([String: NamedConfiguration].self, metadata["configurations"])
    #expect(configurations.count == (file == "schedule-free" ? 4 : 13))
    for (name, configuration) in configurations {
      let rate = try #require(configuration.rates[problem.rawValue])
      for type in TableType.allCases {
        let model = try problem.start(tensors, type.rawValue)
        let rule = try OptimizerCase(configuration.optimizer, configuration.settings).make(model.tensors())
        for step in 1...100 {
          try problem.setGradients(model, type.dtype)
          try rule.step(learningRate: rate)
          let prefix = "\(problem.rawValue).\(name).\(type.rawValue)"
          try expect(model, tensors, prefix, step, problem, type)
          guard let rule = rule as? any SwitchingRule else { continue }
          let training = try model.bytes()
          try rule.useEvaluationWeights()
          try expect(model, tensors, prefix, step, problem, type, part: "x.")
          try rule.useTrainingWeights()
          #expect(try model.bytes() == training, "\(prefix) step \(step)")
        }
      }
    }
  }

  private func expect(
    _ model: TestWeights, _ tensors: [String: Tensor], _ prefix: String, _ step: Int, _ problem: OptimizerProblem,
    _ type: TableType, part: String = ""
  ) throws {
    guard [1, 10, 100].contains(step) else { return }
    for (weight, tensor) in zip(model.weights, problem.tensors) {
      let key = "\(prefix).step\(step).\(part)\(tensor)"
      let error = try relativeError(weight, #require(tensors[key], "\(key)"))
      #expect(error < type.tolerance, "\(key)")
    }
  }
}
