import Foundation
import Testing

/// `--init` with files that PyTorch wrote (Tests/Parity/make_published_weights.py).
@Suite("initial weights", .serialized) struct InitialWeightsTests {
  private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Parity/Fixtures").path
  private static let published = fixtures + "/densenet-published.safetensors"
  private static let parallel = fixtures + "/densenet-parallel.safetensors"

  /// A run that changes no weight by more than rounding.
  private func train(_ out: String, _ extra: String..., growth: Int = 4) -> [String] {
    [
      "train", "--model", "densenet-bc", "--dataset", "shapes", "--epochs", "1", "--batch-size", "16", "--lr", "1e-30", "--threads", "1",
      "--quiet", "--out", out, "--set", "model.depth=10", "--set", "model.growth=\(growth)", "--set", "dataset.size=16",
      "--set", "dataset.train=40", "--set", "dataset.test=10",
    ] + extra
  }

  private func isParameter(_ name: String) -> Bool {
    name.hasSuffix("weight") || name.hasSuffix("bias")
  }

  @Test("a state dict of PyTorch is taken as it is")
  func stateDict() throws {
    let space = try Workspace()
    try space.run(train("run", "--init", Self.published), expecting: 0)
    let given = try TensorFile(Data(contentsOf: URL(fileURLWithPath: Self.published)))
    let last = try TensorFile(space.data("run/weights/last.safetensors"))
    #expect(Set(given.tensors.keys) == Set(last.tensors.keys))
    for (name, tensor) in given.tensors where isParameter(name) { #expect(last.tensors[name] == tensor, "\(name)") }
  }

  @Test("float16, without counters, under the prefix of parallel training, for other classes")
  func parallel() throws {
    let space = try Workspace()
    try space.refused(
      train("run", "--init", Self.parallel), 65, saying: "densenet-parallel.safetensors", "2 of another shape",
      "classifier.weight [7, 9] instead of [10, 9]", "--init-fresh classifier")
    #expect(!space.exists("run"))
    try space.run(train("run", "--init", Self.parallel, "--init-fresh", "classifier"), expecting: 0)
    try space.run(train("fresh"), expecting: 0)
    let given = try TensorFile(Data(contentsOf: URL(fileURLWithPath: Self.parallel)))
    let last = try TensorFile(space.data("run/weights/last.safetensors"))
    let fresh = try TensorFile(space.data("fresh/weights/last.safetensors"))
    for (name, tensor) in last.tensors where isParameter(name) {
      if name.hasPrefix("classifier") {
        // (A bias of 0 takes even the smallest step.)
        if name.hasSuffix("weight") { #expect(tensor == fresh.tensors[name], "\(name) keeps what the seed gives it") }
      } else {
        // Widening is exact: the upper half of a float16 made float32 tells all.
        let half = try #require(given.tensors["module." + name])
        let widened = half.bytes.withUnsafeBytes { raw in
          (0..<(raw.count / 2)).map { Float(Float16(bitPattern: UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)))) }
        }
        #expect(tensor.bytes == widened.withUnsafeBytes { Data($0) }, "\(name)")
      }
    }
    #expect(try space.data("run/config.yaml").contains("initFresh: classifier".data(using: .utf8) ?? Data()))
  }

  @Test("what is missing and what is left over is listed")
  func mismatch() throws {
    let space = try Workspace()
    try space.refused(
      train("run", "--init", Self.published, growth: 6), 65, saying: "of another shape", "and", "of one with other options")
    try space.refused(
      ["train", "--model", "preresnet8", "--dataset", "shapes", "--set", "dataset.size=16", "--init", Self.published, "--out", "run"], 65,
      saying: "missing (", "that the model lacks (classifier.bias", "another model")
    try space.refused(train("run", "--init", Self.published, "--init-fresh", "head"), 64, saying: "no tensor 'head'")
    try space.refused(train("run", "--init-fresh", "classifier"), 64, saying: "--init")
  }
}

extension Data {
  fileprivate func contains(_ other: Data) -> Bool { range(of: other) != nil }
}
