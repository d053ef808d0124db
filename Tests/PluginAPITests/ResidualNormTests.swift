import PluginAPI
import Testing

/// Residual sum, dropout and layer normalization in one pass, and bias with GELU, against LibTorch's operators in float64 and in
/// float32 (`LibTorch.withSecondDerivatives` takes these).
@Suite("Residual sum with normalization, bias with GELU")
struct ResidualNormTests {
  static let shapes = [[1, 1], [5, 3], [70, 16], [33, 40], [2, 17, 65], [100, 256], [3, 768]]

  private func gradients(_ outputs: [Tensor], of inputs: [Tensor]) throws -> [Tensor?] {
    let sums = try outputs.enumerated().map {
      try ($1 * TestNumbers.tensor($1.shape, seed: UInt64($0 + 50)).to($1.dtype)).sum()
    }
    return try sums.dropFirst().reduce(sums[0]) { try $0 + $1 }.gradients(of: inputs)
  }

  private func wide(_ tensor: Tensor) throws -> Tensor {
    let wide = try tensor.detached().to(.float64)
    try wide.setRequiresGradient(true)
    return wide
  }

  /// The mask that the stream of the first use gives, each row on words of its own.
  private func mask(_ shape: [Int], _ rate: Double, seed: UInt64) throws -> Tensor {
    let width = shape[shape.count - 1], rows = shape.dropLast().reduce(1, *), padded = (width + 31) / 32 * 32
    let random = RandomStream(Random(seed: seed)).next(), threshold = UInt32(rate * 4_294_967_295)
    let numbers = (0..<rows).flatMap { row in
      random.words(row * padded..<row * padded + width).map { $0 >= threshold ? 1 / (1 - rate) : 0 }
    }
    return try Tensor(numbers, shape: shape)
  }

