import PluginAPI
import Testing

/// 3x3 convolutions by minimal filtering against LibTorch's in float64.
@Suite(.serialized) struct MinimalFilteringTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let count, height, width, inputs, outputs: Int
    var bias = false
    var testDescription: String { "\(count)x\(inputs)x\(height)x\(width) to \(outputs)\(bias ? ", bias" : "")" }
  }

  /// Sides that tiles of four and of two divide and do not; channels of one panel and more, above the cache's share too; few
  /// tiles and many.
  static let cases = [
    Case(count: 2, height: 32, width: 32, inputs: 16, outputs: 16), Case(count: 3, height: 16, width: 16, inputs: 32, outputs: 48),
    Case(count: 9, height: 8, width: 8, inputs: 64, outputs: 16, bias: true),
    Case(count: 40, height: 4, width: 4, inputs: 16, outputs: 64, bias: true),
    Case(count: 130, height: 2, width: 2, inputs: 32, outputs: 32, bias: true),
    Case(count: 25, height: 5, width: 7, inputs: 16, outputs: 32), Case(count: 20, height: 6, width: 6, inputs: 48, outputs: 32, bias: true),
    Case(count: 4, height: 13, width: 11, inputs: 16, outputs: 16), Case(count: 90, height: 3, width: 2, inputs: 16, outputs: 16),
    Case(count: 8, height: 8, width: 8, inputs: 320, outputs: 272), Case(count: 40, height: 17, width: 9, inputs: 96, outputs: 80),
  ]

  private struct Results {
    var output, input, weight: [Double]
    var bias: [Double]?
  }

  private func numbers(_ tensor: Tensor) throws -> [Double] { try tensor.to(.float64).values() }

  /// The output and all gradients for a gradient of the output that is not the same everywhere.
  private func results(_ item: Case, plainly: Bool) throws -> Results {
    let random = Random(seed: 3)
    func drawn(_ name: String, _ shape: [Int], lastly: Bool) throws -> Tensor {
      let tensor = try Tensor.empty(shape)
      try tensor.fillUniform(-1, 1, random[name])
      let arranged = lastly ? try tensor.channelsLast() : tensor
      let typed = plainly ? try arranged.to(.float64) : arranged
      try typed.setRequiresGradient(true)
      return typed
    }
    let x = try drawn("x", [item.count, item.inputs, item.height, item.width], lastly: true)
    var weight = try drawn("weight", [item.outputs, item.inputs, 3, 3], lastly: true)
    var bias = item.bias ? try drawn("bias", [item.outputs], lastly: false) : nil
    let factor = try Tensor.empty([item.count, item.outputs, item.height, item.width])
    try factor.fillUniform(-1, 1, random["factor"])
    let y: Tensor
    if plainly {
      y = try conv2d(x, weight, bias, padding: 1)
    } else {
      let layer = try Conv2d(item.inputs, item.outputs, 3, padding: 1, bias: item.bias)
      try layer.weight.detached().copy(from: weight.detached())
      if let drawn = bias { try layer.bias?.detached().copy(from: drawn.detached()) }
      (weight, bias) = (layer.weight, layer.bias)
      y = try layer(x)
    }
    try (y * (plainly ? factor.to(.float64) : factor)).sum().backward()
    return Results(
      output: try numbers(y.detached()), input: try numbers(#require(try x.gradient())), weight: try numbers(#require(try weight.gradient())),
      bias: try bias.map { try numbers(#require(try $0.gradient())) })
  }

  private func difference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    let scale = max(b.map(abs).max() ?? 1, 1e-30)
    return (zip(a, b).map { abs($0 - $1) }.max() ?? 0) / scale
  }

  @Test(arguments: cases) func agreesWithTheDirectConvolution(item: Case) throws {
    let exact = try results(item, plainly: true)
    let before = try LibTorch.threads()
    defer { try? LibTorch.setThreads(before) }
    var first: Results?
    for threads in [1, 2, 3] {
      try LibTorch.setThreads(threads)
      let fast = try results(item, plainly: false)
      #expect(difference(fast.output, exact.output) < 3e-6)
      #expect(difference(fast.input, exact.input) < 3e-6)
      // Sums over every tile of every picture.
      #expect(difference(fast.weight, exact.weight) < 5e-6)
      if let bias = exact.bias { #expect(difference(fast.bias ?? [], bias) < 3e-6) }
      if let first {
        #expect(fast.output == first.output && fast.input == first.input && fast.weight == first.weight)
      }
      first = first ?? fast
    }
  }

  @Test func isTheFunctionInUse() throws {
    // The direct convolution rounds otherwise: equal bits would say that nothing was tested above.
    let fast = try results(Self.cases[0], plainly: false)
    let x = try Tensor.empty([2, 16, 32, 32])
    try x.fillUniform(-1, 1, Random(seed: 3)["x"])
    let weight = try Tensor.empty([16, 16, 3, 3])
    try weight.fillUniform(-1, 1, Random(seed: 3)["weight"])
    #expect(try numbers(conv2d(x, weight, padding: 1)) != fast.output)
  }

  @Test func whatItCannotDoIsLeftToLibTorch() throws {
    let random = Random(seed: 5)
    func drawn(_ shape: [Int]) throws -> Tensor {
      let tensor = try Tensor.empty(shape)
      try tensor.fillUniform(-1, 1, random)
      return try tensor.channelsLast()
    }
    // Channels, stride, padding, groups, kernel and small pictures that it does not take: equal to the bit.
    for (inputs, outputs, kernel, stride, padding, groups, side) in [
      (3, 16, 3, 1, 1, 1, 32), (16, 10, 3, 1, 1, 1, 32), (16, 16, 3, 2, 1, 1, 32), (16, 16, 3, 1, 0, 1, 32), (32, 32, 3, 1, 1, 2, 32),
      (16, 16, 5, 1, 1, 1, 32), (16, 16, 3, 1, 1, 1, 4),
    ] {
      let layer = try Conv2d(inputs, outputs, kernel, stride: stride, padding: padding, groups: groups, bias: false)
      try layer.weight.detached().fill(0.25)
      let x = try drawn([2, inputs, side, side])
      let direct = try conv2d(x, layer.weight, stride: stride, padding: padding, groups: groups)
      #expect(try layer(x).detached().bytes() == direct.detached().bytes(), "\(inputs) \(outputs) \(kernel) \(stride) \(padding) \(groups) \(side)")
    }
    let layer = try Conv2d(16, 16, 3, padding: 1, bias: false)
    try layer.weight.detached().fill(0.25)
    let x = try drawn([2, 16, 32, 32])
    let direct = try conv2d(x, layer.weight, padding: 1).detached()
    #expect(try LibTorch.withSecondDerivatives { try layer(x).detached().bytes() } == direct.bytes())
    #expect(try LibTorch.autocasting(to: .bfloat16, on: .cpu) { try layer(x).dtype } == .bfloat16)
  }

  @Test func gradientsNobodyAsksForAreNotMade() throws {
    let layer = try Conv2d(16, 16, 3, padding: 1, bias: true)
    let x = try Tensor.emptyChannelsLast([2, 16, 32, 32])
    try x.fill(1)
    try layer.weight.setRequiresGradient(false)
    try layer(x).sum().backward()
    #expect(try layer.weight.gradient() == nil && x.gradient() == nil)
    let gradient = try #require(try layer.bias?.gradient())
    #expect(try gradient.values(Float.self) == Array(repeating: 2048, count: 16))
  }

  // MARK: Behind batch normalization and ReLU

  struct Behind: CustomTestStringConvertible, Sendable {
    let kernel, side, inputs, outputs: Int
    let plus, trains: Bool
    var testDescription: String {
      "\(kernel)x\(kernel), \(inputs) to \(outputs), side \(side)\(plus ? ", sum" : "")\(trains ? "" : ", evaluation")"
    }
  }

  static let behind = [(1, 16, 64, 16), (1, 9, 16, 48), (3, 16, 16, 32), (3, 6, 32, 16), (1, 8, 272, 32), (3, 7, 48, 48)].flatMap { item in
    [(false, true), (true, true), (false, false), (true, false)].map {
      Behind(kernel: item.0, side: item.1, inputs: item.2, outputs: item.3, plus: $0.0, trains: $0.1)
    }
  }

  /// Everything that flows out of the function, by name; by the plain twin in float64 or by the kernels.
  private func results(_ item: Behind, plainly: Bool) throws -> [String: [Double]] {
    let random = Random(seed: 9), count = 12
    let dtype = plainly ? DType.float64 : .float32
    func drawn(_ name: String, _ shape: [Int]) throws -> Tensor {
      let tensor = try Tensor.empty(shape)
      try tensor.fillUniform(-1, 1.5, random[name])
      return shape.count == 4 ? try tensor.channelsLast() : tensor
    }
    func made(_ name: String, _ shape: [Int]) throws -> Tensor {
      let tensor = try drawn(name, shape).to(dtype)
      try tensor.setRequiresGradient(true)
      return tensor
    }
    let shape = [count, item.inputs, item.side, item.side]
    let x = try made("x", shape), other = try made("other", shape)
    let norm = try BatchNorm(item.inputs), layer = try Conv2d(item.inputs, item.outputs, item.kernel, padding: item.kernel / 2)
    for (name, tensor) in [("weight", norm.weight), ("bias", norm.bias), ("kernel", layer.weight), ("shift", try #require(layer.bias))] {
      let values = try drawn(name, tensor.shape)
      if plainly { try Operator("aten::set_data").run(.tensor(tensor), .tensor(tensor.to(.float64))) }
      try tensor.detached().copy(from: values.to(dtype))
    }
    if plainly {
      for tensor in [norm.runningMean, norm.runningVariance] {
        try Operator("aten::set_data").run(.tensor(tensor), .tensor(tensor.to(.float64)))
      }
    }
    let mode = item.trains ? Mode.train(RandomStream(random)) : .evaluate
    var sum: Tensor?, y: Tensor
    if item.plus {
      let found = try layer(rectified: x, plus: other, by: norm, mode)
      (sum, y) = (found.sum, found.output)
    } else {
      y = try layer(rectified: x, by: norm, mode)
    }
    func weighted(_ tensor: Tensor, _ name: String) throws -> Tensor { try (tensor * drawn(name, tensor.shape).to(dtype)).sum() }
    var loss = try weighted(y, "factor")
    if let sum { loss = try loss + weighted(sum, "factor of the sum") }
    try loss.backward()
    var named = [
      "output": try y.detached(), "x": try #require(try x.gradient()), "norm's weight": try #require(try norm.weight.gradient()),
      "norm's bias": try #require(try norm.bias.gradient()), "weight": try #require(try layer.weight.gradient()),
      "bias": try #require(try layer.bias?.gradient()), "mean": norm.runningMean, "variance": norm.runningVariance,
    ]
    if let sum {
      named["sum"] = try sum.detached()
      named["other"] = try other.gradient()
    }
    return try named.mapValues(numbers)
  }

  @Test(arguments: behind) func agreesBehindANormalization(item: Behind) throws {
    let exact = try results(item, plainly: true)
    let before = try LibTorch.threads()
    defer { try? LibTorch.setThreads(before) }
    var first: [String: [Double]]?
    for threads in [1, 3] {
      try LibTorch.setThreads(threads)
      let fast = try results(item, plainly: false)
      #expect(fast.keys.sorted() == exact.keys.sorted())
      for (name, values) in exact { #expect(difference(fast[name] ?? [], values) < 1e-5, "\(name)") }
      // The gradients of a small picture's filters are LibTorch's, which adds in an order that the number of threads may decide.
      let own = item.kernel == 3 && item.side == 6 ? fast.filter { !["weight", "bias"].contains($0.key) } : fast
      if let first { #expect(first == own) }
      first = first ?? own
    }
  }

  @Test func activationsAreNotKept() throws {
    let norm = try BatchNorm(64), layer = try Conv2d(64, 16, 1, bias: false)
    let x = try Tensor.emptyChannelsLast([64, 64, 32, 32])
    try x.fill(1)
    try norm.weight.detached().fill(1)
    func kept(_ body: () throws -> Tensor) throws -> Int {
      let before = try #require(LibTorch.allocatedBytes)
      return try withExtendedLifetime(body()) { try #require(LibTorch.allocatedBytes) - before }
    }
    let mode = Mode.train(RandomStream(Random(seed: 1)))
    _ = try layer(rectified: x, by: norm, mode)
    // Other tests take and give back memory meanwhile.
    let differences = try (0..<15).map { _ in
      let together = try kept { try layer(rectified: x, by: norm, mode) }
      return try kept { try layer(norm.rectified(x, mode)) } - together
    }
    // The activations are as many numbers as x.
    #expect(differences.sorted()[7] > 64 * 64 * 32 * 32 * 4 * 9 / 10)
  }
}
