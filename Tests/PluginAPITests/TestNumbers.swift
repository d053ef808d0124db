import PluginAPI
import Testing

/// Numbers that look random and are the same in every run, without the generator under test.
struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  /// From -1 to 1.
  mutating func signed() -> Double { Double(next() >> 11) * 0x1p-52 - 1 }
}

enum TestNumbers {
  static func doubles(_ count: Int, seed: UInt64) -> [Double] {
    var source = SplitMix(seed: seed)
    return (0..<count).map { _ in source.signed() }
  }

  /// A float32 tensor of numbers from -1 to 1.
  static func tensor(_ shape: [Int], seed: UInt64) throws -> Tensor {
    try Tensor(doubles(shape.reduce(1, *), seed: seed).map(Float.init), shape: shape)
  }

  /// The same, asking for its gradient.
  static func leaf(_ shape: [Int], seed: UInt64) throws -> Tensor {
    let tensor = try tensor(shape, seed: seed)
    try tensor.setRequiresGradient(true)
    return tensor
  }
}

extension Tensor {
  /// The elements of a tensor of any number type, in row-major order.
  func doubles() throws -> [Double] { try detached().to(.float64).values(Double.self) }
}

/// max |a - b| / max |b|; infinity where the counts differ or anything is NaN.
func relativeError(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count else { return .infinity }
  let scale = b.map(abs).max() ?? 0
  var greatest = 0.0
  for (x, y) in zip(a, b) {
    let difference = abs(x - y)
    guard difference.isFinite else { return .infinity }
    greatest = max(greatest, difference)
  }
  return scale == 0 ? greatest : greatest / scale
}

/// The derivative of `function` after each element of input `index`, by central differences. All inputs are float64.
func finiteDifferences(
  of inputs: [Tensor], index: Int, _ function: ([Tensor]) throws -> Double
) throws -> [Double] {
  let step = 1e-5
  let point = try inputs[index].values(Double.self)
  return try point.indices.map { element in
    func value(_ shift: Double) throws -> Double {
      var moved = point
      moved[element] += shift
      var arguments = inputs
      arguments[index] = try Tensor(moved, shape: inputs[index].shape)
      return try function(arguments)
    }
    return try (value(step) - value(-step)) / (2 * step)
  }
}

/// Compares a float32 layer and its gradients with a float64 `reference` written from the definition and its finite
/// differences.
func expectGradients(
  of leaves: [Tensor], layer: () throws -> Tensor, reference: ([Tensor]) throws -> Tensor,
  sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let output = try layer()
  let weights = try TestNumbers.tensor(output.shape, seed: 977)
  let wideWeights = try weights.to(.float64)
  let wide = try leaves.map { try $0.detached().to(.float64).contiguous() }
  #expect(try relativeError(output.doubles(), reference(wide).doubles()) < 1e-5, sourceLocation: sourceLocation)
  let found = try (output * weights).sum().gradients(of: leaves)
  for index in leaves.indices {
    let numeric = try finiteDifferences(of: wide, index: index) { try (reference($0) * wideWeights).sum().item() }
    let gradient = try #require(found[index], sourceLocation: sourceLocation)
    #expect(gradient.shape == leaves[index].shape, sourceLocation: sourceLocation)
    let error = try relativeError(gradient.doubles(), numeric)
    #expect(error < 5e-5, "input \(index)", sourceLocation: sourceLocation)
  }
}
