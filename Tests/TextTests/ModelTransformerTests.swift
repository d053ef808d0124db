import PluginAPI
import Testing
import Text

@Suite("Transformer")
struct ModelTransformerTests {
  typealias Settings = TransformerClassifier.ModelOptions
  static let shape = TokenBatch.Shape(vocabulary: 60, length: 20)

  static func model(
    _ settings: [String: String] = [:], shape: TokenBatch.Shape = shape, task: Task = .classification(classes: 3),
    seed: UInt64 = 1
  ) throws -> TransformerClassifier {
    let small = ["size": "16", "heads": "4", "layers": "2"].merging(settings) { $1 }
    let model = try TransformerClassifier(Settings(settings: small, of: "model transformer"), shape: shape, task: task)
    try model.initialize(Random(seed: seed))
    // Embeddings of the usual start are so small that a lost position or word would hardly show.
    try model.embedding.weight.multiply(by: 50)
    try model.position?.weight.multiply(by: 50)
    return model
  }

  static func batch(_ sentences: [[Int64]]) throws -> TokenBatch { try TokenBatch(sentences) }

  static func sentences(_ count: Int, seed: UInt64) -> [[Int64]] {
    var random = TestRandom(state: seed)
    return (0..<count).map { _ in [2] + (0..<random.below(18)).map { _ in Int64(3 + random.below(57)) } }
  }

  @Test(arguments: ["mean", "cls"])
  func otherSentencesChangeNothing(pooling: String) throws {
    let model = try Self.model(["pooling": pooling])
    for seed in 0..<8 as Range<UInt64> {
      let sentences = Self.sentences(7, seed: seed)
      let together = try model(Self.batch(sentences), .evaluate).prediction
      for (row, sentence) in sentences.enumerated() {
        let alone = try model(Self.batch([sentence]), .evaluate).prediction
        #expect(try (alone.select(0) - together.select(row)).abs().max().item() < 2e-6)
      }
    }
  }

