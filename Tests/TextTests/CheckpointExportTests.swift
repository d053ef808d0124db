import Foundation
import PluginAPI
import Testing
import Text

/// Saving to Hugging Face folders: read again by Basin to the bit, and by `transformers` with the same logits.
@Suite("Checkpoint export", .serialized)
struct CheckpointExportTests {
  /// Writes a model's folder.
  static func export(_ model: AnyPretrained, to folder: String, labels: [String] = [], shardBytes: Int = 1 << 30) throws -> [String] {
    let exportable = try #require(model.module as? any FolderExportable)
    let tensors = Dictionary(uniqueKeysWithValues: model.module.tensors().map { ($0.path, $0.tensor) })
    let files = try exportable.exportedFiles(tensors, labels: labels, shardBytes: shardBytes)
    for (name, data) in files { try ReaderTestData.write(Array(data), to: "\(folder)/\(name)") }
    return files.map(\.name)
  }

  /// Fresh weights, or the stored checkpoint's after a change.
  static func model(_ family: String, fresh: Bool) throws -> AnyPretrained {
    let task = family == "gpt2" ? Task.nextToken(vocabulary: 40) : .classification(classes: 3)
    guard fresh else {
      let model = try AnyPretrained.stored(family)
      for item in model.module.tensors() { try item.tensor.multiply(by: 1.25) }
      return model
    }
    var settings = ["size": "16", "layers": "3", "heads": "2", "feedForward": "20"]
    if family == "albert" { settings.merge(["embeddingSize": "6", "groups": "2"]) { $1 } }
    let model = try AnyPretrained.make(
      family, settings, shape: .init(vocabulary: 40, length: 16, padding: family == "roberta" ? 1 : 0), task: task)
    // The usual start has logits near 0.
    for item in model.module.tensors() where item.tensor.dimensions >= 2 { try item.tensor.multiply(by: 10) }
    return model
  }

  @Test(arguments: PretrainedFixture.families, [true, false])
  func whatIsSavedReadsTheSame(family: String, fresh: Bool) throws {
    let model = try Self.model(family, fresh: fresh)
    let batch = try PretrainedFixture().batch(family)
    try ReaderTestData.withFolder { folder in
      for shardBytes in [1 << 30, 4000] {
        let out = "\(folder)/\(shardBytes)"
        let files = try Self.export(model, to: out, shardBytes: shardBytes)
        #expect(files.first == "config.json")
        #expect(files.contains("model.safetensors") == (shardBytes > 4000))
        if shardBytes == 4000 {
          #expect(files.last == "model.safetensors.index.json" && files.count > 4)
          #expect(files[1] == "model-00001-of-\("0000\(files.count - 2)".suffix(5)).safetensors")
        }
        let again = try AnyPretrained.stored(family, folder: out)
        #expect(try CheckpointTests.values(again) == CheckpointTests.values(model))
        #expect(try again.predict(batch).values(Float.self) == model.predict(batch).values(Float.self))
      }
    }
  }

