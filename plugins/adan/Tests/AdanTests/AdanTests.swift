import Adan
import Foundation
import PluginAPI
import Testing

/// Adan from the paper's formulas, over plain numbers and without regard for time.
private struct SlowAdan {
  let options: AdanOptions
  private var m: [Double], v: [Double], n: [Double]
  private var previous: [Double]?
  private var t = 0.0

  init(_ options: AdanOptions, count: Int) {
    self.options = options
    (m, v, n) = (Array(repeating: 0, count: count), Array(repeating: 0, count: count), Array(repeating: 0, count: count))
  }

  mutating func step(_ w: inout [Double], _ g: [Double], rate: Double) {
    t += 1
    let o = options
    for i in w.indices {
      let d = g[i] - (previous?[i] ?? g[i])
      m[i] = o.beta1 * m[i] + (1 - o.beta1) * g[i]
      v[i] = o.beta2 * v[i] + (1 - o.beta2) * d
      n[i] = o.beta3 * n[i] + (1 - o.beta3) * (g[i] + o.beta2 * d) * (g[i] + o.beta2 * d)
      let step = m[i] / (1 - pow(o.beta1, t)) + o.beta2 * v[i] / (1 - pow(o.beta2, t))
      w[i] = (w[i] - rate * step / ((n[i] / (1 - pow(o.beta3, t))).squareRoot() + o.epsilon)) / (1 + rate * o.weightDecay)
    }
    previous = g
  }
}

@Suite struct AdanTests {
  /// Made-up parameters, one of them a convolution's filters in channels-last memory.
  private func parameters(_ type: DType = .float64) throws -> [NamedTensor] {
    let shapes: [(String, [Int])] = [("conv.weight", [4, 3, 2, 2]), ("conv.bias", [4]), ("odd", [7])]
    return try shapes.enumerated().map { index, item in
      var tensor = try Tensor.zeros(item.1, type)
      try tensor.fillNormal(deviation: 1, Random(seed: UInt64(index)))
      if item.1.count == 4 { tensor = try tensor.channelsLast() }
      try tensor.setRequiresGradient(true)
      return NamedTensor(path: item.0, role: .parameter, tensor: tensor)
    }
  }

  /// Gradients of a made-up loss, 1/2 sum (1 + sin) w^2, that change from step to step.
  private func differentiate(_ parameters: [NamedTensor], step: Int, without missing: Set<Int> = []) throws {
    for (index, parameter) in parameters.enumerated() {
      try parameter.tensor.clearGradient()
      guard !missing.contains(index) else { continue }
      let factor = 1 + Foundation.sin(Double(step + index))
      try ((parameter.tensor * parameter.tensor).sum() * (0.5 * factor)).backward()
    }
  }

  private func numbers(_ tensor: Tensor) throws -> [Double] { try tensor.detached().to(.float64).values() }

  private struct Configuration: Decodable, Sendable {
    let lr: Double
    let beta1, beta2, beta3, epsilon, weightDecay: Double?
    var options: AdanOptions {
      var options = AdanOptions()
      if let beta1 { options.beta1 = beta1 }
      if let beta2 { options.beta2 = beta2 }
      if let beta3 { options.beta3 = beta3 }
      if let epsilon { options.epsilon = epsilon }
      if let weightDecay { options.weightDecay = weightDecay }
      return options
    }
  }

  @Test("60 steps on a network are those of the reference", arguments: ["default", "decay", "betas"])
  func parity(name: String) throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("adan.safetensors").path
    let (fixture, metadata) = try Safetensors.read(path)
    let text = try #require(metadata["configurations"])
    let configuration = try #require(JSONDecoder().decode([String: Configuration].self, from: Data(text.utf8))[name])
    func tensor(_ name: String) throws -> Tensor { try #require(fixture[name], "no \(name)") }
    let parameters = try ["w1", "b1", "w2", "b2"].map { name in
      let weight = try tensor("start/\(name)").clone()
      try weight.setRequiresGradient(true)
      return NamedTensor(path: name, role: .parameter, tensor: weight)
    }
    let w = parameters.map(\.tensor), input = try tensor("input"), target = try tensor("target")
    let adan = try Adan(configuration.options, parameters: parameters)
    for expected in try numbers(tensor("\(name)/losses")) {
      for weight in w { try weight.clearGradient() }
      let loss = try crossEntropy(linear(linear(input, w[0], w[1]).tanh(), w[2], w[3]), target)
      #expect(abs(try loss.item() - expected) < 1e-7)
      try loss.backward()
      try adan.step(learningRate: configuration.lr)
    }
    for parameter in parameters {
      for (a, b) in zip(try numbers(parameter.tensor), try numbers(tensor("\(name)/after/\(parameter.path)"))) {
        #expect(abs(a - b) < 1e-6, "\(parameter.path)")
      }
    }
  }

