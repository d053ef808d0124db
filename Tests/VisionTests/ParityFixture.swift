import Foundation
import PluginAPI
import Testing

/// A fixture made with PyTorch by the scripts in Tests/Parity, and the formula both sides fill their tensors with.
struct ParityFixture {
  let tensors: [String: Tensor]
  let gain: Double
  /// Path and shape of the input.
  let inputPath: String
  let inputShape: [Int]
  let parameters: Int
  /// Parameters whose gradient is zero but for rounding.
  let vanishing: Set<String>
  /// The largest relative error of a correct program.
  let tolerance: Double
  /// The reference's names and shapes, where the fixture has them.
  let state: [String: [Int]]?

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Parity/Fixtures").path

  init(_ name: String) throws {
    let (tensors, metadata) = try Safetensors.read(Self.folder + "/\(name).safetensors")
    func value<T: Decodable>(_ key: String, _ type: T.Type) throws -> T {
      try JSONDecoder().decode(T.self, from: Data(try #require(metadata[key], "\(name) lacks \(key)").utf8))
    }
    self.tensors = tensors
    gain = try value("gain", Double.self)
    inputPath = try #require(metadata["input.path"])
    inputShape = try value("input.shape", [Int].self)
    parameters = try value("parameters", Int.self)
    vanishing = Set(try value("vanishing", [String].self))
    tolerance = try value("tolerance", Double.self)
    state = metadata["state"] == nil ? nil : try value("state", [String: [Int]].self)
  }

  func tensor(_ name: String) throws -> Tensor { try #require(tensors[name], "no \(name) in the fixture") }

  /// Fills every parameter by its path.
  func fill(_ module: some Module) throws {
    for item in module.tensors() where item.role == .parameter {
      let shape = item.tensor.shape
      try item.tensor.copy(
        from: Tensor(ParityFormula.parameter(item.path, shape, gain: gain), shape: shape))
    }
  }

  /// The input pictures, channels last as batches come.
  func pictures() throws -> Tensor {
    try Tensor(ParityFormula.pictures(inputPath, inputShape), shape: inputShape).channelsLast()
  }

  /// max |actual - expected| / max |expected|, in float64: the measure of every parity test.
  static func relativeError(_ actual: [Double], _ expected: [Double]) -> Double {
    guard actual.count == expected.count else { return .infinity }
    let largest = expected.reduce(0) { max($0, abs($1)) }
    let difference = zip(actual, expected).reduce(0.0) { worst, pair in
      let gap = abs(pair.0 - pair.1)
      // A NaN must not pass.
      return gap.isFinite ? max(worst, gap) : .infinity
    }
    return largest > 0 ? difference / largest : difference
  }

  /// The relative error of `actual` to what the fixture holds as `name`: all elements, or for large gradients the worst of
  /// 256 sampled elements (relative to the largest of the whole tensor: the sample of a convolution may be one weak channel),
  /// the L2 norm, and the sum relative to the sum of magnitudes (the sum itself may cancel).
  func error(_ name: String, _ actual: Tensor) throws -> Double {
    let values = try Self.doubles(actual)
    if let expected = tensors[name] {
      guard expected.shape == actual.shape else { return .infinity }
      return Self.relativeError(values, try Self.doubles(expected))
    }
    let summary = try Self.doubles(try tensor(name + ".summary"))
    try #require(summary.count == 2)
    let sample = try Self.doubles(try tensor(name + ".sample"))
    let sumError = abs(values.reduce(0, +) - summary[0]) / values.reduce(0) { $0 + abs($1) }
    let norm = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let step = values.count / sample.count
    let picked = sample.indices.map { values[$0 * step] }
    // Not max(): NaN must come through.
    let largest = values.reduce(0) { max($0, abs($1)) }
    let sampleError = Self.relativeError(picked + [largest], sample + [largest])
    return [sumError, Self.relativeError([norm], [summary[1]]), sampleError]
      .reduce(0) { $1 <= $0 ? $0 : $1 }
  }

  static func doubles(_ tensor: Tensor) throws -> [Double] { try tensor.detached().to(.float64).values() }
}

/// Tests/Parity/formula.py in Swift: the same bits.
enum ParityFormula {
  static func fnv1a32(_ text: String) -> UInt32 {
    text.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
  }

  /// In [-1, 1).
  static func unit(_ digest: UInt32, _ index: Int) -> Double {
    var h = UInt32(truncatingIfNeeded: index) &* 2_654_435_761 &+ digest
    h = (h ^ h >> 16) &* 0x85EB_CA6B
    h = (h ^ h >> 13) &* 0xC2B2_AE35
    return Double(h ^ h >> 16) / 2_147_483_648 - 1
  }

  static func parameter(_ path: String, _ shape: [Int], gain: Double) -> [Float] {
    let digest = fnv1a32(path)
    let count = shape.reduce(1, *)
    if shape.count >= 2 {
      let scale = (3 / Double(shape.dropFirst().reduce(1, *))).squareRoot() * gain
      return (0..<count).map { Float(scale * unit(digest, $0)) }
    }
    if path.hasSuffix("bias") { return (0..<count).map { Float(0.1 * unit(digest, $0)) } }
    return (0..<count).map { Float(1 + 0.1 * unit(digest, $0)) }
  }

  static func pictures(_ path: String, _ shape: [Int]) -> [Float] {
    let noise = fnv1a32(path), mean = fnv1a32(path + ".mean")
    let plane = shape[2] * shape[3]
    return (0..<shape.reduce(1, *)).map { Float(0.5 * unit(noise, $0) + unit(mean, $0 / plane)) }
  }

  static func labels(_ count: Int, classes: Int) -> [Int64] {
    (0..<count).map { Int64((7 * $0 + $0 / 3 + 3) % classes) }
  }
}
