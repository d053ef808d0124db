import Foundation
import Testing

/// Checkpoints as a user has them: fine-tuning a Hugging Face folder, exporting one, a language model that goes on with a text.
@Suite("Pretrained models, end to end")
struct PretrainedTests {
  let workspace: Workspace

  init() throws {
    workspace = try Workspace()
    let stored = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Parity/Fixtures/text-models/bert").path
    try FileManager.default.copyItem(atPath: stored, toPath: workspace("bert"))
    // As many tokens as the checkpoint has: 5 special ones, 31 that are no words of the sentences, 4 that are.
    let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + (0..<31).map { "filler\($0)" } + ["dull", "fine", "film", "book"]
    try workspace.write(Data((words.joined(separator: "\n") + "\n").utf8), to: "bert/vocab.txt")
    let rows = (0..<60).map { "the \(["film", "book"][$0 / 2 % 2]) was \(["dull", "fine"][$0 % 2]),\(["bad", "good"][$0 % 2])\n" }
    try workspace.write(Data(("text,label\n" + rows.joined()).utf8), to: "reviews.csv")
    try workspace.write(Data(String(repeating: "one two three four\n", count: 60).utf8), to: "words.txt")
  }

  private func fineTune(_ checkpoint: String, to out: String, _ more: String...) -> [String] {
    [
      "train", "--quiet", "--domain", "text", "--model", "bert", "--dataset", "csv:" + workspace("reviews.csv"), "--out", out,
      "--epochs", "20", "--batch-size", "8", "--lr", "0.01", "--threads", "1", "--set", "schedule.warmup=0ep", "--set",
      "model.dropout=0", "--set", "model.attentionDropout=0", "--set", "model.headDropout=0", "--set",
      "model.checkpoint=\(checkpoint)", "--set", "dataset.tokenizer=\(checkpoint)", "--set", "dataset.maximumLength=16",
    ] + more
  }

  @Test func fineTunesAndExports() throws {
    let summary = try workspace.json(fineTune("bert", to: "run", "--set", "model.freshHead=true"))
    #expect(try #require(summary["test"]?["accuracy"]?.number) > 0.9)
    try workspace.run(["export", "run", "--folder", "--to", "tuned", "--shard-size", "1"], expecting: 0)
    // The folder has no tokenizer_config.json, so that the tokenizer is written with one.
    for name in ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"] { #expect(workspace.exists("tuned/\(name)"), "\(name)") }
    let config = String(decoding: try workspace.data("tuned/config.json"), as: UTF8.self)
    #expect(config.contains("\"good\"") && config.contains("BertForSequenceClassification"))
    // What was written starts where the run ended: no epoch is needed.
    let again = try workspace.json(fineTune("tuned", to: "again", "--lr", "1e-9", "--epochs", "1"))
    #expect(again["test"]?["accuracy"]?.number == summary["test"]?["accuracy"]?.number)
    // Nothing is written over.
    try workspace.refused(["export", "run", "--folder", "--to", "tuned"], 73, saying: "already")
    try workspace.refused(["export", "run", "--folder", "--to", "new", "--tokenizer", "home"], 66, saying: "no tokenizer")
    try workspace.refused(["export", "run", "--to", "new.safetensors", "--tokenizer", "bert"], 64, saying: "--folder")
    #expect(!workspace.exists("new"))
  }

  @Test("a tokenizer trained for a run goes with its weights, and both start another")
  func exportsItsTokenizer() throws {
    func flags(_ out: String, _ more: String...) -> [String] {
      [
        "train", "--quiet", "--domain", "text", "--model", "roberta", "--dataset", "csv:" + workspace("reviews.csv"), "--out", out,
        "--batch-size", "8", "--threads", "1", "--set", "schedule.warmup=0ep", "--set", "model.dropout=0", "--set",
        "model.attentionDropout=0", "--set", "model.headDropout=0", "--set", "dataset.maximumLength=16",
      ] + more
    }
    let first = try workspace.json(flags(
      "scratch", "--epochs", "20", "--lr", "0.003", "--set", "model.size=16", "--set", "model.layers=1", "--set", "model.heads=2", "--set",
      "dataset.tokenizer=bpe", "--set", "dataset.vocabularySize=300"))
    #expect(try #require(first["test"]?["accuracy"]?.number) > 0.9)
    try workspace.run(["export", "scratch", "--folder", "--to", "own"], expecting: 0)
    #expect(workspace.exists("own/tokenizer.json") && workspace.exists("own/model.safetensors"))
    let again = try workspace.json(flags(
      "again", "--epochs", "1", "--lr", "1e-9", "--set", "model.checkpoint=own", "--set", "dataset.tokenizer=own"))
    #expect(again["test"]?["loss"]?.number == first["test"]?["loss"]?.number)
  }