  @Test func configurationKeepsWhatItHad() throws {
    let model = try AnyPretrained.stored("bert", ["dropout": "0.25"])
    try ReaderTestData.withFolder { folder in
      _ = try Self.export(model, to: folder, labels: ["no", "yes", "maybe"])
      let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/config.json"))
      let config = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
      let before = try #require(
        JSONSerialization.jsonObject(
          with: Data(contentsOf: URL(fileURLWithPath: PretrainedFixture.checkpoint("bert") + "/config.json")))
          as? [String: Any])
      #expect(config["architectures"] as? [String] == ["BertForSequenceClassification"])
      #expect(config["id2label"] as? [String: String] == ["0": "no", "1": "yes", "2": "maybe"])
      #expect(config["label2id"] as? [String: Int] == ["no": 0, "yes": 1, "maybe": 2])
      #expect(config["hidden_dropout_prob"] as? Double == 0.25)
      #expect(config["problem_type"] as? String == "single_label_classification")
      for key in ["initializer_range", "hidden_size", "type_vocab_size", "vocab_size"] {
        #expect("\(config[key] ?? "")" == "\(before[key] ?? "none")", "\(key)")
      }
    }
    let regression = try AnyPretrained.stored("bert", ["freshHead": "true"], task: .regression(outputs: 1))
    try ReaderTestData.withFolder { folder in
      _ = try Self.export(regression, to: folder)
      let text = try String(contentsOfFile: folder + "/config.json", encoding: .utf8)
      #expect(text.contains("\"problem_type\" : \"regression\"") && text.contains("LABEL_0") && !text.contains("LABEL_1"))
    }
  }

  @Test func tokenizerFiles() throws {
    try CheckpointTests.withCopy("bert") { folder in
      func files(_ given: String?, checkpoint: String = folder) throws -> [String] {
        let model = try AnyPretrained.stored("bert", folder: checkpoint)
        return try #require(model.module as? any FolderExportable).companionFiles(in: given)
      }
      #expect(try files(nil).isEmpty)
      #expect(ReaderTestData.failure { try files(folder) }?.kind == .missingInput)
      try ReaderTestData.write("[PAD]\n", to: folder + "/vocab.txt")
      try ReaderTestData.write("{}", to: folder + "/tokenizer_config.json")
      // The run's own tokenizer is the data set's to write.
      #expect(try files(nil).isEmpty)
      let tokenizer = ["tokenizer_config.json", "vocab.txt"].map { "\(folder)/\($0)" }
      #expect(try files(folder, checkpoint: PretrainedFixture.checkpoint("bert")) == tokenizer)
      try ReaderTestData.write("{}", to: folder + "/generation_config.json")
      #expect(try files(nil) == [folder + "/generation_config.json"])
      #expect(try files(folder) == [folder + "/generation_config.json"] + tokenizer)
    }
  }

  /// BERT's sentences of a pair have types, which a program must be told to give; DistilBERT knows none.
  @Test func typesOfAPair() throws {
    try ReaderTestData.withFolder { folder in
      try ReaderTestData.write("sentence1,sentence2,label\na b,c,x\nb a,c d,y\n", to: folder + "/pairs.csv")
      func configuration(_ kind: String, _ family: String) throws -> String {
        var data = try LabelledTableDataset(
          .init(settings: ["tokenizer": kind, "vocabularySize": "300"], of: "csv"),
          source: DataSource(name: "csv", path: folder + "/pairs.csv"), random: Random(seed: 0))
        try data.fit(training: [0, 1])
        let model = try #require(AnyPretrained.stored(family).module as? any FolderExportable)
        let file = try #require(model.adapted(data.exportedFiles()).first { $0.name == "tokenizer_config.json" })
        return String(decoding: file.data, as: UTF8.self)
      }
      #expect(try configuration("wordpiece", "bert").contains("token_type_ids"))
      let without = try configuration("wordpiece", "distilbert")
      #expect(!without.contains("token_type_ids") && without.contains("attention_mask") && without.contains("[MASK]"))
      #expect(try !configuration("bpe", "roberta").contains("model_input_names"))
    }
  }

  // MARK: transformers

  /// A Python that has `transformers`: `$BASIN_TRANSFORMERS`.
  static let python: String? = {
    let path = ProcessInfo.processInfo.environment["BASIN_TRANSFORMERS"]
    if path == nil { print("skipped: $BASIN_TRANSFORMERS names no Python that has transformers") }
    return path
  }()

  @Test(.enabled(if: python != nil), arguments: PretrainedFixture.families, [true, false])
  func transformersReadsWhatIsSaved(family: String, fresh: Bool) throws {
    let model = try Self.model(family, fresh: fresh)
    let batch = try PretrainedFixture().batch(family)
    try ReaderTestData.withFolder { folder in
      _ = try Self.export(model, to: folder + "/model", labels: ["a", "b", "c"], shardBytes: fresh ? 1 << 30 : 6000)
      var inputs: [(name: String, tensor: Tensor)] = [
        ("logits", try model.predict(batch)), ("offsets", try Tensor(batch.offsets.map(Int64.init))), ("tokens", batch.tokens),
      ]
      if let segments = batch.segments { inputs.append(("segments", segments)) }
      try Safetensors.encode(inputs).write(to: URL(fileURLWithPath: folder + "/inputs.safetensors"))
      let script = URL(fileURLWithPath: PretrainedFixture.folder).deletingLastPathComponent().path + "/check_text_models.py"
      let process = Process()
      process.executableURL = URL(fileURLWithPath: try #require(Self.python))
      process.arguments = [script, folder + "/model", folder + "/inputs.safetensors"]
      let output = Pipe()
      (process.standardOutput, process.standardError) = (output, output)
      try process.run()
      let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0, "\(family): \(text)")
      print("\(family): \(text)")
    }
  }
}