  @Test("every element is stepped as the slow twin does, gradients missing here and there", arguments: [DType.float64, .float32])
  func twin(type: DType) throws {
    var options = AdanOptions()
    (options.beta1, options.weightDecay) = (0.9, 0.3)
    let parameters = try parameters(type)
    var twins = parameters.map { SlowAdan(options, count: $0.tensor.count) }
    var weights = try parameters.map { try numbers($0.tensor) }
    let adan = try Adan(options, parameters: parameters)
    for step in 0..<40 {
      let missing: Set<Int> = step % 5 == 2 ? [1] : []
      try differentiate(parameters, step: step, without: missing)
      let rate = 0.02 * Double(1 + step % 3)
      for index in parameters.indices where !missing.contains(index) {
        let gradient = try numbers(#require(try parameters[index].tensor.gradient()))
        twins[index].step(&weights[index], gradient, rate: rate)
      }
      try adan.step(learningRate: rate)
    }
    let tolerance = type == .float64 ? 1e-12 : 1e-4
    for (parameter, expected) in zip(parameters, weights) {
      for (a, b) in zip(try numbers(parameter.tensor), expected) { #expect(abs(a - b) < tolerance, "\(parameter.path)") }
    }
  }

  @Test("a restored optimizer goes on to the bit, a reset one is a new one")
  func stateAndReset() throws {
    let (first, second) = (try parameters(.float32), try parameters(.float32))
    let adan = try Adan(AdanOptions(), parameters: first)
    for step in 0..<7 {
      try differentiate(first, step: step, without: step == 3 ? [0] : [])
      try adan.step(learningRate: 0.01)
    }
    let state = try adan.state
    for (a, b) in zip(first, second) { try b.tensor.copy(from: a.tensor) }
    let other = try Adan(AdanOptions(), parameters: second)
    try other.restore(state)
    for step in 7..<12 {
      try differentiate(first, step: step)
      try adan.step(learningRate: 0.01)
      try differentiate(second, step: step)
      try other.step(learningRate: 0.01)
    }
    for (a, b) in zip(first, second) { #expect(try a.tensor.bytes() == b.tensor.bytes()) }

    adan.reset()
    #expect(try adan.state.tensors.isEmpty && adan.state.counters.isEmpty)
    try other.restore(OptimizerState())
    try differentiate(first, step: 0)
    try adan.step(learningRate: 0.01)
    try differentiate(second, step: 0)
    try other.step(learningRate: 0.01)
    for (a, b) in zip(first, second) { #expect(try a.tensor.bytes() == b.tensor.bytes()) }
  }

  @Test("a state of another model or optimizer is refused, and changes nothing")
  func strangeStates() throws {
    let parameters = try parameters(), adan = try Adan(AdanOptions(), parameters: parameters)
    try differentiate(parameters, step: 0)
    try adan.step(learningRate: 0.01)
    let good = try adan.state
    var other = good
    other.tensors["momentum/odd"] = try Tensor.zeros([7], .float64)
    #expect(throws: BasinError.self) { try adan.restore(other) }
    other = good
    other.tensors["exp_avg/odd"] = try Tensor.zeros([8], .float64)
    #expect(throws: BasinError.self) { try adan.restore(other) }
    other = good
    other.tensors["exp_avg_sq/odd"] = nil
    #expect(throws: BasinError.self) { try adan.restore(other) }
    #expect(try adan.state.counters == good.counters)
  }

  @Test("statistics and counters are no business of an optimizer")
  func roles() throws {
    let parameters = try parameters() + [NamedTensor(path: "mean", role: .statistic, tensor: Tensor.ones([3]))]
    try differentiate(Array(parameters.dropLast()), step: 1)
    let adan = try Adan(AdanOptions(), parameters: parameters)
    try adan.step(learningRate: 1)
    #expect(try parameters[3].tensor.values(Float.self) == [1, 1, 1])
    #expect(try !adan.state.tensors.keys.contains { $0.contains("mean") })
  }
}
