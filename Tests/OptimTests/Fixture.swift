import Foundation
import PluginAPI
import Testing

/// Files that PyTorch scripts made; see Tests/Parity/README.md.
enum Fixture {
  static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Parity/Fixtures/\(name)").path
  }

  static func tensors(_ name: String) throws -> (tensors: [String: Tensor], metadata: [String: String]) {
    try Safetensors.read(path("\(name).safetensors"))
  }

  static func json<T: Decodable>(_ name: String, as type: T.Type) throws -> T {
    try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: path("\(name).json"))))
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
