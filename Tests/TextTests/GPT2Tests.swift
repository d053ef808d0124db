import Foundation
import PluginAPI
import Testing
import Text

/// Continuations of a text by GPT-2, and what they are drawn from.
@Suite("GPT-2")
struct GPT2Tests {
  struct Drawing: Decodable {
    struct Case: Decodable { let temperature: Double, topK: Int, topP: Double, probabilities: [Double] }
    let path: String, scale: Double, cases: [Case], prompt: [Int], greedy: [Int]
  }

  static func drawing() throws -> Drawing {
    try JSONDecoder().decode(
      Drawing.self, from: Data(contentsOf: URL(fileURLWithPath: PretrainedFixture.folder + "/text-sampling.json")))
  }

  static func model() throws -> GPT2 {
    try #require(try AnyPretrained.stored("gpt2").module as? GPT2)
  }

  /// What `transformers` draws from: temperature, top-k and top-p in that order.
  @Test func distributions() throws {
    let drawing = try Self.drawing()
    let logits = PretrainedFixture.values(drawing.path, 50, scale: drawing.scale)
    #expect(drawing.cases.count >= 7)
    for item in drawing.cases {
      let sampling = Sampling(temperature: item.temperature, topK: item.topK, topP: item.topP)
      let (tokens, probabilities) = sampling.distribution(logits)
      var all = [Double](repeating: 0, count: logits.count)
      for (token, probability) in zip(tokens, probabilities) { all[token] = probability }
      for (mine, theirs) in zip(all, item.probabilities) { #expect(abs(mine - theirs) < 1e-6, "\(sampling)") }
      #expect(probabilities == probabilities.sorted(by: >))
    }
  }

  /// Each token is drawn as often as its probability says, and its interval of draws has that length.
  @Test func drawsFollowTheDistribution() {
    let logits: [Float] = [0, 2, 1, -1]
    let sampling = Sampling(temperature: 1)
    let (tokens, probabilities) = sampling.distribution(logits)
    #expect(tokens == [1, 2, 0, 3])
    var counts = [Int](repeating: 0, count: 4)
    for draw in 0..<100_000 { counts[sampling.token(logits, draw: (Double(draw) + 0.5) / 100_000)] += 1 }
    for (token, probability) in zip(tokens, probabilities) {
      #expect(abs(Double(counts[token]) / 100_000 - probability) < 2e-5)
    }
    #expect(Sampling(temperature: 0).token(logits, draw: 0.99) == 1)
    #expect(Sampling(temperature: 0).token([3, 3, 1], draw: 0) == 0)
    #expect(Sampling(topP: 1e-9).token(logits, draw: 0.999) == 1)
  }

  @Test func greedyContinuationIsTheReferences() throws {
    let drawing = try Self.drawing()
    let text = try Self.model().generate(
      after: drawing.prompt, count: drawing.greedy.count, sampling: Sampling(temperature: 0), random: Random(seed: 0))
    #expect(text == [drawing.greedy])
  }

  /// The cache changes nothing: each token is that of a forward pass over all before it.
  @Test func theCacheGivesWhatWholePassesGive() throws {
    let model = try Self.model()
    let sampling = Sampling(temperature: 1.3, topK: 20, topP: 0.95)
    let random = Random(seed: 7)
    let cached = try model.generate(after: [5, 9, 11], count: 12, sampling: sampling, samples: 3, random: random)
    #expect(Set(cached).count == 3, "three seeds should differ")
    for sample in 0..<3 {
      var tokens: [Int64] = [5, 9, 11]
      for index in 0..<12 {
        let logits = try LibTorch.withoutGradient { try model(TokenBatch([tokens]), .evaluate).prediction }
        let last: [Float] = try logits.select(tokens.count - 1).values()
        tokens.append(Int64(sampling.token(last, draw: Double(random[sample][index].uniform(1)[0]))))
      }
      #expect(tokens.dropFirst(3).map { Int($0) } == cached[sample])
    }
    // A sample does not depend on the others.
    #expect(try model.generate(after: [5, 9, 11], count: 12, sampling: sampling, random: random) == [cached[0]])
  }

  @Test func endTokensEndASample() throws {
    let model = try Self.model()
    let sampling = Sampling(temperature: 1)
    let free = try model.generate(after: [5], count: 10, sampling: sampling, samples: 4, random: Random(seed: 3))
    let end = free[0][4]
    var steps = 0
    let ended = try model.generate(
      after: [5], count: 10, sampling: sampling, samples: 4, end: end, random: Random(seed: 3)
    ) { made in
      steps = made
      return true
    }
    for (mine, all) in zip(ended, free) { #expect(mine == Array(all.prefix { $0 != end })) }
    #expect(steps <= 10)
    let stopped = try model.generate(after: [5], count: 10, sampling: sampling, random: Random(seed: 3)) { $0 < 2 }
    #expect(stopped[0] == Array(free[0].prefix(2)))
  }

  @Test func badRequests() throws {
    let model = try Self.model()
    func failure(_ prompt: [Int], _ count: Int, _ sampling: Sampling = Sampling()) -> BasinError? {
      ReaderTestData.failure { try model.generate(after: prompt, count: count, sampling: sampling, random: Random(seed: 0)) }
    }
    #expect(failure([], 3)?.kind == .usage)
    #expect(failure([1, 2, 3], 22)?.description.contains("at most 21 tokens") == true)
    #expect(failure([40], 1)?.description.contains("token 40") == true)
    #expect(failure([-1], 1)?.kind == .usage)
    for bad in [Sampling(temperature: -1), Sampling(temperature: .nan), Sampling(topK: -2), Sampling(topP: 0), Sampling(topP: 1.1)] {
      #expect(failure([1], 1, bad)?.kind == .usage, "\(bad)")
    }
    // As many as there are positions.
    #expect(try model.generate(after: [1, 2, 3], count: 21, sampling: Sampling(), random: Random(seed: 0))[0].count == 21)
  }

  /// Logits and rates of a model that learns: a repeating text becomes foreseeable.
  @Test func learnsARepeatingText() throws {
    let model = try AnyPretrained.make(
      "gpt2", ["size": "16", "layers": "1", "heads": "2", "dropout": "0", "attentionDropout": "0"],
      shape: .init(vocabulary: 8, length: 12), task: .nextToken(vocabulary: 8))
    let batch = try TokenBatch([[1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4], [3, 4, 1, 2, 3, 4, 1, 2]])
    let target = try PretrainedFixture.nextTokens(batch)
    var losses: [Double] = []
    for _ in 0..<200 {
      let loss = try crossEntropy(model.forward(batch, AnyPretrained.training), target)
      losses.append(try loss.item())
      try loss.backward()
      for item in model.module.tensors() {
        if let gradient = try item.tensor.gradient() { try item.tensor.add(gradient, scale: -0.5) }
        try item.tensor.clearGradient()
      }
    }
    #expect(losses[0] > 1.8 && losses[199] < 0.2, "\(losses[0]) to \(losses[199])")
  }
}
