import PluginAPI
import Testing

/// Attention of each sequence's first row alone against the first rows of attention of all, in float32 and float64.
@Suite("Attention of first rows")
struct FirstRowAttentionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var lengths: [Int], heads: Int, width: Int, rate: Double, hasBias: Bool
    var offsets: [Int] { lengths.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) } }
    var rows: Int { lengths.reduce(0, +) }
    var size: Int { heads * width }
    var testDescription: String {
      "\(lengths) rows, \(heads) heads of \(width)\(rate > 0 ? ", dropout" : "")\(hasBias ? "" : ", no bias")"
    }
  }

  static let cases = [([7], 2, 64), ([1, 1], 3, 4), ([3, 9, 16], 1, 8), ([17, 32, 33], 2, 20), ([200, 5], 2, 7), ([6, 33, 1], 7, 4)].flatMap {
    (lengths, heads, width) in
    [(0.0, true), (0.3, true), (0.3, false), (0.0, false)].map {
      Case(lengths: lengths, heads: heads, width: width, rate: $0.0, hasBias: $0.1)
    }
  }

  static let random = Random(seed: 5)["attention"]

  private func layers(_ c: Case) throws -> [Linear] {
    try (0..<3).map {
      let layer = try Linear(c.size, c.size, bias: c.hasBias)
      try layer.initialize(Random(seed: UInt64($0)))
      return layer
    }
  }

  private func run(_ c: Case, _ rows: Tensor, _ layers: [Linear]) throws -> Tensor {
    try firstRowAttention(
      firstOfSequences(rows, offsets: c.offsets), of: rows, query: layers[0], key: layers[1], value: layers[2], offsets: c.offsets,
      heads: c.heads, dropout: c.rate, random: Self.random)
  }

  private func gradients(_ output: Tensor, of inputs: [Tensor]) throws -> [Tensor] {
    let weights = try TestNumbers.tensor(output.shape, seed: 8).to(output.dtype)
    return try (output * weights).sum().gradients(of: inputs).map { try #require($0) }
  }

  @Test(arguments: cases)
  func againstAttentionOfAllRows(c: Case) throws {
    let rows = try TestNumbers.leaf([c.rows, c.size], seed: 4), layers = try layers(c)
    let leaves = [rows] + layers.map(\.weight) + layers.compactMap(\.bias)
    let wides = try leaves.map {
      let wide = try $0.detached().to(.float64)
      try wide.setRequiresGradient(true)
      return wide
    }
    let projected = try (0..<3).map {
      let product = try wides[0].matmul(wides[1 + $0].transposed())
      return try c.hasBias ? product + wides[4 + $0] : product
    }
    let all = try packedAttention(
      projected[0], projected[1], projected[2], offsets: c.offsets, heads: c.heads, dropout: c.rate, random: Self.random)
    let expected = try firstOfSequences(all, offsets: c.offsets), right = try gradients(expected, of: wides)
    for plainly in [false, true] {
      let output = try plainly ? LibTorch.withSecondDerivatives { try run(c, rows, layers) } : run(c, rows, layers)
      #expect(output.shape == [c.lengths.count, c.size])
      #expect(try relativeError(output.doubles(), expected.doubles()) < 5e-6, "plainly: \(plainly)")
      for (index, (found, right)) in zip(try gradients(output, of: leaves), right).enumerated() {
        // A sequence of one row has the same weight whatever the scores; the keys' bias never changes one.
        let (a, b) = (try found.doubles(), try right.doubles())
        let isNothing = b.allSatisfy { abs($0) < 1e-9 }
        #expect(isNothing ? a.allSatisfy { abs($0) < 1e-5 } : relativeError(a, b) < 1e-5, "input \(index), plainly: \(plainly)")
      }
    }
  }

  @Test func theBitsDoNotDependOnTheNumberOfThreads() throws {
    let before = try LibTorch.threads()
    defer { try? LibTorch.setThreads(before) }
    let c = Case(lengths: [64, 3, 90, 17, 41, 128], heads: 4, width: 32, rate: 0.2, hasBias: true)
    let rows = try TestNumbers.leaf([c.rows, c.size], seed: 4)
    // Products with these are exact, whoever makes them in whichever order.
    let layers = try (0..<3).map { _ in
      let layer = try Linear(c.size, c.size, bias: false)
      try layer.weight.copy(from: Tensor((0..<c.size * c.size).map { $0 % (c.size + 1) == 0 ? 1 : 0 as Float }, shape: [c.size, c.size]))
      return layer
    }
    var results: [[[Float]]] = []
    for threads in [1, 2, 3] {
      try LibTorch.setThreads(threads)
      let output = try run(c, rows, layers)
      results.append(try ([output] + gradients(output, of: [rows])).map { try $0.values() })
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  /// Also where dropout takes the weight away that is not a number.
  @Test(arguments: [0, 0.9]) func whatIsNotANumberStaysInItsSequence(rate: Double) throws {
    let c = Case(lengths: [4, 3, 5], heads: 2, width: 4, rate: rate, hasBias: true)
    var values: [Float] = try TestNumbers.leaf([c.rows, c.size], seed: 4).values()
    values[5 * c.size] = .nan
    let rows = try Tensor(values, shape: [c.rows, c.size]), layers = try layers(c)
    try rows.setRequiresGradient(true)
    let output = try run(c, rows, layers), found = try gradients(output, of: [rows])[0]
    for (values, broken) in [(output, 1..<2), (found, 4..<7)] {
      let width = c.size, numbers: [Float] = try values.values()
      for row in 0..<numbers.count / width {
        let isBroken = numbers[row * width..<(row + 1) * width].contains { $0.isNaN }
        #expect(isBroken == broken.contains(row), "row \(row)")
      }
    }
  }

  @Test func whatDoesNotFit() throws {
    let c = Case(lengths: [2, 1], heads: 2, width: 4, rate: 0, hasBias: true)
    let layers = try layers(c), rows = try Tensor.zeros([3, 8]), first = try Tensor.zeros([2, 8])
    func run(_ first: Tensor, _ rows: Tensor, _ layers: [Linear], _ offsets: [Int], heads: Int = 2) throws -> Tensor {
      try firstRowAttention(first, of: rows, query: layers[0], key: layers[1], value: layers[2], offsets: offsets, heads: heads)
    }
    #expect(try run(first, rows, layers, [0, 2, 3]).shape == [2, 8])
    #expect(throws: TensorError.self) { try run(first, rows, layers, [0, 2, 2]) }
    #expect(throws: TensorError.self) { try run(first, rows, layers, [0, 2, 4]) }
    #expect(throws: TensorError.self) { try run(rows, rows, layers, [0, 2, 3]) }
    #expect(throws: TensorError.self) { try run(first, rows, layers, [0, 2, 3], heads: 3) }
    #expect(throws: TensorError.self) { try run(first, rows, [Linear(8, 4)] + layers.dropFirst(), [0, 2, 3]) }
    #expect(throws: TensorError.self) { try run(first, rows, [Linear(8, 8, bias: false)] + layers.dropFirst(), [0, 2, 3]) }
  }
}
