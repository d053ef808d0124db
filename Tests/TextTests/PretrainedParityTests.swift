import Foundation
import PluginAPI
import Testing
import Text

/// Pretrained transformers against `transformers`: the stored checkpoints (one file, parts, PyTorch's pickle) and base sizes.
@Suite("Pretrained parity", .serialized)
struct PretrainedParityTests {
  @Test(arguments: PretrainedFixture.families)
  func logitsLossAndGradients(family: String) throws {
    let fixture = try PretrainedFixture()
    let tolerance: Double = try fixture.value("tolerance")
    let vanishing = try #require(try fixture.value("vanishing.by", [String: [String]].self)[family])
    var settings = AnyPretrained.noDropout
    if family == "gpt2" { settings["headDropout"] = nil }
    let model = try AnyPretrained.stored(family, settings)
    let batch = try fixture.batch(family)
    var worst = (name: "", error: 0.0)
    func compare(_ name: String, _ actual: Tensor) throws {
      let error = try PretrainedFixture.error(actual, fixture.tensor("\(family)/classify.\(name)"))
      #expect(error < tolerance, "\(family): \(name) by \(error)")
      if error > worst.error { worst = (name, error) }
    }
    try compare("logits", model.predict(batch))
    let logits = try model.forward(batch, AnyPretrained.training)
    try compare("logits", logits)
    let target = family == "gpt2" ? try PretrainedFixture.nextTokens(batch) : try PretrainedFixture.labels(batch.count, 3)
    let loss = try crossEntropy(logits, target)
    try compare("loss", loss)
    try loss.backward()
    let tensors = model.module.tensors()
    // Every tensor of the reference is one of the model's, and the other way about.
    let prefix = "\(family)/classify.grad."
    let expected = Set(fixture.tensors.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) })
    #expect(Set(tensors.map(\.path)) == expected)
    let gradients = try tensors.map { ($0.path, try #require(try $0.tensor.gradient(), "\($0.path) got no gradient")) }
    let largest = try gradients.map { try $0.1.abs().max().item() }.max() ?? 0
    for (path, gradient) in gradients {
      if vanishing.contains(path) {
        #expect(try gradient.abs().max().item() < 1e-5 * largest, "\(family): \(path) should vanish")
      } else {
        try compare("grad.\(path)", gradient)
      }
    }
    print("pretrained parity \(family): \(gradients.count) gradients, worst relative error \(worst.error) (\(worst.name))")
  }

  @Test(arguments: PretrainedFixture.classifiers)
  func regression(family: String) throws {
    let fixture = try PretrainedFixture()
    let model = try AnyPretrained.stored(
      family, AnyPretrained.noDropout.merging(["freshHead": "true"]) { $1 }, task: .regression(outputs: 1))
    let base = family + "."
    try PretrainedFixture.fill(model.module, gain: fixture.value("gain")) { !$0.hasPrefix(base) }
    let prediction = try model.predict(fixture.batch(family))
    #expect(try PretrainedFixture.error(prediction, fixture.tensor("\(family)/regress.logits")) < 1e-4)
    let loss = try meanSquaredError(prediction, fixture.tensor("targets"))
    #expect(try PretrainedFixture.error(loss, fixture.tensor("\(family)/regress.loss")) < 1e-4)
  }

  /// The published base sizes: names, shapes and a forward pass, weights by formula on both sides.
  @Test(arguments: PretrainedFixture.families)
  func baseSize(family: String) throws {
    let fixture = try PretrainedFixture()
    let vocabulary = ["roberta": 50265, "albert": 30000, "gpt2": 50257][family] ?? 30522
    let counts = [
      "roberta": 124_647_939, "bert": 109_484_547, "distilbert": 66_955_779, "albert": 11_685_891, "gpt2": 124_439_808,
    ]
    let length = family == "gpt2" ? 1024 : 512
    let model = try AnyPretrained.make(
      family, family == "distilbert" ? ["layers": "6"] : [:],
      shape: .init(vocabulary: vocabulary, length: length, padding: family == "roberta" ? 1 : 0),
      task: family == "gpt2" ? .nextToken(vocabulary: vocabulary) : .classification(classes: 3), seed: nil)
    #expect(model.module.tensors().reduce(0) { $0 + $1.tensor.count } == counts[family])
    try PretrainedFixture.fill(model.module, gain: fixture.value("base.gain"))
    var logits = try model.predict(fixture.batch(family, prefix: "base."))
    if family == "gpt2" {
      let rows = logits.shape[0]
      let picked = try Tensor(Array(stride(from: Int64(0), to: Int64(vocabulary), by: 100)))
      logits = try logits.slice(rows - 2..<rows).rows(picked, axis: 1)
    }
    let error = try PretrainedFixture.error(logits, fixture.tensor("\(family)/base.logits"))
    #expect(error < 1e-4)
    print("pretrained parity \(family), base size: relative error \(error)")
  }

  /// A sequence's prediction depends on no other of its batch.
  @Test(arguments: PretrainedFixture.families)
  func othersChangeNothing(family: String) throws {
    let fixture = try PretrainedFixture()
    let model = try AnyPretrained.stored(family)
    let batch = try fixture.batch(family)
    let together = try model.predict(batch)
    for index in 0..<batch.count {
      let range = batch.offsets[index]..<batch.offsets[index + 1]
      let alone = try model.predict(
        TokenBatch(
          tokens: batch.tokens.slice(range), offsets: [0, range.count], segments: batch.segments?.slice(range)))
      let rows = family == "gpt2" ? range : index..<index + 1
      #expect(try PretrainedFixture.error(alone, together.slice(rows)) < 1e-5)
    }
  }

  @Test(arguments: PretrainedFixture.families)
  func dropoutActsInTrainingAlone(family: String) throws {
    let settings = ["dropout": "0.3", "attentionDropout": "0.3"]
    let model = try AnyPretrained.stored(family, settings)
    let batch = try PretrainedFixture().batch(family)
    func training(_ seed: UInt64) throws -> [Float] {
      try model.forward(batch, .train(RandomStream(Random(seed: seed)))).detached().values()
    }
    let evaluated = try model.predict(batch).values(Float.self)
    #expect(try training(1) == training(1))
    #expect(try training(1) != training(2))
    #expect(try training(1) != evaluated)
    #expect(try model.predict(batch).values(Float.self) == evaluated)
  }
}
