import Foundation
import Host
import PluginAPI
import Testing

/// A tiny network and what PyTorch finds of its loss; see Tests/Parity/README.md.
struct LandscapeFixture {
  let tensors: [String: Tensor]
  let names: [String]
  let radius, adaptiveRadius: Double
  let steps: Int

  init() throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Parity/Fixtures/landscape.safetensors").path
    let (tensors, metadata) = try Safetensors.read(path)
    self.tensors = tensors
    names = try JSONDecoder().decode([String].self, from: Data(#require(metadata["parameters"]).utf8))
    radius = try #require(metadata["radius"].flatMap { Double($0) })
    adaptiveRadius = try #require(metadata["adaptive_radius"].flatMap { Double($0) })
    steps = try #require(metadata["steps"].flatMap { Int($0) })
  }

  subscript(name: String) -> Tensor {
    get throws { try #require(tensors[name]) }
  }

  func number(_ name: String) throws -> Double { try self[name].item() }

  /// The loss over batches of 8, 8 and 4 examples: they must count by their examples.
  ///
  /// - Parameter opaque: the hidden layer is a function without a second derivative.
  func loss(_ dtype: DType, opaque: Bool = false) throws -> LossFunction {
    let parameters = try names.map { name in
      let tensor = try self["weight.\(name)"].to(dtype).clone()
      try tensor.setRequiresGradient(true)
      return tensor
    }
    let input = try self["input"].to(dtype), labels = try self["labels"]
    let batches = [0..<8, 8..<16, 16..<20].map { range in
      LossFunction.Batch(examples: range.count) {
        let x = try linear(input.slice(range), parameters[0], parameters[1])
        let hidden = try opaque ? Self.opaqueTanh(x) : x.tanh()
        return try crossEntropy(linear(hidden, parameters[2], parameters[3]), labels.slice(range))
      }
    }
    return LossFunction(parameters, batches)
  }

  private static func opaqueTanh(_ x: Tensor) throws -> Tensor {
    try customFunction("opaqueTanh", [x]) {
      let y = try x.tanh()
      return ([y], { gradients in [try gradients[0].map { try $0 * (1 - y * y) }] })
    }[0]
  }
}

/// max |a - b| / max |b|, in float64.
func relativeError(_ a: Tensor, _ b: Tensor) throws -> Double {
  let a = try a.detached().to(.float64), b = try b.detached().to(.float64)
  try #require(a.shape == b.shape)
  let scale = try b.abs().max().item()
  let error = try (a - b).abs().max().item()
  return scale == 0 ? error : error / scale
}