  @Test(arguments: ["mean", "cls"])
  func gradientsAreThoseOfTheSentencesAlone(pooling: String) throws {
    let sentences = Self.sentences(9, seed: 3), target = [0, 1, 2, 0, 1, 2, 0, 1, 2] as [Int64]
    let model = try Self.model(["pooling": pooling, "dropout": "0"])
    let weights = model.tensors()
    func gradients(_ rows: Range<Int>) throws -> [Tensor] {
      let input = try Self.batch(Array(sentences[rows]))
      let loss = try crossEntropy(
        model(input, .train(RandomStream(Random(seed: 0)))).prediction, Tensor(Array(target[rows])), sum: true)
      return try loss.gradients(of: weights.map(\.tensor)).map { try #require($0) }
    }
    var alone = try gradients(0..<1)
    for row in 1..<sentences.count { alone = try zip(alone, gradients(row..<row + 1)).map { try $0 + $1 } }
    #expect(weights.count == 30)
    for (item, (together, sum)) in zip(weights, zip(try gradients(0..<sentences.count), alone)) {
      #expect(try ParityTransformerTests.relativeError(together, sum) < 1e-5, "\(item.path)")
    }
  }

  @Test func readsTheOrderOfWords() throws {
    let model = try Self.model()
    let logits = try model(Self.batch([[2, 10, 20, 30], [2, 30, 20, 10]]), .evaluate).prediction
    #expect(try (logits.select(0) - logits.select(1)).abs().max().item() > 1e-3)
  }

  @Test func dropoutFollowsTheRandomStream() throws {
    let model = try Self.model(["dropout": "0.5"])
    let input = try Self.batch(Self.sentences(4, seed: 5))
    func logits(_ mode: Mode) throws -> [Float] { try model(input, mode).prediction.values() }
    func training(_ seed: UInt64) -> Mode { .train(RandomStream(Random(seed: seed))) }
    #expect(try logits(training(1)) == logits(training(1)))
    #expect(try logits(training(1)) != logits(training(2)))
    #expect(try logits(.evaluate) == logits(.evaluate))
    #expect(try logits(.evaluate) == logits(.estimateStatistics(MomentCollector())))
    #expect(try logits(.evaluate) != logits(training(1)))
    let plain = try Self.model(["dropout": "0"])
    #expect(try plain(input, training(1)).prediction.values(Float.self) == logits(.evaluate))
  }

  @Test func startsFromTheSeedAlone() throws {
    func values(_ seed: UInt64) throws -> [String: [Float]] {
      try Self.model(seed: seed).tensors().reduce(into: [:]) { $0[$1.path] = try $1.tensor.values() }
    }
    #expect(try values(1) == values(1))
    #expect(try values(1) != values(2))
    let embedding = try Self.model().embedding.weight
    #expect(try embedding.select(0).abs().max().item() == 0)
    #expect((0.8...1.2).contains(try embedding.slice(1..<60).variance([0, 1]).item()))
  }

  @Test func optionsChangeTheShapes() throws {
    let settings = ["size": "24", "heads": "3", "layers": "1", "feedForward": "40"]
    let shapes = try Self.model(settings).tensors().reduce(into: [:]) { $0[$1.path] = $1.tensor.shape }
    #expect(shapes["embedding.weight"] == [60, 24] && shapes["position.weight"] == [20, 24])
    #expect(shapes["encoder.layers.0.linear1.weight"] == [40, 24] && shapes["encoder.layers.1.linear1.weight"] == nil)
    #expect(shapes["encoder.layers.0.self_attn.in_proj_weight"] == [72, 24] && shapes["classifier.weight"] == [3, 24])
    let usual = try Self.model(["size": "8"]).tensors().first { $0.path == "encoder.layers.0.linear2.weight" }
    #expect(usual?.tensor.shape == [8, 32])
  }

  @Test(arguments: [
    (["size": "10", "heads": "4"], "Use 1, 2, 5, 10 heads"), (["size": "0"], "1 to 8192"), (["heads": "x"], "1 to 256"),
    (["dropout": "1"], "0.0 to 0.95"), (["dropout": "nan"], "0.0 to 0.95"), (["pooling": "max"], "mean, cls"),
    (["head": "4"], "Did you mean 'heads'"),
  ])
  func wrongOptions(settings: [String: String], advice: String) throws {
    let error = ReaderTestData.failure { try Self.model(settings) }
    #expect(error?.kind == .usage)
    #expect(error?.advice?.contains(advice) == true, "\(String(describing: error))")
  }

  @Test func refusesAnotherTask() throws {
    let error = ReaderTestData.failure { try Self.model(task: .nextToken(vocabulary: 60)) }
    #expect(error?.kind == .usage)
    #expect(try Self.model(task: .regression(outputs: 1))(Self.batch([[2, 3]]), .evaluate).prediction.shape == [1, 1])
  }

  @Test func wrongBatchesNameTheLayer() throws {
    let model = try Self.model()
    func failure(_ batch: TokenBatch) -> TensorError? {
      do {
        _ = try model(batch, .evaluate)
        Issue.record("expected an error")
      } catch let error as TensorError {
        return model.locating(error)
      } catch {
        Issue.record("not a TensorError: \(error)")
      }
      return nil
    }
    let long = failure(try Self.batch([[Int64](repeating: 5, count: 21)]))
    #expect(long?.description.contains("[21] (in the model itself)") == true && long?.message.contains("20") == true)
    let unknown = failure(try Self.batch([[2, 60]]))
    #expect(unknown?.path == "embedding")
  }

  @Test func aBatchOfOneToken() throws {
    let model = try Self.model()
    #expect(try model(Self.batch([[2]]), .evaluate).prediction.isFinite())
    #expect(try model(Self.batch([[2], [2, 4]]), .evaluate).prediction.isFinite())
  }

  @Test func learnsWhichWordComesFirst() throws {
    // No bag of words tells the two classes apart.
    var sentences: [[Int64]] = []
    var labels: [Int64] = []
    var random = TestRandom(state: 9)
    for index in 0..<64 {
      let filler = (0..<random.below(6)).map { _ in Int64(10 + random.below(40)) }
      let first = index % 2 == 0
      sentences.append([2, first ? 3 : 4] + filler + [first ? 4 : 3])
      labels.append(first ? 0 : 1)
    }
    let model = try Self.model(["dropout": "0"], task: .classification(classes: 2))
    let input = try Self.batch(sentences)
    let target = try Tensor(labels)
    for step in 0..<150 {
      let loss = try crossEntropy(model(input, .train(RandomStream(Random(seed: UInt64(step))))).prediction, target)
      try loss.backward()
      for item in model.tensors() {
        if let gradient = try item.tensor.gradient() { try item.tensor.add(gradient, scale: -0.2) }
        try item.tensor.clearGradient()
      }
    }
    let right = try model(input, .evaluate).prediction.argmax(1).equals(target).to(.float32).mean().item()
    #expect(right > 0.95)
  }
}
