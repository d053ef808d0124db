import Foundation
import PluginAPI
import Testing

/// Attention within sequences against its definition in float64, one sequence and head at a time.
@Suite("Packed attention")
struct PackedAttentionTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var lengths: [Int], heads: Int, width: Int
    var causal = false, rate = 0.0
    var offsets: [Int] { lengths.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) } }
    var rows: Int { lengths.reduce(0, +) }
    var size: Int { heads * width }
    var testDescription: String { "\(lengths.prefix(4)) rows, \(heads) heads of \(width)\(causal ? ", causal" : "")\(rate > 0 ? ", dropout" : "")" }
  }

  /// Of some the weights are kept for the gradients, of others, longer than two heads are wide, they are computed again.
  static let cases: [Case] = [
    [7], [1, 1], [3, 0, 9, 16], [17, 15, 33], [53, 31], [200, 5], [1024], [300] + Array(repeating: 13, count: 40),
  ].enumerated().flatMap { index, lengths in
    let (heads, width) = [(2, 64), (3, 4), (1, 8), (2, 20), (4, 16), (2, 7), (1, 32), (1, 64)][index]
    return [(false, 0.0), (true, 0.0), (false, 0.3), (true, 0.3)].map {
      Case(lengths: lengths, heads: heads, width: width, causal: $0.0, rate: $0.1)
    }
  }

  static let random = Random(seed: 5)["attention"]

  /// Rows `[T, size]` each; any dtype. Random words as the kernels' header says.
  static func definition(_ c: Case, _ queries: Tensor, _ keys: Tensor, _ values: Tensor) throws -> Tensor {
    var sequences: [Tensor] = []
    var group = 0
    for (first, end) in zip(c.offsets, c.offsets.dropFirst()) where first < end {
      let length = end - first, groups = (length + 31) / 32
      var heads: [Tensor] = []
      for head in 0..<c.heads {
        func part(_ rows: Tensor) throws -> Tensor {
          try rows.slice(first..<end).slice(head * c.width..<(head + 1) * c.width, axis: 1)
        }
        var scores = try part(queries).matmul(part(keys).transposed()) * (1 / Double(c.width).squareRoot())
        if c.causal {
          let unseen = (0..<length).flatMap { row in (0..<length).map { $0 > row } }
          scores = try scores.filled(where: Tensor(unseen, shape: [length, length]), with: -.infinity)
        }
        var weights = try softmax(scores)
        if c.rate > 0 {
          let threshold = UInt32(c.rate * 4_294_967_295)
          let kept = (0..<length).flatMap { row -> [Double] in
            defer { group += groups }
            return random.words(group * 32..<group * 32 + length).map { $0 >= threshold ? 1 / (1 - c.rate) : 0 }
          }
          weights = try weights * Tensor(kept, shape: [length, length])
        }
        heads.append(try weights.matmul(part(values)))
      }
      sequences.append(try Tensor.concatenate(heads, axis: 1))
    }
    return try Tensor.concatenate(sequences)
  }

  private func gradients(_ output: Tensor, of inputs: [Tensor]) throws -> [Tensor] {
    let weights = try TestNumbers.tensor(output.shape, seed: 8).to(output.dtype)
    return try (output * weights).sum().gradients(of: inputs).map { try #require($0) }
  }

  private func wide(_ tensor: Tensor) throws -> Tensor {
    let wide = try tensor.detached().to(.float64)
    try wide.setRequiresGradient(true)
    return wide
  }

  @Test(arguments: cases)
  func threeTensors(c: Case) throws {
    let inputs = try (1...3).map { try TestNumbers.leaf([c.rows, c.size], seed: $0) }
    func run() throws -> Tensor {
      try packedAttention(
        inputs[0], inputs[1], inputs[2], offsets: c.offsets, heads: c.heads, causal: c.causal, dropout: c.rate,
        random: Self.random)
    }
    let wides = try inputs.map(wide)
    let expected = try Self.definition(c, wides[0], wides[1], wides[2])
    let expectedGradients = try gradients(expected, of: wides)
    for plainly in [false, true] {
      let output = try plainly ? LibTorch.withSecondDerivatives(run) : run()
      #expect(try relativeError(output.doubles(), expected.doubles()) < 5e-6, "plainly: \(plainly)")
      for (index, (found, right)) in zip(try gradients(output, of: inputs), expectedGradients).enumerated() {
        #expect(try relativeError(found.doubles(), right.doubles()) < 1e-5, "input \(index), plainly: \(plainly)")
      }
    }
  }

  @Test(arguments: cases)
  func oneProductAndItsBias(c: Case) throws {
    let rows = try TestNumbers.leaf([c.rows, 3 * c.size], seed: 4), bias = try TestNumbers.leaf([3 * c.size], seed: 5)
    func run() throws -> Tensor {
      try packedSelfAttention(
        rows, bias: bias, offsets: c.offsets, heads: c.heads, causal: c.causal, dropout: c.rate, random: Self.random)
    }
    let wides = try [wide(rows), wide(bias)]
    let parts = try (wides[0] + wides[1]).split(c.size, axis: 1)
    let expected = try Self.definition(c, parts[0], parts[1], parts[2])
    let expectedGradients = try gradients(expected, of: wides)
    for plainly in [false, true] {
      let output = try plainly ? LibTorch.withSecondDerivatives(run) : run()
      #expect(try relativeError(output.doubles(), expected.doubles()) < 5e-6, "plainly: \(plainly)")
      for (index, (found, right)) in zip(try gradients(output, of: [rows, bias]), expectedGradients).enumerated() {
        #expect(try relativeError(found.doubles(), right.doubles()) < 1e-5, "input \(index), plainly: \(plainly)")
      }
    }
  }

  @Test func theBitsDoNotDependOnTheNumberOfThreads() throws {
    let before = try LibTorch.threads()
    defer { try? LibTorch.setThreads(before) }
    let c = Case(lengths: [64, 3, 90, 17, 41, 128], heads: 4, width: 32, rate: 0.2)
    let rows = try TestNumbers.leaf([c.rows, 3 * c.size], seed: 4), bias = try TestNumbers.leaf([3 * c.size], seed: 5)
    var results: [[[Float]]] = []
    for threads in [1, 2, 3] {
      try LibTorch.setThreads(threads)
      let output = try packedSelfAttention(
        rows, bias: bias, offsets: c.offsets, heads: c.heads, dropout: c.rate, random: Self.random)
      results.append(try ([output] + gradients(output, of: [rows, bias])).map { try $0.values() })
    }
    #expect(results[0] == results[1] && results[0] == results[2])
  }

  @Test func greatScoresAndNumbersThatAreNone() throws {
    // exp of such scores would be infinite.
    let c = Case(lengths: [9], heads: 1, width: 8)
    let inputs = try (1...3).map { try TestNumbers.tensor([9, 8], seed: $0) * 200 }
    let output = try packedAttention(inputs[0], inputs[1], inputs[2], offsets: c.offsets, heads: 1)
    let wides = try inputs.map { try $0.to(.float64) }
    #expect(try relativeError(output.doubles(), Self.definition(c, wides[0], wides[1], wides[2]).doubles()) < 1e-3)
    // What is not a number shows in the rows that see it, and in no others.
    var spoiled = try inputs[1].values(Float.self)
    spoiled[5 * 8] = .nan
    let bad = try packedAttention(
      inputs[0], Tensor(spoiled, shape: [9, 8]), inputs[2], offsets: [0, 9], heads: 1, causal: true
    ).values(Float.self)
    #expect((0..<9).map { row in bad[row * 8..<(row + 1) * 8].allSatisfy(\.isNaN) } == (0..<9).map { $0 >= 5 })
    #expect(bad[..<40].allSatisfy { $0.isFinite })
  }

  @Test func otherTypes() throws {
    let c = Case(lengths: [4, 7], heads: 2, width: 6, causal: true, rate: 0.2)
    let inputs = try (1...3).map { try TestNumbers.tensor([11, 12], seed: $0).to(.float64) }
    let output = try packedAttention(
      inputs[0], inputs[1], inputs[2], offsets: c.offsets, heads: 2, causal: true, dropout: 0.2, random: Self.random)
    #expect(try output.dtype == .float64 && relativeError(output.doubles(), Self.definition(c, inputs[0], inputs[1], inputs[2]).doubles()) < 1e-7)
    let nothing = try Tensor.zeros([0, 12])
    #expect(try packedAttention(nothing, nothing, nothing, offsets: [0, 0], heads: 2).shape == [0, 12])
    #expect(try packedSelfAttention(Tensor.zeros([0, 12]), offsets: [0], heads: 2).shape == [0, 4])
  }

  @Test func whatDoesNotFit() throws {
    let rows = try TestNumbers.tensor([6, 12], seed: 1)
    func failure(_ body: () throws -> Tensor) -> String? {
      do { _ = try body(); return nil } catch { return "\(error)" }
    }
    for offsets in [[], [0], [0, 5], [0, 7], [1, 6], [0, 4, 3, 6]] as [[Int]] {
      #expect(failure { try packedAttention(rows, rows, rows, offsets: offsets, heads: 2) }?.contains("offsets") == true)
    }
    #expect(failure { try packedAttention(rows, rows, rows, offsets: [0, 6], heads: 5) }?.contains("5 heads") == true)
    #expect(failure { try packedAttention(rows, rows.slice(0..<5), rows, offsets: [0, 6], heads: 2) } != nil)
    #expect(failure { try packedSelfAttention(rows, offsets: [0, 6], heads: 3) } != nil)
    #expect(failure { try packedSelfAttention(rows, bias: Tensor.zeros([4]), offsets: [0, 6], heads: 2) } != nil)
  }

  @Test func sequencesAndTheirMeans() throws {
    let offsets = [0, 3, 3, 40, 41], rows = try TestNumbers.leaf([41, 10], seed: 1)
    let means = try meanOfSequences(rows, offsets: offsets)
    let expected = try Tensor.stack([
      rows.slice(0..<3).mean([0]), Tensor.zeros([10]), rows.slice(3..<40).mean([0]), rows.select(40),
    ])
    #expect(try relativeError(means.doubles(), expected.doubles()) < 1e-6)
    let found = try gradients(means, of: [rows])[0], right = try gradients(expected, of: [rows])[0]
    #expect(try relativeError(found.doubles(), right.doubles()) < 1e-6)
    let plain = try LibTorch.withSecondDerivatives { try meanOfSequences(rows, offsets: offsets) }
    #expect(try relativeError(plain.doubles(), expected.doubles()) < 1e-6)
    #expect(try relativeError(gradients(plain, of: [rows])[0].doubles(), right.doubles()) < 1e-6)
    let first = try firstOfSequences(rows, offsets: [0, 3, 40, 41])
    #expect(try first.values(Float.self) == Tensor.stack([rows.select(0), rows.select(3), rows.select(40)]).values(Float.self))
    #expect(throws: TensorError.self) { try firstOfSequences(rows, offsets: offsets) }
  }
}