  @Test func notesAndRefusals() throws {
    let quietly = fineTune("bert", to: "run", "--epochs", "1", "--set", "model.freshHead=true")
    let outcome = try workspace.run(quietly.filter { $0 != "--quiet" }, expecting: 0)
    #expect(outcome.errors.contains("begins with fresh weights: classifier.weight, classifier.bias"), "\(outcome)")
    // The stored head has three classes.
    try workspace.refused(fineTune("bert", to: "a"), 65, saying: "classifier.weight [3, 16] instead of [2, 16]", "model.freshHead=true")
    try workspace.refused(fineTune("nowhere", to: "a", "--set", "dataset.tokenizer=bert"), 66, saying: "nowhere")
    try workspace.refused(
      fineTune("bert", to: "a", "--set", "dataset.tokenizer=words"), 64, saying: "vocabulary", "dataset.tokenizer=bert")
    try workspace.refused(
      fineTune("bert", to: "a", "--set", "dataset.maximumLength=19"), 64, saying: "dataset.maximumLength=18")
    try workspace.write(Data("{\"model_type\": ".utf8), to: "bert/config.json")
    try workspace.refused(fineTune("bert", to: "a"), 65, saying: "config.json", "line 1, column")
    #expect(!workspace.exists("a"))
  }

  @Test func aLanguageModelGoesOn() throws {
    let summary = try workspace.json([
      "train", "--quiet", "--domain", "text", "--model", "gpt2", "--dataset", "corpus:" + workspace("words.txt"), "--out", "words",
      "--epochs", "20", "--batch-size", "2", "--lr", "0.01", "--threads", "1", "--set", "model.size=16", "--set", "model.layers=1",
      "--set", "model.heads=2", "--set", "model.dropout=0", "--set", "model.attentionDropout=0", "--set", "dataset.length=15",
      "--set", "schedule.warmup=0ep",
    ])
    #expect(try #require(summary["train"]?["loss"]?.number) < 0.5)
    func generate(_ more: String...) throws -> [Document] {
      let made = try workspace.json(["generate", "words", "--prompt", "one two", "--tokens", "7"] + more)
      return try #require(made["samples"]).items
    }
    let greedy = try generate("--temperature", "0", "--past-end")
    #expect(greedy.count == 1 && greedy[0]["text"]?.text == "one two three four\none two three four")
    #expect(try generate("--temperature", "0")[0]["text"]?.text == "one two three four")
    let drawn = try generate("--temperature", "3", "--samples", "3", "--seed", "5", "--past-end")
    #expect(try drawn == generate("--temperature", "3", "--samples", "3", "--seed", "5", "--past-end"))
    #expect(try drawn != generate("--temperature", "3", "--samples", "3", "--seed", "6", "--past-end"))
    try workspace.refused(["generate", "words", "--prompt", "one", "--tokens", "100"], 64, saying: "at most 14 tokens")
    try workspace.refused(["generate", "words", "--prompt", "one", "--top-p", "2"], 64, saying: "top-p")
    try workspace.run(["export", "words", "--folder", "--to", "words-hf"], expecting: 0)
    for name in ["model.safetensors", "tokenizer.json", "generation_config.json"] { #expect(workspace.exists("words-hf/\(name)"), "\(name)") }
  }

  @Test("a tokenizer from a text, a language model over it, and its folder where another run starts")
  func aLanguageModelOverSubwords() throws {
    try workspace.run(
      ["data", "fit", "corpus:" + workspace("words.txt"), "--set", "dataset.tokenizer=bpe", "--set", "dataset.vocabularySize=270", "--to", "bpe"],
      expecting: 0)
    try workspace.refused(["data", "fit", "corpus:" + workspace("words.txt"), "--to", "bpe"], 73, saying: "already")
    try workspace.refused(["data", "fit", "communities", "--to", "none"], 64, saying: "communities", "learns nothing")
    func flags(_ out: String, _ tokenizer: String, _ more: String...) -> [String] {
      [
        "train", "--quiet", "--domain", "text", "--model", "gpt2", "--dataset", "corpus:" + workspace("words.txt"), "--out", out,
        "--batch-size", "2", "--threads", "1", "--set", "model.dropout=0", "--set", "model.attentionDropout=0", "--set",
        "dataset.length=15", "--set", "schedule.warmup=0ep", "--set", "dataset.tokenizer=\(tokenizer)",
      ] + more
    }
    let first = try workspace.json(flags(
      "lm", "bpe", "--epochs", "20", "--lr", "0.01", "--set", "model.size=16", "--set", "model.layers=1", "--set", "model.heads=2"))
    #expect(try #require(first["train"]?["loss"]?.number) < 0.5)
    let made = try workspace.json(["generate", "lm", "--prompt", "one two", "--tokens", "6", "--temperature", "0"])
    let text = try #require(made["samples"]?.items.first?["text"]?.text)
    #expect(text.hasPrefix("one two three four\none"), "\(text)")
    try workspace.run(["export", "lm", "--folder", "--to", "lm-hf"], expecting: 0)
    let again = try workspace.json(flags("again", "lm-hf", "--epochs", "1", "--lr", "1e-9", "--set", "model.checkpoint=lm-hf"))
    let (before, after) = (try #require(first["test"]?["loss"]?.number), try #require(again["test"]?["loss"]?.number))
    #expect(abs(before - after) < 1e-6 * before)
    try workspace.refused(["generate", "lm", "--prompt", "one", "--temperature", "-1"], 64, saying: "temperature")
  }

  @Test("a model without a form of its own goes with the tokenizer it was trained with")
  func weightsBesideATokenizer() throws {
    try workspace.run(
      [
        "train", "--quiet", "--domain", "text", "--model", "textcnn", "--dataset", "csv:" + workspace("reviews.csv"), "--out", "cnn",
        "--epochs", "1", "--threads", "1", "--set", "model.embedding=8", "--set", "model.filters=4", "--set", "dataset.tokenizer=wordpiece",
        "--set", "dataset.vocabularySize=60",
      ], expecting: 0)
    try workspace.run(["export", "cnn", "--folder", "--to", "cnn-hf"], expecting: 0)
    for name in ["model.safetensors", "tokenizer.json", "tokenizer_config.json"] { #expect(workspace.exists("cnn-hf/\(name)"), "\(name)") }
    try workspace.refused(["export", "cnn", "--folder", "--to", "other", "--tokenizer", "bert"], 64, saying: "--tokenizer")
  }

  @Test("data that has changed since the run is told before anything is predicted from it")
  func changedData() throws {
    let rows = (0..<60).map { "the \(["film", "book"][$0 / 2 % 2]) was \(["dull", "fine"][$0 % 2]),\(["bad", "good"][$0 % 2])\n" }
    try workspace.write(Data(("text,label\n" + rows.joined()).utf8), to: "changing.csv")
    try workspace.write(Data("the film was fine\n".utf8), to: "new.txt")
    try workspace.run(
      [
        "train", "--quiet", "--domain", "text", "--model", "textcnn", "--dataset", "csv:" + workspace("changing.csv"), "--out", "cnn",
        "--epochs", "1", "--threads", "1", "--set", "model.embedding=8", "--set", "model.filters=4",
      ], expecting: 0)
    try workspace.run(["predict", "cnn", "new.txt"], expecting: 0)
    // As many words as before, other ones.
    let changed = rows.joined().replacingOccurrences(of: "fine", with: "good")
    try workspace.write(Data(("text,label\n" + changed).utf8), to: "changing.csv")
    for command in [["predict", "cnn", "new.txt"], ["evaluate", "cnn"], ["predict", "cnn", "--split", "test"], ["sharpness", "cnn", "--eigenvalues", "1", "--trace-samples", "0"]] {
      try workspace.refused(command, 65, saying: "changing.csv", "has changed", "--changed-data")
      try workspace.run(command + ["--changed-data"], expecting: 0)
    }
  }

  @Test func modelsWithoutSuchForms() throws {
    try workspace.run(
      [
        "train", "--quiet", "--domain", "text", "--model", "textcnn", "--dataset", "csv:" + workspace("reviews.csv"), "--out", "cnn",
        "--epochs", "3", "--threads", "1", "--set", "model.embedding=8", "--set", "model.filters=4",
      ], expecting: 0)
    try workspace.refused(["export", "cnn", "--folder", "--to", "cnn-hf"], 64, saying: "textcnn", "safetensors")
    try workspace.refused(["generate", "cnn", "--prompt", "the film"], 64, saying: "no language model")
    #expect(!workspace.exists("cnn-hf"))
    for model in ["textcnn", "bilstm", "roberta", "bert", "distilbert", "albert", "gpt2"] {
      let described = try workspace.json(["describe", "model", model])
      #expect(try #require(described["parameters"]?.number) > 0, "\(model)")
    }
  }
}
