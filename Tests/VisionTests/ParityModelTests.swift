import Foundation
import PluginAPI
import Testing
import Vision

/// One training-mode step and one evaluation of each network against PyTorch's float64.
@Suite(.serialized) struct ParityModelTests {
  private static let task = Task.classification(classes: 10)

  @Test func vgg16() throws {
    var options = VGG.ModelOptions()
    options.dropout = 0
    try check("vgg16", try VGG(options, shape: ImageBatch.exampleShape, task: Self.task))
  }

  @Test func vgg16WithBatchNormalization() throws {
    var options = VGG.ModelOptions()
    options.dropout = 0
    options.batchNorm = true
    try check("vgg16-bn", try VGG(options, shape: ImageBatch.exampleShape, task: Self.task))
  }

  @Test func preResNet20() throws {
    try check("preresnet20", try PreResNet(.init(), shape: ImageBatch.exampleShape, task: Self.task))
  }

  @Test func preResNet29WithBottlenecks() throws {
    var options = PreResNet.ModelOptions()
    options.depth = 29
    try check(
      "preresnet29-bottleneck", try PreResNet(options, shape: ImageBatch.exampleShape, task: Self.task))
  }

  private func check<M: Model>(_ name: String, _ model: M) throws where M.Input == ImageBatch {
    let fixture = try ParityFixture(name)
    try model.initialize(Random(seed: 0))
    try fixture.fill(model)
    let tensors = model.tensors()
    let parameters = tensors.filter { $0.role == .parameter }
    #expect(parameters.reduce(0) { $0 + $1.tensor.count } == fixture.parameters)
    if let state = fixture.state {
      #expect(Dictionary(uniqueKeysWithValues: tensors.map { ($0.path, $0.tensor.shape) }) == state)
    }
    var errors: [(name: String, error: Double)] = []
    func compare(_ key: String, _ actual: Tensor) throws {
      errors.append((key, try fixture.error(key, actual)))
    }

    let pictures = try fixture.pictures()
    let labels = try fixture.tensor("input.labels")
    #expect(try labels.values(Int64.self) == ParityFormula.labels(pictures.shape[0], classes: 10))
    let logits = try model(ImageBatch(pictures), .train(RandomStream(Random(seed: 0)))).prediction
    let loss = try crossEntropy(logits, labels)
    try loss.backward()
    try compare("output.logits", logits)
    try compare("output.loss", loss)

    let gradients = try Dictionary(
      uniqueKeysWithValues: parameters.map { ($0.path, try #require(try $0.tensor.gradient(), "\($0.path)")) })
    let largest = try gradients.values.map { try $0.abs().max().item() }.max() ?? 0
    for (path, gradient) in gradients {
      if fixture.vanishing.contains(path) {
        #expect(try gradient.abs().max().item() < 1e-5 * largest, "\(name): \(path) should vanish")
      } else {
        try compare("grad." + path, gradient)
      }
    }
    for item in tensors where item.role != .parameter { try compare("after." + item.path, item.tensor) }
    let evaluation = try LibTorch.withoutGradient { try model(ImageBatch(pictures), .evaluate).prediction }
    try compare("output.evaluation.logits", evaluation)

    // Nothing of the fixture may be left over.
    let seen = Set(errors.map(\.name) + fixture.vanishing.map { "grad." + $0 } + ["input.labels"])
    for key in fixture.tensors.keys where !fixture.vanishing.contains(String(key.dropFirst("grad.".count))) {
      let plain = [".summary", ".sample"].reduce(key) { $0.hasSuffix($1) ? String($0.dropLast($1.count)) : $0 }
      #expect(seen.contains(plain), "\(name): \(key) was not compared")
    }
    let failures = errors.filter { !($0.error <= fixture.tolerance) }.sorted { $0.name < $1.name }
    #expect(
      failures.isEmpty,
      "\(name): \(failures.count) of \(errors.count) differ: \(failures.prefix(8).map { "\($0.name) by \($0.error)" })")
    if let worst = errors.max(by: { $0.error < $1.error }) {
      print("parity \(name): \(errors.count) tensors, worst relative error \(worst.error) (\(worst.name))")
    }
  }
}