  @Test(arguments: shapes, [0, 0.25])
  func sumAndNormalization(shape: [Int], rate: Double) throws {
    let size = shape[shape.count - 1]
    let norm = try LayerNorm(size, epsilon: 1e-3)
    try norm.weight.copy(from: TestNumbers.tensor([size], seed: 3) + 1.5)
    try norm.bias.copy(from: TestNumbers.tensor([size], seed: 4))
    // Far from 0, where sums of squares would lose digits.
    let x = try Tensor(TestNumbers.doubles(shape.reduce(1, *), seed: 1).map { Float($0 + 10) }, shape: shape)
    try x.setRequiresGradient(true)
    let added = try TestNumbers.leaf(shape, seed: 2), bias = try TestNumbers.leaf([size], seed: 5)
    let dropout = Dropout(rate)
    for hasBias in [false, true] {
      let leaves = [x, added, norm.weight, norm.bias] + (hasBias ? [bias] : [])
      let wides = try leaves.map(wide)
      func expect() throws -> [Tensor] {
        let kept = try rate > 0 ? mask(shape, rate, seed: 9) : Tensor.ones([1], .float64)
        let sum = try wides[0] + (hasBias ? wides[1] + wides[4] : wides[1]) * kept
        let centred = try sum - sum.mean([-1], keepDimensions: true)
        let variance = try (centred * centred).mean([-1], keepDimensions: true)
        return [sum, try centred / (variance + 1e-3).sqrt() * wides[2] + wides[3]]
      }
      func run() throws -> [Tensor] {
        let found = try norm(x, plus: added, bias: hasBias ? bias : nil, dropout, .train(RandomStream(Random(seed: 9))))
        return [found.sum, found.output]
      }
      // Both results, and each alone.
      for (plainly, used) in [(false, [0, 1]), (false, [1]), (false, [0]), (true, [0, 1])] {
        let found = try plainly ? LibTorch.withSecondDerivatives(run) : run(), expected = try expect()
        for index in 0..<2 { #expect(try relativeError(found[index].doubles(), expected[index].doubles()) < 2e-5) }
        let right = try gradients(used.map { expected[$0] }, of: wides)
        for (index, gradient) in try gradients(used.map { found[$0] }, of: leaves).enumerated() {
          let zeros = [Double](repeating: 0, count: leaves[index].count)
          let (a, b) = (try gradient?.doubles() ?? zeros, try right[index]?.doubles() ?? zeros)
          // A single number has no variance: its gradient is the difference of equal ones.
          let fits = size == 1 ? zip(a, b).allSatisfy { abs($0 - $1) < 1e-4 } : relativeError(a, b) < 5e-5
          #expect(fits, "input \(index), plainly: \(plainly), \(used)")
        }
      }
    }
  }

  /// The output for a sublayer and for the residual around it: gradients of both, and of one alone.
  @Test(arguments: shapes, [0, 0.25])
  func outputInTwoBranches(shape: [Int], rate: Double) throws {
    let size = shape[shape.count - 1], norm = try LayerNorm(size, epsilon: 1e-3)
    try norm.weight.copy(from: TestNumbers.tensor([size], seed: 3) + 1.5)
    let leaves = try [TestNumbers.leaf(shape, seed: 1), TestNumbers.leaf(shape, seed: 2), norm.weight, norm.bias]
    func run() throws -> [Tensor] {
      let found = try norm.branches(leaves[0], plus: leaves[1], Dropout(rate), .train(RandomStream(Random(seed: 9))))
      return [found.output, found.residual]
    }
    for used in [[0, 1], [0], [1]] {
      let found = try run(), expected = try LibTorch.withSecondDerivatives(run)
      for (a, b) in zip(found, expected) { #expect(try relativeError(a.doubles(), b.doubles()) < 2e-5) }
      let right = try gradients(used.map { expected[$0] }, of: leaves)
      for (a, b) in zip(try gradients(used.map { found[$0] }, of: leaves), right) {
        let (a, b) = (try #require(a).doubles(), try #require(b).doubles())
        #expect(size == 1 ? zip(a, b).allSatisfy { abs($0 - $1) < 1e-4 } : relativeError(a, b) < 5e-5, "\(used)")
      }
    }
  }

  @Test func theBitsDoNotDependOnTheNumberOfThreads() throws {
    let before = try LibTorch.threads()
    defer { try? LibTorch.setThreads(before) }
    let norm = try LayerNorm(96), first = try Linear(96, 384), second = try Linear(384, 96)
    for layer in [first, second] { try layer.initialize(Random(seed: 1)) }
    let x = try TestNumbers.leaf([700, 96], seed: 1), added = try TestNumbers.leaf([700, 96], seed: 2)
    var results: [[[Float]]] = []
    for threads in [1, 2, 3] {
      try LibTorch.setThreads(threads)
      let (sum, output) = try norm(x, plus: added, bias: second.bias, Dropout(0.1), .train(RandomStream(Random(seed: 9))))
      let activated = try GELU.exact(output)
      let found = try gradients([sum, activated], of: [x, added, norm.weight, norm.bias] + (second.bias.map { [$0] } ?? []))
      results.append(try ([sum, activated] + found.compactMap { $0 }).map { try $0.values() })
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func whatDoesNotFit() throws {
    let norm = try LayerNorm(4), x = try Tensor.zeros([3, 4])
    #expect(throws: TensorError.self) { try norm(x, plus: Tensor.zeros([2, 4]), Dropout(0), .evaluate) }
    #expect(throws: TensorError.self) { try norm(x, plus: x, bias: Tensor.zeros([3]), Dropout(0), .evaluate) }
    #expect(throws: TensorError.self) { try GELU.exact(x, bias: Tensor.zeros([3])) }
    #expect(try norm(Tensor.zeros([0, 4]), plus: Tensor.zeros([0, 4]), Dropout(0), .evaluate).output.shape == [0, 4])
  }

  // MARK: GELU

  /// By the definition, in float64.
  private func definition(_ form: GELU, _ x: Tensor) throws -> Tensor {
    switch form {
    case .exact: return try x * (Operator("aten::erf")(.tensor(x * 0.5.squareRoot())) + 1) * 0.5
    case .tanh: return try x * 0.5 * ((x + x * x * x * 0.044715) * 0.797884560802865).tanh() + x * 0.5
    }
  }

  @Test(arguments: GELU.allCases)
  func geluOverItsWholeRange(form: GELU) throws {
    let x = try Tensor((0...6000).map { Float($0) * 0.005 - 15 })
    try x.setRequiresGradient(true)
    let wide = try wide(x)
    let (y, expected) = (try form(x), try definition(form, wide))
    let (a, b) = (try y.doubles(), try expected.doubles())
    #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 + 1e-6 * abs($1) })
    let found = try #require(try y.sum().gradients(of: [x])[0]).doubles()
    let right = try #require(try expected.sum().gradients(of: [wide])[0]).doubles()
    #expect(zip(found, right).allSatisfy { abs($0 - $1) < 3e-6 })
    let special = try form(Tensor([.infinity, .nan, 0, -40] as [Float])).values(Float.self)
    #expect(special[0] == .infinity && special[1].isNaN && special[2] == 0 && abs(special[3]) < 1e-30)
  }

  @Test(arguments: GELU.allCases, shapes)
  func biasAndGELU(form: GELU, shape: [Int]) throws {
    let h = try TestNumbers.leaf(shape, seed: 1), bias = try TestNumbers.leaf([shape[shape.count - 1]], seed: 2)
    let wides = try [wide(h), wide(bias)]
    let expected = try definition(form, wides[0] + wides[1])
    let right = try gradients([expected], of: wides)
    for plainly in [false, true] {
      let y = try plainly ? LibTorch.withSecondDerivatives { try form(h, bias: bias) } : form(h, bias: bias)
      #expect(try relativeError(y.doubles(), expected.doubles()) < 2e-6)
      for (a, b) in zip(try gradients([y], of: [h, bias]), right) {
        #expect(try relativeError(#require(a).doubles(), #require(b).doubles()) < 1e-5)
      }
    }
  }

  @Test(arguments: GELU.allCases, [true, false])
  func feedForwardWithItsGradients(form: GELU, hasBias: Bool) throws {
    let first = try Linear(12, 50, bias: hasBias), second = try Linear(50, 9)
    for (index, layer) in [first, second].enumerated() { try layer.initialize(Random(seed: UInt64(index + 1))) }
    let x = try TestNumbers.leaf([37, 12], seed: 1)
    let leaves = [x, first.weight, second.weight] + (first.bias.map { [$0] } ?? [])
    let wides = try leaves.map(wide)
    let inner = try wides[0].matmul(wides[1].transposed())
    let expected = try definition(form, hasBias ? inner + wides[3] : inner).matmul(wides[2].transposed())
    let right = try gradients([expected], of: wides)
    for plainly in [false, true] {
      let y = try plainly ? LibTorch.withSecondDerivatives { try feedForward(x, first, second, form) } : feedForward(x, first, second, form)
      #expect(try relativeError(y.doubles(), expected.doubles()) < 1e-5)
      for (index, (a, b)) in zip(try gradients([y], of: leaves), right).enumerated() {
        #expect(try relativeError(#require(a).doubles(), #require(b).doubles()) < 1e-5, "input \(index)")
      }
    }
    // Without recording, in the memory of its input: the same bits.
    let recorded = try feedForward(x, first, second, form).values(Float.self)
    #expect(try LibTorch.withoutGradient { try feedForward(x, first, second, form).values(Float.self) } == recorded)
    // Frozen weights get no gradient, the others the same.
    try first.weight.setRequiresGradient(false)
    let frozen = try gradients([feedForward(x, first, second, form)], of: [x, second.weight])
    #expect(try relativeError(#require(frozen[0]).doubles(), #require(right[0]).doubles()) < 1e-5)
    #expect(try relativeError(#require(frozen[1]).doubles(), #require(right[2]).doubles()) < 1e-5)
  }
}
