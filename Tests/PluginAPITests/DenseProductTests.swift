import Foundation
import PluginAPI
import Testing

/// Linear layers of widths that take products of our own where the processor has them, against float64 and LibTorch's.
@Suite("Products of rows with a layer's weights")
struct DenseProductTests {
  /// Rows, inputs, outputs: more and less than a block of rows or depth, and every remainder of six rows.
  static let sizes = [
    [4096, 16, 16], [1051, 64, 32], [674, 48, 48], [129, 256, 112], [96, 272, 256], [97, 528, 32], [1027, 32, 1024], [300, 1024, 16],
    [64, 1024, 1024], [700, 80, 400],
    // Of these the last parts of the weights' gradients are in pieces.
    [1745, 256, 256], [1100, 128, 272], [1300, 160, 144],
  ]

  private func wide(_ tensors: [Tensor]) throws -> [Tensor] {
    try tensors.map {
      let wide = try $0.detached().to(.float64)
      try wide.setRequiresGradient(true)
      return wide
    }
  }

  private func gradients(_ output: Tensor, of inputs: [Tensor]) throws -> [Tensor] {
    let weights = try TestNumbers.tensor(output.shape, seed: 8).to(output.dtype)
    return try (output * weights).sum().gradients(of: inputs).map { try #require($0) }
  }

  @Test(arguments: sizes, [true, false])
  func linearAndItsGradients(size: [Int], hasBias: Bool) throws {
    let leaves = try [[size[0], size[1]], [size[2], size[1]], [size[2]]].enumerated().prefix(hasBias ? 3 : 2).map {
      try TestNumbers.leaf($0.element, seed: UInt64($0.offset + 1))
    }
    let wides = try wide(leaves)
    let product = try wides[0].matmul(wides[1].transposed())
    let expected = try hasBias ? product + wides[2] : product
    let right = try gradients(expected, of: wides)
    for plainly in [false, true] {
      func run() throws -> Tensor { try linear(leaves[0], leaves[1], hasBias ? leaves[2] : nil) }
      let output = try plainly ? LibTorch.withSecondDerivatives(run) : run()
      #expect(try relativeError(output.doubles(), expected.doubles()) < 2e-6, "plainly: \(plainly)")
      for (index, (found, right)) in zip(try gradients(output, of: leaves), right).enumerated() {
        #expect(try relativeError(found.doubles(), right.doubles()) < 4e-6, "input \(index), plainly: \(plainly)")
      }
    }
  }

  @Test(arguments: sizes, GELU.allCases)
  func activationWithinTheProduct(size: [Int], form: GELU) throws {
    let first = try Linear(32, size[1]), second = try Linear(size[1], size[2])
    for layer in [first, second] { try layer.initialize(Random(seed: 1)) }
    let x = try TestNumbers.leaf([size[0], 32], seed: 1)
    let leaves = [x, first.weight, second.weight] + (first.bias.map { [$0] } ?? [])
    let wides = try wide(leaves)
    func expect() throws -> Tensor {
      try linear(form(linear(wides[0], wides[1]), bias: wides[3]), wides[2])
    }
    let expected = try expect(), right = try gradients(expected, of: wides)
    let output = try feedForward(x, first, second, form)
    #expect(try relativeError(output.doubles(), expected.doubles()) < 4e-6)
    for (index, (found, right)) in zip(try gradients(output, of: leaves), right).enumerated() {
      #expect(try relativeError(found.doubles(), right.doubles()) < 1e-5, "input \(index)")
    }
    // Without recording there is one way fewer to keep what the activation was given.
    let again = try LibTorch.withoutGradient { try feedForward(x, first, second, form) }
    #expect(try again.values(Float.self) == output.values(Float.self))
  }

  /// On Intel's processors products are LibTorch's, which promises nothing of the kind.
  private static var areOwn: Bool {
    let processor = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    return processor.contains("fma") && !processor.contains("GenuineIntel")
  }

  @Test(.enabled(if: areOwn)) func theBitsDoNotDependOnTheNumberOfThreads() throws {
    let before = try LibTorch.threads()
    defer { try? LibTorch.setThreads(before) }
    for size in Self.sizes {
      let leaves = try [[size[0], size[1]], [size[2], size[1]], [size[2]]].enumerated().map {
        try TestNumbers.leaf($0.element, seed: UInt64($0.offset + 1))
      }
      var results: [[[Float]]] = []
      for threads in [1, 2, 3] {
        try LibTorch.setThreads(threads)
        // The bias's gradient is LibTorch's.
        let output = try linear(leaves[0], leaves[1], leaves[2])
        results.append(try ([output] + gradients(output, of: Array(leaves.prefix(2)))).map { try $0.values() })
      }
      #expect(results[0] == results[1] && results[0] == results[2], "\(size)")
    }
  }

  @Test func otherLayoutsAndTypes() throws {
    let x = try TestNumbers.tensor([64, 512], seed: 1), weight = try TestNumbers.tensor([64, 256], seed: 2)
    let turned = try x.transposed()
    let expected = try turned.to(.float64).matmul(x.to(.float64)).doubles()
    #expect(try relativeError(linear(turned, turned).doubles(), expected) < 2e-6)
    let columns = try x.slice(128..<384, axis: 1)
    #expect(try !columns.isContiguous && relativeError(
      linear(columns, weight).doubles(), columns.to(.float64).matmul(weight.to(.float64).transposed()).doubles()) < 2e-6)
    #expect(try linear(x.to(.float64), TestNumbers.tensor([64, 512], seed: 3).to(.float64)).dtype == .float64)
    #expect(try linear(Tensor.zeros([0, 64]), Tensor.zeros([64, 64])).shape == [0, 64])
    #expect(try linear(Tensor.zeros([4, 64, 64]), Tensor.zeros([64, 64])).shape == [4, 64, 64])
    #expect(throws: TensorError.self) { try linear(Tensor.zeros([512, 64]), Tensor.zeros([64, 48])) }
    #expect(throws: TensorError.self) { try linear(Tensor.zeros([512, 64]), Tensor.zeros([64, 64]), Tensor.zeros([63])) }
  }

  @Test func secondDerivativesNeedNoAsking() throws {
    let x = try TestNumbers.leaf([256, 64], seed: 1), weight = try TestNumbers.leaf([64, 64], seed: 2)
    func twice(_ x: Tensor, _ weight: Tensor) throws -> [Double] {
      let sum = try (linear(x, weight) * linear(x, weight)).sum()
      let gradient = try #require(try sum.gradients(of: [x], createGraph: true)[0])
      return try #require(try (gradient * gradient).sum().gradients(of: [weight])[0]).doubles()
    }
    let wides = try wide([x, weight])
    #expect(try relativeError(twice(x, weight), twice(wides[0], wides[1])) < 1e-5)
  }

  @Test func numbersThatAreNone() throws {
    var numbers = [Float](repeating: 1, count: 512 * 64)
    numbers[7 * 64 + 3] = .nan
    let output = try linear(Tensor(numbers, shape: [512, 64]), TestNumbers.tensor([64, 64], seed: 1)).values(Float.self)
    #expect((0..<512).filter { row in output[row * 64..<(row + 1) * 64].contains(where: \.isNaN) } == [7])
  }
}
