import Foundation
import PluginAPI
import Testing
import Vision

/// Every network, made narrow, against PyTorch's float64: in float32 over one step, in float64 over 20 steps of SGD; and the names
/// and counts of the published ones.
@Suite(.serialized) struct ParityNetworkTests {
  private struct Case: Decodable {
    var model: String
    var settings: [String: String]
    /// Of the batch.
    var shape: [Int]
    var input: String
    var rate: Double
    /// What float32 is compared in.
    var float32: [String]
    /// One picture for evaluation mode.
    var fixedShape: [Int]
    var fixedInput: String
  }

  private struct Fixture {
    let tensors: [String: Tensor]
    let cases: [String: Case]
    let gain, tolerance, float32Tolerance, vanishing: Double
    let steps, classes: Int

    init() throws {
      let (tensors, metadata) = try Safetensors.read(ParityFixture.folder + "/vision-models.safetensors")
      func value<T: Decodable>(_ key: String, _ type: T.Type) throws -> T {
        try JSONDecoder().decode(T.self, from: Data(try #require(metadata[key]).utf8))
      }
      self.tensors = tensors
      cases = try value("cases", [String: Case].self)
      gain = try value("gain", Double.self)
      tolerance = try value("tolerance", Double.self)
      float32Tolerance = try value("float32Tolerance", Double.self)
      vanishing = try value("vanishingBelow", Double.self)
      steps = try value("steps", Int.self)
      classes = try value("classes", Int.self)
    }
  }

  private static func entry(_ name: String) throws -> ModelEntry {
    var registry = Registry(module: "vision", domain: "vision")
    VisionModule().register(in: &registry)
    return try #require(registry.models.first { $0.name == name }, "no model \(name)")
  }

  @Test(arguments: [DType.float32, .float64]) func stepsOfEveryNetwork(dtype: DType) throws {
    let fixture = try Fixture()
    #expect(fixture.cases.count >= 29 && fixture.cases.values.count { $0.float32.contains("gradients") } >= 15)
    for (name, item) in fixture.cases.sorted(by: { $0.key < $1.key }) { try compare(name, item, dtype, fixture) }
  }

  /// float32: logits, loss and gradients of the first step; float64: all steps too, and what they end with.
  private func compare(_ name: String, _ item: Case, _ dtype: DType, _ fixture: Fixture) throws {
    let shape = ImageBatch.Shape(channels: item.shape[1], height: item.shape[2], width: item.shape[3])
    let loaded = try Self.entry(item.model).make(item.settings, shape: "\(shape)", classes: fixture.classes)
    let model = try #require(loaded.module as? any Model<ImageBatch>)
    let tensors = model.tensors()
    try model.initialize(Random(seed: 0))
    for tensor in tensors where tensor.role == .parameter {
      let shape = tensor.tensor.shape
      try tensor.tensor.copy(from: Tensor(ParityFormula.parameter(tensor.path, shape, gain: fixture.gain), shape: shape))
    }
    if dtype != .float32 {
      let setData = Operator("aten::set_data")
      for item in tensors where item.role != .counter {
        try setData.run(.tensor(item.tensor), .tensor(item.tensor.detached().to(dtype)))
      }
    }
    let parameters = tensors.filter { $0.role == .parameter }
    func pictures(_ path: String, _ shape: [Int]) throws -> ImageBatch {
      ImageBatch(try Tensor(ParityFormula.pictures(path, shape), shape: shape).channelsLast().to(dtype))
    }
    let batch = try pictures(item.input, item.shape)
    let labels = try Tensor(ParityFormula.labels(item.shape[0], classes: fixture.classes))

    var errors: [(key: String, error: Double)] = []
    func expected(_ key: String) throws -> Tensor { try #require(fixture.tensors["\(name)/\(key)"], "\(name)/\(key)") }
    func check(_ key: String, _ actual: Tensor) throws {
      errors.append((key, ParityFixture.relativeError(try ParityFixture.doubles(actual), try ParityFixture.doubles(expected(key)))))
    }
    func check(_ key: String, _ actual: [(path: String, tensor: Tensor)]) throws {
      let rows = try ParityFixture.doubles(expected(key))
      let sorted = actual.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
      try #require(rows.count == 3 * sorted.count, "\(name): \(key) of \(sorted.count) tensors, the fixture has \(rows.count / 3)")
      let largest = stride(from: 0, to: rows.count, by: 3).map { rows[$0] }.max() ?? 0
      for (index, item) in sorted.enumerated() {
        let norm = rows[3 * index] > fixture.vanishing * largest ? rows[3 * index] : largest
        let digest = try Self.digest(item.path, item.tensor)
        for (mine, theirs) in zip(digest, rows[(3 * index)..<(3 * index + 3)]) {
          errors.append(("\(key) of \(item.path)", abs(mine - theirs) / norm))
        }
      }
    }

    let digest = ParityFormula.fnv1a32("vision.weights")
    let weights = try Tensor((0..<fixture.classes).map { Float(ParityFormula.unit(digest, $0)) }).to(dtype)
    let fixed = try model(pictures(item.fixedInput, item.fixedShape), .evaluate).prediction
    try (fixed * weights).sum().backward()
    try check("fixed.logits", fixed)
    try check("fixed.gradients", parameters.map { ($0.path, try #require(try $0.tensor.gradient(), "\($0.path)")) })
    for parameter in parameters { try parameter.tensor.clearGradient() }

    var losses: [Double] = []
    for step in 0..<(dtype == .float32 ? 1 : fixture.steps) {
      let logits = try model(batch, .train(RandomStream(Random(seed: 0)))).prediction
      let loss = try crossEntropy(logits, labels)
      try loss.backward()
      losses.append(try loss.item())
      if step == 0 {
        if dtype == .float64 || item.float32.contains("logits") { try check("logits", logits) }
        if dtype == .float64 || item.float32.contains("gradients") {
          try check("gradients", parameters.map { ($0.path, try #require(try $0.tensor.gradient(), "\($0.path)")) })
        }
      }
      try LibTorch.withoutGradient {
        for parameter in parameters {
          try parameter.tensor.copy(from: parameter.tensor - #require(try parameter.tensor.gradient()) * item.rate)
          try parameter.tensor.clearGradient()
        }
      }
    }
    let expectedLosses = try ParityFixture.doubles(expected("losses"))
    for (step, (mine, theirs)) in zip(losses, expectedLosses).enumerated() where dtype == .float64 || item.float32.contains("logits") {
      errors.append(("loss of step \(step)", abs(mine - theirs) / abs(theirs)))
    }
    if dtype == .float64 {
      #expect(losses.count == expectedLosses.count)
      try check("trained", tensors.filter { $0.role != .counter }.map { ($0.path, $0.tensor) })
      try check("evaluation", LibTorch.withoutGradient { try model(batch, .evaluate).prediction })
    }

    let tolerance = dtype == .float32 ? fixture.float32Tolerance : fixture.tolerance
    let failures = errors.filter { !($0.error <= tolerance) }
    if !failures.isEmpty {
      let first = failures.prefix(5).map { "\($0.key) by \($0.error)" }
      Issue.record("\(name) in \(dtype): \(failures.count) of \(errors.count) differ: \(first)")
    }
    if let worst = errors.max(by: { $0.error < $1.error }) {
      print("parity \(name) \(dtype): \(errors.count) numbers, worst relative error \(worst.error) (\(worst.key))")
    }
  }

  /// The L2 norm, and the products with two pseudo-random vectors: an error anywhere shows.
  private static func digest(_ path: String, _ tensor: Tensor) throws -> [Double] {
    let values = try ParityFixture.doubles(tensor)
    let products = [1, 2].map { number in
      let probe = ParityFormula.fnv1a32("\(path).probe\(number)")
      return values.indices.reduce(0.0) { $0 + values[$1] * ParityFormula.unit(probe, $1) }
    }
    return [values.reduce(0) { $0 + $1 * $1 }.squareRoot()] + products
  }

  private struct Published: Decodable {
    var shape, names: String
    var classes, parameters: Int
    var settings: [String: String]
  }

  @Test func namesAndCountsArePublishedOnes() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: ParityFixture.folder + "/vision-names.json"))
    let published = try JSONDecoder().decode([String: Published].self, from: data)
    var registry = Registry(module: "vision", domain: "vision")
    VisionModule().register(in: &registry)
    #expect(Set(published.keys) == Set(registry.models.map(\.name)), "every registered network has a reference")
    for (name, reference) in published {
      let model = try Self.entry(name).make(reference.settings, shape: reference.shape, classes: reference.classes).module
      let tensors = model.tensors()
      let count = tensors.filter { $0.role == .parameter }.reduce(0) { $0 + $1.tensor.count }
      #expect(count == reference.parameters, "\(name)")
      let lines = tensors.filter { $0.role != .counter }.map { "\($0.path) \($0.tensor.shape)\n" }
        .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      let digest = String(ParityFormula.fnv1a32(lines.joined()), radix: 16)
      #expect(String(repeating: "0", count: 8 - digest.count) + digest == reference.names, "\(name): names or shapes differ")
    }
  }
}
