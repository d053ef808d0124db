import PluginAPI
import Testing

import __Target__

@Suite struct OptimizerTests {
  @Test("the first step, worked out by hand")
  func firstStep() throws {
    var options = __Target__Optimizer.OptimizerOptions()
    options.weightDecay = 0
    options.epsilon = 1e-16
    let weight = try Tensor([Float(1), -2])
    try weight.setRequiresGradient(true)
    let optimizer = try __Target__Optimizer(options, parameters: [NamedTensor(path: "w", role: .parameter, tensor: weight)])
    try (weight * weight).sum().backward()
    try optimizer.step(learningRate: 0.1)
    // g = 2 w, m = 0.1 g, s = 0.001 (0.9 g)^2: m / 0.1 over sqrt(s / 0.001) is sign(g) / 0.9.
    let values: [Float] = try weight.detached().values()
    #expect(abs(values[0] - (1 - 0.1 / 0.9)) < 1e-5 && abs(values[1] + 2 - 0.1 / 0.9) < 1e-5)
  }
}
