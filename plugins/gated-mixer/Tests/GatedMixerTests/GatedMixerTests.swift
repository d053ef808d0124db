import GatedMixer
import PluginAPI
import Testing

@Suite(.serialized) struct GatedActivationTests {
  private func normal(_ shape: [Int], _ seed: UInt64, deviation: Double = 2) throws -> Tensor {
    let tensor = try Tensor.zeros(shape)
    try tensor.fillNormal(deviation: deviation, Random(seed: seed))
    return tensor
  }

  /// The result and the gradient of its product with `weighting`.
  private func run(_ activation: GatedActivation, _ h: Tensor, _ weighting: Tensor) throws -> (result: [Float], gradient: [Float]) {
    let h = try h.clone()
    try h.setRequiresGradient(true)
    let result = try activation(h)
    try (result * weighting).sum().backward()
    return (try result.detached().values(), try #require(try h.gradient()).values())
  }

  @Test("the kernel is its plain twin, in rows of every width around the vectors'", arguments: Array(1...18) + [31, 32, 33, 200])
  func twin(width: Int) throws {
    for rows in [1, 3, 64] {
      let h = try normal([rows, 2 * width], UInt64(width)), weighting = try normal([rows, width], 7)
      let (fused, plain) = (try run(.fused, h, weighting), try run(.plain, h, weighting))
      for (a, b) in zip(fused.result + fused.gradient, plain.result + plain.gradient) {
        #expect(abs(a - b) <= 4e-6 * max(1, abs(b)), "\(rows) x \(width)")
      }
    }
  }

  @Test("other shapes than matrices, and memory in another order")
  func layouts() throws {
    let cube = try normal([2, 3, 10], 1), weighting = try normal([2, 3, 5], 2)
    #expect(try run(.fused, cube, weighting).result.count == 30)
    let turned = try normal([10, 6], 3).transposed()
    #expect(!turned.isContiguous)
    let (fused, plain) = (try GatedActivation.fused(turned), try GatedActivation.plain(turned))
    for (a, b) in try zip(fused.values(Float.self), plain.contiguous().values(Float.self)) {
      #expect(abs(a - b) < 4e-6 * max(1, abs(b)))
    }
    #expect(try GatedActivation.fused(Tensor.zeros([0, 4])).shape == [0, 2])
  }

  @Test("far from 0 the gate is shut or open, infinities and NaN are as the twin's")
  func extremes() throws {
    let gates: [Float] = [-1000, -100, -88, -87, -20, -1e-30, 0, 1e-30, 20, 87, 88, 100, 1000, .infinity, .nan]
    let rows = try Tensor(gates.flatMap { [$0, 3] }, shape: [gates.count, 2]), ones = try Tensor.ones([gates.count, 1])
    let (fused, plain) = (try run(.fused, rows, ones), try run(.plain, rows, ones))
    for (a, b) in zip(fused.result + fused.gradient, plain.result + plain.gradient) {
      #expect(a == b || (a.isNaN && b.isNaN) || abs(a - b) <= 1e-6 * max(1, abs(b)))
    }
    #expect(fused.result[0] == 0 || abs(fused.result[0]) < 1e-30)
    #expect(fused.result[12] == 3000)
  }

  @Test("the same bits with one thread and with two")
  func threads() throws {
    let h = try normal([2000, 64], 4), weighting = try normal([2000, 32], 5)
    let before = try LibTorch.threads()
    defer { try? LibTorch.setThreads(before) }
    try LibTorch.setThreads(1)
    let one = try run(.fused, h, weighting)
    try LibTorch.setThreads(2)
    let two = try run(.fused, h, weighting)
    #expect(one.result == two.result && one.gradient == two.gradient)
  }

  @Test("where second derivatives are wanted, and in float64, the twin steps in")
  func secondDerivatives() throws {
    let h = try normal([4, 6], 6)
    try h.setRequiresGradient(true)
    let second = try LibTorch.withSecondDerivatives {
      let first = try #require(try GatedActivation.fused(h).sum().gradients(of: [h], createGraph: true)[0])
      return try #require(try (first * first).sum().gradients(of: [h])[0])
    }
    #expect(try second.isFinite() && second.norm().item() > 0)
    let wide = try h.detached().to(.float64)
    #expect(try GatedActivation.fused(wide).dtype == .float64)
  }

  @Test("rows that have no halves are refused")
  func odd() throws {
    #expect(throws: TensorError.self) { try GatedActivation.fused(Tensor.zeros([2, 5])) }
  }
}

@Suite struct GatedMixerTests {
  @Test("the model with the kernel is the model without, and every parameter gets a gradient")
  func model() throws {
    let shape = ImageBatch.Shape(channels: 3, height: 12, width: 8)
    var options = GatedMixerOptions()
    (options.width, options.depth, options.expansion) = (10, 2, 1.5)
    var gradients: [[String: [Float]]] = []
    let images = try Tensor.zeros([5, 3, 12, 8])
    try images.fillNormal(deviation: 1, Random(seed: 2))
    for activation in GatedActivation.allCases {
      options.activation = activation
      let model = try GatedMixer(options, shape: shape, task: .classification(classes: 4))
      try model.initialize(Random(seed: 8))
      let logits = try model(ImageBatch(images.channelsLast()), .train(RandomStream(Random(seed: 1)))).prediction
      #expect(logits.shape == [5, 4])
      try crossEntropy(logits, Tensor([Int64(0), 1, 2, 3, 0])).backward()
      gradients.append(
        try Dictionary(uniqueKeysWithValues: model.tensors().map { ($0.path, try #require(try $0.tensor.gradient()).values()) }))
    }
    for (path, fused) in gradients[0] {
      let plain = try #require(gradients[1][path]), largest = plain.reduce(0) { max($0, abs($1)) }
      #expect(largest > 0, "\(path)")
      for (a, b) in zip(fused, plain) { #expect(abs(a - b) <= 1e-4 * largest, "\(path)") }
    }
  }

  @Test("pictures smaller than a patch are refused")
  func refusal() throws {
    #expect(throws: BasinError.self) {
      try GatedMixer(
        GatedMixerOptions(), shape: ImageBatch.Shape(channels: 1, height: 3, width: 8), task: .classification(classes: 2))
    }
  }
}
