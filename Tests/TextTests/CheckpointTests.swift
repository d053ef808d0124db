import Foundation
import PluginAPI
import Testing
import Text

/// Reading checkpoints: forms of the same weights, and everything that can be wrong with them.
@Suite("Checkpoints")
struct CheckpointTests {
  /// A copy of a stored checkpoint in a folder of its own.
  static func withCopy<T>(_ family: String, _ body: (String) throws -> T) throws -> T {
    try ReaderTestData.withFolder { folder in
      let copy = folder + "/checkpoint"
      try FileManager.default.copyItem(atPath: PretrainedFixture.checkpoint(family), toPath: copy)
      return try body(copy)
    }
  }

  static func values(_ model: AnyPretrained) throws -> [String: [Float]] {
    try model.module.tensors().reduce(into: [:]) { $0[$1.path] = try $1.tensor.values() }
  }

  static func weights(_ folder: String) throws -> [(name: String, tensor: Tensor)] {
    try Safetensors.read(folder + "/model.safetensors").tensors.map { ($0.key, $0.value) }
  }

  static func write(_ tensors: [(name: String, tensor: Tensor)], _ folder: String) throws {
    try Safetensors.encode(tensors).write(to: URL(fileURLWithPath: folder + "/model.safetensors"))
  }

  static func edit(_ folder: String, _ change: (inout [String: Any]) -> Void) throws {
    let path = folder + "/config.json"
    var object = try #require(
      JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any])
    change(&object)
    try JSONSerialization.data(withJSONObject: object).write(to: URL(fileURLWithPath: path))
  }

  static func failure(_ family: String, _ folder: String, _ settings: [String: String] = [:], shape: TokenBatch.Shape? = nil,
    task: Task? = nil) -> BasinError? {
    ReaderTestData.failure { try AnyPretrained.stored(family, folder: folder, settings, shape: shape, task: task) }
  }

  // MARK: Forms

  @Test(arguments: PretrainedFixture.families)
  func everyTensorIsTheFormulas(family: String) throws {
    let model = try AnyPretrained.stored(family)
    let read = try Self.values(model)
    try PretrainedFixture.fill(model.module, gain: PretrainedFixture().value("gain"))
    #expect(try read == Self.values(model))
    let notes = try #require(model.module as? any PretrainedModule).notes
    #expect(notes.isEmpty, "\(notes)")
  }

  @Test(arguments: [DType.float16, .bfloat16, .float64])
  func otherFloatsAreConverted(type: DType) throws {
    try Self.withCopy("roberta") { folder in
      let whole = try Self.values(AnyPretrained.stored("roberta"))
      try Self.write(Self.weights(folder).map { ($0.name, try $0.tensor.to(type)) }, folder)
      let model = try AnyPretrained.stored("roberta", folder: folder)
      #expect(model.module.tensors().allSatisfy { $0.tensor.dtype == .float32 })
      let tolerance: Float = type == .float64 ? 0 : type == .float16 ? 1e-3 : 1e-2
      for (path, values) in try Self.values(model) {
        for (a, b) in zip(values, whole[path] ?? []) { #expect(abs(a - b) <= tolerance * max(abs(b), 0.1), "\(path)") }
      }
    }
  }

  /// The names of other programs: an encoder without prefix, TensorFlow's names of normalization, buffers, other heads.
  @Test func otherNamesAndHeads() throws {
    try Self.withCopy("roberta") { folder in
      let base = try Self.weights(folder).filter { $0.name.hasPrefix("roberta.") }
      var renamed = base.map { item in
        var name = String(item.name.dropFirst("roberta.".count))
        if name.hasSuffix("LayerNorm.weight") { name = name.dropLast(6) + "gamma" }
        if name.hasSuffix("LayerNorm.bias") { name = name.dropLast(4) + "beta" }
        return (name: name, tensor: item.tensor)
      }
      renamed.append(("embeddings.position_ids", try Tensor((0..<20).map { Int64($0) }, shape: [1, 20])))
      renamed.append(("lm_head.bias", try Tensor.zeros([40])))
      renamed.append(("pooler.dense.bias", try Tensor.zeros([16])))
      try Self.write(renamed, folder)
      let model = try AnyPretrained.stored("roberta", folder: folder)
      let whole = try Self.values(AnyPretrained.stored("roberta"))
      let values = try Self.values(model)
      for (path, value) in values where path.hasPrefix("roberta.") { #expect(value == whole[path], "\(path)") }
      let notes = try #require(model.module as? any PretrainedModule).notes.joined(separator: "\n")
      for path in values.keys where path.hasPrefix("classifier.") { #expect(notes.contains(path), "\(path)") }
      #expect(notes.contains("lm_head.bias, pooler.dense.bias") && !notes.contains("position_ids"))
      // The fresh head is that of the seed.
      #expect(values["classifier.dense.bias"] == [Float](repeating: 0, count: 16))
      let other = try AnyPretrained.make(
        "roberta", ["checkpoint": folder], shape: .init(vocabulary: 40, length: 16, padding: 1),
        task: .classification(classes: 3), seed: 2)
      #expect(try Self.values(other)["classifier.dense.weight"] != values["classifier.dense.weight"])
    }
  }

  @Test func aHeadOfOtherClasses() throws {
    let shape = TokenBatch.Shape(vocabulary: 40, length: 16)
    let error = try #require(
      Self.failure("bert", PretrainedFixture.checkpoint("bert"), shape: shape, task: .classification(classes: 5)))
    #expect(error.kind == .badData && error.message.contains("classifier.weight [3, 16] instead of [5, 16]"))
    #expect(error.advice?.contains("model.freshHead=true") == true)
    let model = try AnyPretrained.stored("bert", ["freshHead": "true"], shape: shape, task: .classification(classes: 5))
    let notes = try #require(model.module as? any PretrainedModule).notes.joined()
    #expect(notes.contains("classifier.weight, classifier.bias") && !notes.contains("pooler"))
  }

  /// A checkpoint may have the data set's classes in another order: rows go where they belong, in every kind of head.
  @Test(arguments: ["roberta", "bert", "distilbert", "albert"])
  func classesAreMatchedByName(family: String) throws {
    func model(_ labels: [String]?, _ classNames: [String], _ settings: [String: String] = [:]) throws -> AnyPretrained {
      try Self.withCopy(family) { folder in
        try Self.edit(folder) { config in
          config["id2label"] = labels.map { Dictionary(uniqueKeysWithValues: $0.enumerated().map { ("\($0)", $1) }) }
        }
        let shape = TokenBatch.Shape(vocabulary: 40, length: 16, padding: family == "roberta" ? 1 : 0)
        let model = try AnyPretrained.make(
          family, settings.merging(["checkpoint": folder]) { $1 }, shape: shape, task: .classification(classes: 3), seed: nil)
        try model.module.initialize(Random(seed: 1), classNames: classNames)
        return model
      }
    }
    func notes(_ model: AnyPretrained) throws -> String { try #require(model.module as? any PretrainedModule).notes.joined() }
    let batch = try PretrainedFixture().batch(family), names = ["entailment", "not_entailment", "other"]
    let plain = try model(nil, names)
    let logits = try plain.predict(batch).values(Float.self)
    #expect(try notes(plain).isEmpty)
    let swapped = try model(["Other", "ENTAILMENT", "not-entailment"], names)
    // Class 0 is the checkpoint's row 1, and so on.
    var expected: [Float] = []
    for row in stride(from: 0, to: logits.count, by: 3) { for column in [1, 2, 0] { expected.append(logits[row + column]) } }
    #expect(try swapped.predict(batch).values(Float.self) == expected)
    #expect(try notes(swapped).contains("Other, ENTAILMENT, not-entailment are put in the data set's order"))
    let others: [([String], told: Bool)] = [
      (["LABEL_0", "LABEL_1", "LABEL_2"], false), (["yes", "no", "maybe"], true), (["other", "other", "entailment"], true), (names, false),
    ]
    for (labels, isTold) in others {
      let model = try model(labels, names)
      #expect(try model.predict(batch).values(Float.self) == logits)
      #expect(try notes(model).contains("in this order") == isTold, "\(labels)")
    }
    let order = ["other", "entailment", "not_entailment"]
    #expect(try model(order, []).predict(batch).values(Float.self) == logits)
    let fresh = try notes(model(order, names, ["freshHead": "true"]))
    #expect(!fresh.contains("order"))
  }

  // MARK: Bad input

  @Test func numbersThatAreNone() throws {
    try Self.withCopy("roberta") { folder in
      var tensors = try Self.weights(folder)
      let place = try #require(tensors.firstIndex { $0.name == "roberta.encoder.layer.1.output.dense.bias" })
      var values = try tensors[place].tensor.values(Float.self)
      values[3] = .nan
      tensors[place].tensor = try Tensor(values)
      try Self.write(tensors, folder)
      let error = try #require(Self.failure("roberta", folder))
      #expect(error.kind == .badData && error.message.hasSuffix("(NaN): roberta.encoder.layer.1.output.dense.bias"))
    }
  }

  /// Spare rows of the embedding are not a vocabulary of another size.
  @Test func aVocabularyThatIsNotTheCheckpointsTokenizers() throws {
    try Self.withCopy("bert") { folder in
      let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + (0..<31).map { "w\($0)" }
      try ReaderTestData.write(words.joined(separator: "\n") + "\n", to: folder + "/vocab.txt")
      _ = try AnyPretrained.stored("bert", folder: folder, shape: .init(vocabulary: 36, length: 16))
      let error = try #require(Self.failure("bert", folder, shape: .init(vocabulary: 35, length: 16)))
      #expect(error.kind == .usage && error.message.contains("35 tokens, the checkpoint's tokenizer 36"))
    }
  }

  @Test func tensorsThatDoNotFitAreAllListed() throws {
    try Self.withCopy("roberta") { folder in
      var tensors = try Self.weights(folder)
      tensors.removeAll { $0.name.contains("layer.1.output") }
      let gone = ["dense.weight", "dense.bias", "LayerNorm.weight", "LayerNorm.bias"]
      tensors.append(("roberta.encoder.layer.2.output.dense.bias", try Tensor.zeros([16])))
      tensors.append(("surprise", try Tensor.zeros([1])))
      let place = try #require(tensors.firstIndex { $0.name == "roberta.embeddings.LayerNorm.bias" })
      tensors[place].tensor = try Tensor.zeros([17])
      let other = try #require(tensors.firstIndex { $0.name == "classifier.dense.bias" })
      tensors[other].tensor = try Tensor.zeros([16], .int64)
      try Self.write(tensors, folder)
      let error = try #require(Self.failure("roberta", folder))
      #expect(error.kind == .badData && error.file == folder + "/model.safetensors")
      for name in gone { #expect(error.message.contains("roberta.encoder.layer.1.output.\(name)"), "\(name)") }
      #expect(error.message.contains("that the model lacks: roberta.encoder.layer.2.output.dense.bias, surprise"))
      #expect(error.message.contains("roberta.embeddings.LayerNorm.bias [17] instead of [16]"))
      #expect(error.message.contains("classifier.dense.bias int64"))
    }
  }

  @Test func whatDoesNotFitTheDataSet() throws {
    func failure(_ vocabulary: Int, _ length: Int, _ padding: Int) -> BasinError? {
      Self.failure(
        "roberta", PretrainedFixture.checkpoint("roberta"),
        shape: .init(vocabulary: vocabulary, length: length, padding: padding))
    }
    let larger = try #require(failure(41, 16, 1))
    #expect(larger.kind == .usage && larger.description.contains("41 tokens, the checkpoint's 40"))
    #expect(larger.description.contains("dataset.tokenizer="))
    #expect(failure(40, 16, 0)?.description.contains("padding is token 0 in the data set, token 1") == true)
    let longer = try #require(failure(40, 19, 1))
    #expect(longer.kind == .usage && longer.description.contains("dataset.maximumLength=18"))
    #expect(try AnyPretrained.stored("roberta", shape: .init(vocabulary: 40, length: 18, padding: 1)).module.tensors().count > 30)
    // A batch that is longer all the same.
    let model = try AnyPretrained.stored("roberta")
    #expect(throws: TensorError.self) { try model.predict(TokenBatch([[Int64](repeating: 3, count: 19)])) }
    #expect(try model.predict(TokenBatch([[Int64](repeating: 3, count: 18)])).shape == [1, 3])
    #expect(
      Self.failure("roberta", PretrainedFixture.checkpoint("roberta"), task: .nextToken(vocabulary: 40))?.kind == .usage)
    #expect(
      Self.failure("gpt2", PretrainedFixture.checkpoint("gpt2"), task: .classification(classes: 3))?.kind == .usage)
    let family = try #require(Self.failure("bert", PretrainedFixture.checkpoint("distilbert")))
    #expect(family.kind == .usage && family.advice == "Use --model distilbert")
  }

  @Test func configurations() throws {
    try Self.withCopy("bert") { folder in
      let path = folder + "/config.json"
      func failing(_ text: String) throws -> BasinError {
        try ReaderTestData.write(text, to: path)
        let error = try #require(Self.failure("bert", folder))
        #expect(error.kind == .badData && error.file == path, "\(error)")
        return error
      }
      #expect(try failing("{\n  \"model_type\": \"bert\",\n  \"hidden_size\": }\n").place == "line 3, column 18")
      #expect(try failing("{\"model_type\": \"bert\"").message.contains("the end of the file"))
      #expect(try failing("").message.contains("the end of the file"))
      #expect(try failing("[1]").message.contains("not a JSON object"))
      #expect(try failing("{}").place == "key \"model_type\"")
      let unknown = try failing("{\"model_type\": \"t5\"}")
      #expect(unknown.message.contains("'t5'") && unknown.advice?.contains("roberta") == true)
      for (key, value, part) in [
        ("hidden_size", "\"wide\"", "integer"), ("hidden_size", "0", "integer"), ("hidden_size", "1e30", "integer"),
        ("hidden_size", "16.5", "integer"), ("num_attention_heads", "5", "no multiple"), ("num_hidden_layers", "-1", "integer"),
        ("hidden_dropout_prob", "1.5", "number"), ("layer_norm_eps", "\"x\"", "number"), ("hidden_act", "\"mish\"", "mish"),
        ("position_embedding_type", "\"relative_key\"", "relative_key"), ("pad_token_id", "30522", "integer"),
        ("vocab_size", "99999999999", "integer"),
      ] {
        let error = try failing("{\"model_type\": \"bert\", \"\(key)\": \(value)}")
        #expect(error.place == "key \"\(key)\"" && error.message.contains(part), "\(error)")
      }
      try FileManager.default.removeItem(atPath: path)
      #expect(Self.failure("bert", folder)?.kind == .missingInput)
      #expect(Self.failure("bert", folder + "/nowhere")?.kind == .missingInput)
    }
    try Self.withCopy("gpt2") { folder in
      for (key, value) in [
        ("scale_attn_weights", false), ("add_cross_attention", true), ("tie_word_embeddings", false),
        ("scale_attn_by_inverse_layer_idx", true),
      ] {
        try Self.edit(folder) { $0[key] = value }
        #expect(Self.failure("gpt2", folder)?.place == "key \"\(key)\"")
        try Self.edit(folder) { $0[key] = nil }
      }
      #expect(try AnyPretrained.stored("gpt2", folder: folder).module.tensors().count == 28)
    }
  }

  /// Every length of a cut-off file is noticed, and no changed byte of its header crashes.
  @Test func damagedSafetensors() throws {
    try Self.withCopy("roberta") { folder in
      let path = folder + "/model.safetensors"
      let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
      for length in [0, 1, 7, 8, 9, 100, bytes.count / 2, bytes.count - 1] {
        try ReaderTestData.write(Array(bytes[..<length]), to: path)
        let error = try #require(Self.failure("roberta", folder))
        #expect(error.kind == .badData && error.file == path, "\(length): \(error)")
      }
      var random = TestRandom(state: 5)
      for _ in 0..<60 {
        var damaged = bytes
        damaged[random.below(2000)] ^= UInt8(1 + random.below(255))
        try ReaderTestData.write(damaged, to: path)
        do { _ = try AnyPretrained.stored("roberta", folder: folder) } catch is BasinError {}
      }
      try FileManager.default.removeItem(atPath: path)
      let missing = try #require(Self.failure("roberta", folder))
      #expect(missing.kind == .missingInput && missing.description.contains("pytorch_model.bin"))
    }
  }

  @Test func damagedParts() throws {
    try Self.withCopy("bert") { folder in
      let index = folder + "/model.safetensors.index.json"
      let text = try String(contentsOfFile: index, encoding: .utf8)
      func failing(_ changed: String) throws -> BasinError {
        try ReaderTestData.write(changed, to: index)
        return try #require(Self.failure("bert", folder))
      }
      let parts = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("model-") }.sorted()
      #expect(parts.count >= 2)
      let moved = try failing(text.replacingOccurrences(of: "\"\(parts[0])\"", with: "\"\(parts[1])\""))
      #expect(moved.kind == .badData && moved.message.contains("lacks") && moved.file?.hasSuffix(parts[1]) == true)
      for name in ["../x.safetensors", "/etc/passwd", ".."] {
        #expect(try failing("{\"weight_map\": {\"a\": \"\(name)\"}}").message.contains("no name of a file"))
      }
      #expect(try failing("{\"weight_map\": {\"a\": 5}}").place == "key \"weight_map\"")
      #expect(try failing("{}").place == "key \"weight_map\"")
      #expect(try failing("{\"weight_map\": ").message.contains("the end of the file"))
      try ReaderTestData.write(text, to: index)
      try FileManager.default.removeItem(atPath: folder + "/" + parts[1])
      let absent = try #require(Self.failure("bert", folder))
      #expect(absent.kind == .missingInput && absent.description.contains(parts[1]))
    }
  }

  @Test func anOutputLayerThatIsNotTied() throws {
    try Self.withCopy("gpt2") { folder in
      for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasPrefix("pytorch_model") {
        try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
      }
      let tensors = try AnyPretrained.stored("gpt2").module.tensors().map { (name: $0.path, tensor: $0.tensor) }
      let table = try #require(tensors.first { $0.name == "transformer.wte.weight" }).tensor
      try Self.write(tensors + [("lm_head.weight", table)], folder)
      #expect(try AnyPretrained.stored("gpt2", folder: folder).module.tensors().count == 28)
      try Self.write(tensors + [("lm_head.weight", try table.detached() * 2)], folder)
      let error = try #require(Self.failure("gpt2", folder))
      #expect(error.kind == .badData && error.place == "tensor \"lm_head.weight\"")
    }
  }
}
