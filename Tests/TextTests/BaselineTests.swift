import Foundation
import PluginAPI
import Testing
import Text

/// TextCNN, BiLSTM and rotary positions against PyTorch (Tests/Parity/make_text_baselines.py), and kernels against their twins.
@Suite("Text baselines")
struct BaselineTests {
  static let shape = TokenBatch.Shape(vocabulary: 40, length: 16)
  static let task = Task.classification(classes: 3)

  static func textCNN(_ settings: [String: String] = [:]) throws -> TextCNN {
    let small = ["embedding": "6", "filters": "5", "widths": "2,3,5", "dropout": "0"].merging(settings) { $1 }
    let model = try TextCNN(.init(settings: small, of: "model textcnn"), shape: shape, task: task)
    try model.initialize(Random(seed: 1))
    return model
  }

  static func biLSTM(_ settings: [String: String] = [:]) throws -> BiLSTM {
    let small = ["embedding": "6", "hidden": "4", "dropout": "0"].merging(settings) { $1 }
    let model = try BiLSTM(.init(settings: small, of: "model bilstm"), shape: shape, task: task)
    try model.initialize(Random(seed: 1))
    return model
  }

  static func check<M: Model>(_ name: String, _ model: M) throws where M.Input == TokenBatch {
    let fixture = try PretrainedFixture("text-baselines")
    let tolerance: Double = try fixture.value("tolerance")
    try PretrainedFixture.fill(model, gain: fixture.value("gain"))
    let batch = try fixture.batch()
    let logits = try model(batch, AnyPretrained.training).prediction
    let loss = try crossEntropy(logits, PretrainedFixture.labels(batch.count, 3))
    try loss.backward()
    let gradients = try model.tensors().map { ("grad.\($0.path)", try #require(try $0.tensor.gradient(), "\($0.path)")) }
    let expected = fixture.tensors.keys.filter { $0.hasPrefix("\(name)/") }
    #expect(expected.count == gradients.count + 2)
    for (key, tensor) in [("logits", logits), ("loss", loss)] + gradients {
      let error = try PretrainedFixture.error(tensor, fixture.tensor("\(name)/\(key)"))
      #expect(error < tolerance, "\(name): \(key) by \(error)")
    }
    #expect(try PretrainedFixture.error(model(batch, .evaluate).prediction, fixture.tensor("\(name)/logits")) < tolerance)
  }

  @Test func textCNNIsTheReference() throws { try Self.check("textcnn", Self.textCNN()) }

  @Test(arguments: ["max", "mean", "last"])
  func biLSTMIsTheReference(pooling: String) throws {
    try Self.check("bilstm-\(pooling)", Self.biLSTM(["pooling": pooling, "layers": pooling == "mean" ? "2" : "1"]))
  }

  @Test func rotaryPositionsAreTheReference() throws {
    let fixture = try PretrainedFixture("text-baselines")
    let offsets = try fixture.batch().offsets
    let (heads, width): (Int, Int) = (try fixture.value("heads"), try fixture.value("width"))
    let rotary = RotaryPositions(heads: heads, width: width, places: 16)
    let count = offsets[offsets.count - 1] * heads * width
    let weights = try Tensor(PretrainedFixture.values("text.rotary.weights", count), shape: [offsets[offsets.count - 1], heads * width])
    for isPlain in [false, true] {
      let rows = try Tensor(PretrainedFixture.values("text.rotary", count), shape: weights.shape)
      try rows.setRequiresGradient(true)
      let turned = try isPlain ? rotary.plainly(rows, offsets: offsets) : rotary(rows, offsets: offsets)
      #expect(try PretrainedFixture.error(turned, fixture.tensor("rotary/turned")) < 1e-5)
      try (turned * weights).sum().backward()
      #expect(try PretrainedFixture.error(#require(try rows.gradient()), fixture.tensor("rotary/grad.rows")) < 1e-5)
    }
    let rows = try Tensor.zeros([17, heads * width])
    #expect(throws: TensorError.self) { try rotary(rows, offsets: [0, 17]) }
    #expect(throws: TensorError.self) { try rotary(rows, offsets: [0, 16]) }
  }

  /// The product of a turned query and a turned key depends on their distance alone.
  @Test func rotaryProductsDependOnTheDistance() throws {
    let rotary = RotaryPositions(heads: 1, width: 6, places: 30)
    let (q, k) = (PretrainedFixture.values("q", 6), PretrainedFixture.values("k", 6))
    let queries = try rotary(Tensor((0..<30).flatMap { _ in q }, shape: [30, 6]), offsets: [0, 30])
    let keys = try rotary(Tensor((0..<30).flatMap { _ in k }, shape: [30, 6]), offsets: [0, 30])
    let scores: [Float] = try queries.matmul(keys.transposed()).values()
    for row in 0..<29 {
      for column in 0..<29 { #expect(abs(scores[row * 30 + column] - scores[(row + 1) * 30 + column + 1]) < 1e-5) }
    }
    #expect(abs(scores[1] - scores[5]) > 1e-3)
  }

  // MARK: Twins

  /// Sequences of random lengths, one of a single row among them.
  static func offsets(_ seed: UInt64, count: Int = 7) -> [Int] {
    var random = TestRandom(state: seed)
    return (0..<count).reduce(into: [0]) { $0.append($0[$0.count - 1] + ($1 == 2 ? 1 : 1 + random.below(12))) }
  }

  @Test(arguments: 0..<6 as Range<UInt64>)
  func maximumOverTimeEqualsItsTwin(seed: UInt64) throws {
    let offsets = Self.offsets(seed)
    let rows = offsets[offsets.count - 1]
    let maximum = MaximumOverTime(filters: 9, widths: [1, 3, 4])
    func gradients(_ isPlain: Bool) throws -> [Tensor] {
      let x = try Tensor(PretrainedFixture.values("x\(seed)", rows * 5), shape: [rows, 5])
      let weights = try maximum.widths.map {
        try Tensor(PretrainedFixture.values("w\(seed).\($0)", 45 * $0), shape: [9, 5, $0])
      }
      for tensor in [x] + weights { try tensor.setRequiresGradient(true) }
      let greatest = try isPlain ? maximum.plainly(x, weights, offsets: offsets) : maximum(x, weights, offsets: offsets)
      let factors = try Tensor(PretrainedFixture.values("f\(seed)", greatest.count), shape: greatest.shape)
      try (greatest * relu(factors)).sum().backward()
      return try [greatest.detached()] + ([x] + weights).map { try #require(try $0.gradient()) }
    }
    for (fast, plain) in zip(try gradients(false), try gradients(true)) {
      #expect(try PretrainedFixture.error(fast, plain) < 1e-5)
    }
  }

  @Test func greatestOfSequencesByHand() throws {
    let rows = try Tensor([1, 5, 3, 2, 3, 9, 0, 0, -4, -1] as [Float], shape: [5, 2])
    try rows.setRequiresGradient(true)
    let greatest = try greatestOfSequences(rows, offsets: [0, 3, 5])
    #expect(try greatest.values(Float.self) == [3, 9, 0, 0])
    try greatest.sum().backward()
    #expect(try #require(try rows.gradient()).values(Float.self) == [0, 0, 1, 0, 0, 1, 1, 1, 0, 0])
    #expect(throws: TensorError.self) { try greatestOfSequences(rows, offsets: [0, 0, 5]) }
    #expect(throws: TensorError.self) { try greatestOfSequences(rows, offsets: [0, 4]) }
  }

  /// No prediction depends on the other sequences of a batch.
  @Test func othersChangeNothing() throws {
    let sequences: [[Int64]] = [[2, 9, 4, 7, 7, 3], [5], [2, 2, 8], [30, 31, 32, 33, 34, 35, 36, 37, 38, 39]]
    let batch = try TokenBatch(sequences)
    for model in [AnyPretrained(try Self.textCNN()), AnyPretrained(try Self.biLSTM(["layers": "2", "pooling": "last"]))] {
      let together = try model.predict(batch)
      for (index, sequence) in sequences.enumerated() {
        #expect(try PretrainedFixture.error(model.predict(TokenBatch([sequence])), together.slice(index..<index + 1)) < 1e-5)
      }
    }
  }

  /// Second derivatives, which `sharpness` needs, exist for both.
  @Test func secondDerivatives() throws {
    let batch = try TokenBatch([[2, 9, 4, 7], [5, 6]])
    for model in [AnyPretrained(try Self.textCNN()), AnyPretrained(try Self.biLSTM())] {
      let tensors = model.module.tensors().map(\.tensor)
      try LibTorch.withSecondDerivatives {
        let loss = try crossEntropy(model.forward(batch, .evaluate), Tensor([0, 1] as [Int64]))
        let gradients = try loss.gradients(of: tensors, createGraph: true)
        let norm = try gradients.compactMap { try $0.map { try ($0 * $0).sum() } }.reduce(Tensor(scalar: Float(0))) { try $0 + $1 }
        let second = try norm.gradients(of: tensors)
        #expect(try second.contains { try $0.map { try $0.abs().max().item() > 1e-6 } ?? false })
      }
    }
  }

  @Test func badOptions() throws {
    for widths in ["", "3,", "x", "0", "3,65", "-1"] {
      let error = ReaderTestData.failure { try Self.textCNN(["widths": widths]) }
      #expect(error?.kind == .usage && error?.description.contains("3,4,5") == true, "\(widths)")
    }
    let task = Task.nextToken(vocabulary: 40)
    #expect(ReaderTestData.failure { try TextCNN(.init(), shape: Self.shape, task: task) }?.kind == .usage)
    #expect(ReaderTestData.failure { try BiLSTM(.init(), shape: Self.shape, task: task) }?.kind == .usage)
  }

  /// Both learn which of two words comes first, which a bag of words cannot.
  @Test func theyLearnTheOrderOfWords() throws {
    var random = TestRandom(state: 3)
    var sequences: [[Int64]] = [], labels: [Int64] = []
    for index in 0..<64 {
      let filler = (0..<3 + random.below(4)).map { _ in Int64(10 + random.below(5)) }
      sequences.append([2] + filler + (index % 2 == 0 ? [5, 6] : [6, 5]) + [Int64(12)])
      labels.append(Int64(index % 2))
    }
    let batch = try TokenBatch(sequences), target = try Tensor(labels)
    for model in [AnyPretrained(try Self.textCNN()), AnyPretrained(try Self.biLSTM())] {
      for _ in 0..<150 {
        try crossEntropy(model.forward(batch, AnyPretrained.training), target).backward()
        for item in model.module.tensors() {
          if let gradient = try item.tensor.gradient() { try item.tensor.add(gradient, scale: -1) }
          try item.tensor.clearGradient()
        }
      }
      let right = try model.predict(batch).argmax(-1).equals(target).sum().item()
      #expect(right >= 62, "\(type(of: model.module)): \(right) of 64")
    }
  }

  // MARK: The transformer with rotary positions

  static func rotaryTransformer() throws -> TransformerClassifier {
    let settings = ["size": "12", "heads": "2", "layers": "2", "dropout": "0", "positions": "rotary"]
    let model = try TransformerClassifier(.init(settings: settings, of: "model transformer"), shape: shape, task: task)
    try model.initialize(Random(seed: 1))
    for item in model.tensors() where item.tensor.dimensions >= 2 { try item.tensor.multiply(by: 3) }
    return model
  }

  /// Without a table of positions the order of words tells, by their distances.
  @Test func rotaryTransformerReadsTheOrder() throws {
    let model = try Self.rotaryTransformer()
    #expect(!model.tensors().contains { $0.path.hasPrefix("position") })
    func logits(_ sequences: [[Int64]]) throws -> Tensor { try AnyPretrained(model).predict(TokenBatch(sequences)) }
    let there = try logits([[2, 9, 4, 7, 30], [3]]), back = try logits([[30, 7, 4, 9, 2], [3]])
    #expect(try (there.select(0) - back.select(0)).abs().max().item() > 1e-3)
    #expect(try PretrainedFixture.error(logits([[2, 9, 4, 7, 30]]), there.slice(0..<1)) < 1e-5)
    let odd = ReaderTestData.failure {
      try TransformerClassifier(
        .init(settings: ["size": "9", "heads": "3", "positions": "rotary"], of: "model transformer"), shape: Self.shape, task: Self.task)
    }
    #expect(odd?.kind == .usage)
  }

  /// Its gradients by the kernel are those by LibTorch's operators.
  @Test func rotaryTransformersGradients() throws {
    let batch = try TokenBatch([[2, 9, 4, 7], [5, 6], [3]])
    func gradients(plainly: Bool) throws -> [Tensor] {
      let model = try Self.rotaryTransformer()
      let tensors = model.tensors().map(\.tensor)
      func loss() throws -> Tensor {
        try crossEntropy(model(batch, AnyPretrained.training).prediction, Tensor([0, 1, 2] as [Int64]))
      }
      // Wanting second derivatives takes the plain way everywhere.
      let found = plainly
        ? try LibTorch.withSecondDerivatives { try loss().gradients(of: tensors) } : try loss().gradients(of: tensors)
      return try found.map { try #require($0) }
    }
    for (fast, plain) in zip(try gradients(plainly: false), try gradients(plainly: true)) {
      #expect(try PretrainedFixture.error(fast, plain) < 1e-4)
    }
  }
}
