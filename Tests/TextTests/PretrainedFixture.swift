import Foundation
import PluginAPI
import Testing
import Text

/// What Tests/Parity/make_text_models.py and make_text_baselines.py wrote, and the formula both sides fill tensors with.
struct PretrainedFixture {
  let tensors: [String: Tensor]
  let metadata: [String: String]

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Parity/Fixtures").path
  static let families = ["roberta", "bert", "distilbert", "albert", "gpt2"]
  static var classifiers: [String] { families.filter { $0 != "gpt2" } }

  /// The stored checkpoint of a family.
  static func checkpoint(_ family: String) -> String { "\(folder)/text-models/\(family)" }

  init(_ name: String = "text-models") throws {
    (tensors, metadata) = try Safetensors.read("\(Self.folder)/\(name).safetensors")
  }

  func tensor(_ name: String) throws -> Tensor { try #require(tensors[name], "no \(name) in the fixture") }

  func value<T: Decodable>(_ key: String, _ type: T.Type = T.self) throws -> T {
    try JSONDecoder().decode(T.self, from: Data(try #require(metadata[key], "no \(key)").utf8))
  }

  /// The packed batch of the tokens; segments where the family has them.
  func batch(_ family: String = "", prefix: String = "") throws -> TokenBatch {
    let lengths: [Int] = try value("\(prefix)lengths")
    let offsets = lengths.reduce(into: [0]) { $0.append(($0.last ?? 0) + $1) }
    let name = prefix.isEmpty ? "tokens" : "\(family)/\(prefix)tokens"
    let hasSegments = ["bert", "albert"].contains(family)
    // 0 in the first half of each sequence, then 1.
    let segments = lengths.flatMap { length in (0..<length).map { Int64($0 >= (length + 1) / 2 ? 1 : 0) } }
    return try TokenBatch(tokens: tensor(name), offsets: offsets, segments: hasSegments ? Tensor(segments) : nil)
  }

  /// (7 i + i div 3 + 3) mod classes, int64 `[count]`.
  static func labels(_ count: Int, _ classes: Int) throws -> Tensor {
    try Tensor((0..<count).map { Int64((7 * $0 + $0 / 3 + 3) % classes) })
  }

  /// The token behind each, -100 behind the last of a sequence.
  static func nextTokens(_ batch: TokenBatch) throws -> Tensor {
    let tokens = try batch.tokens.values(Int64.self)
    let last = Set(batch.offsets.dropFirst().map { $0 - 1 })
    return try Tensor(tokens.indices.map { last.contains($0) ? -100 : tokens[$0 + 1] })
  }

  /// max |actual - expected| / max |expected|; infinite for another shape or a NaN.
  static func error(_ actual: Tensor, _ expected: Tensor) throws -> Double {
    guard actual.shape == expected.shape else { return .infinity }
    let (a, b) = (try actual.detached().to(.float64).values(Double.self), try expected.to(.float64).values(Double.self))
    let largest = b.reduce(0) { max($0, abs($1)) }
    let difference = zip(a, b).reduce(0.0) { worst, pair in
      let gap = abs(pair.0 - pair.1)
      return gap.isFinite ? max(worst, gap) : .infinity
    }
    return largest > 0 ? difference / largest : difference
  }

  // MARK: The formula (Tests/Parity/README.md)

  static func fnv1a32(_ text: String) -> UInt32 {
    text.utf8.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
  }

  static func unit(_ digest: UInt32, _ index: Int) -> Double {
    var h = UInt32(truncatingIfNeeded: index) &* 2_654_435_761 &+ digest
    h = (h ^ h >> 16) &* 0x85EB_CA6B
    h = (h ^ h >> 13) &* 0xC2B2_AE35
    return Double(h ^ h >> 16) / 2_147_483_648 - 1
  }

  static func values(_ path: String, _ count: Int, scale: Double = 1) -> [Float] {
    let digest = fnv1a32(path)
    return (0..<count).map { Float(scale * unit(digest, $0)) }
  }

  /// Fills every tensor by its path, or those of `paths`.
  static func fill(_ module: some Module, gain: Double, where isChosen: (String) -> Bool = { _ in true }) throws {
    for item in module.tensors() where isChosen(item.path) {
      let shape = item.tensor.shape, digest = fnv1a32(item.path)
      let (scale, base) =
        shape.count >= 2
        ? ((3 / Double(shape.dropFirst().reduce(1, *))).squareRoot() * gain, 0.0)
        : item.path.hasSuffix("bias") ? (0.1, 0.0) : (0.1, 1.0)
      let source = try Tensor.empty(shape)
      try source.withMemory(of: Float.self) { memory in
        nonisolated(unsafe) let memory = memory
        try LibTorch.parallelFor(0..<source.count, grain: 1 << 14) { part in
          for index in part { memory[index] = Float(base + scale * unit(digest, index)) }
        }
      }
      try item.tensor.copy(from: source)
    }
  }
}

/// A pretrained model of any family, behind one face.
struct AnyPretrained {
  let module: any Module
  let forward: (TokenBatch, Mode) throws -> Tensor

  init<M: Model>(_ model: M) where M.Input == TokenBatch {
    module = model
    forward = { try model($0, $1).prediction }
  }

  /// - Parameters:
  ///   - settings: as `--set model.NAME=VALUE`.
  ///   - seed: of the fresh weights; nil: they are filled elsewhere.
  static func make(
    _ family: String, _ settings: [String: String], shape: TokenBatch.Shape, task: Task, seed: UInt64? = 1
  ) throws -> AnyPretrained {
    func options<O: Options>(_ type: O.Type) throws -> O { try O(settings: settings, of: "model \(family)") }
    let result =
      switch family {
      case "roberta": AnyPretrained(try RobertaClassifier(options(EncoderOptions.self), shape: shape, task: task))
      case "bert": AnyPretrained(try BERTClassifier(options(EncoderOptions.self), shape: shape, task: task))
      case "distilbert": AnyPretrained(try DistilBERTClassifier(options(EncoderOptions.self), shape: shape, task: task))
      case "albert": AnyPretrained(try ALBERTClassifier(options(EncoderOptions.self), shape: shape, task: task))
      default: AnyPretrained(try GPT2(options(GPT2.ModelOptions.self), shape: shape, task: task))
      }
    if let seed { try result.module.initialize(Random(seed: seed)) }
    return result
  }

  static let shape = TokenBatch.Shape(vocabulary: 40, length: 16)

  /// The model of the stored checkpoint, or of another folder.
  static func stored(
    _ family: String, folder: String? = nil, _ settings: [String: String] = [:], shape: TokenBatch.Shape? = nil,
    task: Task? = nil
  ) throws -> AnyPretrained {
    let shape = shape ?? TokenBatch.Shape(vocabulary: 40, length: 16, padding: family == "roberta" ? 1 : 0)
    return try make(
      family, settings.merging(["checkpoint": folder ?? PretrainedFixture.checkpoint(family)]) { mine, _ in mine },
      shape: shape, task: task ?? (family == "gpt2" ? .nextToken(vocabulary: 40) : .classification(classes: 3)))
  }

  func predict(_ batch: TokenBatch) throws -> Tensor {
    try LibTorch.withoutGradient { try forward(batch, .evaluate) }
  }

  static var training: Mode { .train(RandomStream(Random(seed: 0))) }
  static let noDropout = ["dropout": "0", "attentionDropout": "0", "headDropout": "0"]
}
