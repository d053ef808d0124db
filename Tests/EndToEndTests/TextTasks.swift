import Foundation
import Testing

/// Small files in the layout of published text sets, which a small model learns in a second.
struct TextTasks {
  let workspace: Workspace

  /// Words that tell the class.
  private static let telling = ["dull", "fine"]

  private func sentence(_ index: Int, _ label: Int) -> String {
    "the \(["film", "book", "song"][index % 3]) was \(Self.telling[label]) \(["today", "again"][index % 2]) n\(index % 5)"
  }

  /// Label 1 for two of three.
  private func label(_ index: Int) -> Int { index % 3 == 0 ? 0 : 1 }

  func cola() throws {
    func rows(_ range: Range<Int>) -> String {
      range.map { "gj04\t\(label($0))\t\t\(sentence($0, label($0)))\n" }.joined()
    }
    try workspace.write(rows(0..<120), to: "data/glue/CoLA/train.tsv")
    try workspace.write(rows(120..<160), to: "data/glue/CoLA/dev.tsv")
    try workspace.write(
      "index\tsentence\n" + (0..<9).map { "\($0)\t\(sentence($0, label($0)))\n" }.joined(), to: "data/glue/CoLA/test.tsv")
  }

  /// As ``cola()``, with labels that no word tells: accuracy and correlation then rarely agree on which epoch is the best.
  func unlearnableCola() throws {
    func rows(_ range: Range<Int>) -> String {
      range.map { index in
        let mixed = Int(truncatingIfNeeded: (UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15) >> 33)
        let words = [mixed % 30, mixed / 30 % 30, mixed / 900 % 30].map { "w\($0)" }.joined(separator: " ")
        return "gj04\t\(mixed / 27_000 % 8 < 3 ? 0 : 1)\t\t\(words)\n"
      }.joined()
    }
    try workspace.write(rows(0..<400), to: "data/glue/CoLA/train.tsv")
    try workspace.write(rows(400..<440), to: "data/glue/CoLA/dev.tsv")
  }

  func similarity() throws {
    let header = "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n"
    func rows(_ range: Range<Int>) -> String {
      range.map { index in
        let same = label(index)
        return "\(index)\tg\tf\t2012\t1\tn\tn\t\(sentence(index, 1))\t\(sentence(index, same))\t\(same == 1 ? "4.5" : "0.5")\n"
      }.joined()
    }
    try workspace.write(header + rows(0..<120), to: "data/glue/STS-B/train.tsv")
    try workspace.write(header + rows(120..<160), to: "data/glue/STS-B/dev.tsv")
    let unlabelled = "index\tsentence1\tsentence2\n"
      + (0..<7).map { "\($0)\t\(sentence($0, 1))\t\(sentence($0, label($0)))\n" }.joined()
    try workspace.write(unlabelled, to: "data/glue/STS-B/test.tsv")
  }

  func mnli() throws {
    let header = "index\tgenre\tsentence1\tsentence2\tlabel1\tgold_label\n"
    let words = ["entailment", "neutral", "contradiction"]
    func rows(_ range: Range<Int>) -> String {
      range.map { "\($0)\tg\t\(sentence($0, 1))\t\(["so", "maybe", "not"][$0 % 3]) \(sentence($0, 1))\tx\t\(words[$0 % 3])\n" }.joined()
    }
    try workspace.write(header + rows(0..<90), to: "data/glue/MNLI/train.tsv")
    try workspace.write(header + rows(90..<120), to: "data/glue/MNLI/dev_matched.tsv")
    try workspace.write(header + rows(120..<140), to: "data/glue/MNLI/dev_mismatched.tsv")
    for (name, count) in [("matched", 5), ("mismatched", 4)] {
      let text = (0..<count).map { "\($0)\tg\t\(sentence($0, 1))\t\(["so", "maybe", "not"][$0 % 3]) \(sentence($0, 1))\n" }.joined()
      try workspace.write("index\tgenre\tsentence1\tsentence2\n" + text, to: "data/glue/MNLI/test_\(name).tsv")
    }
  }

  /// The flags of a small run.
  func arguments(_ dataset: String, epochs: Int = 6) -> [String] {
    [
      "--domain", "text", "--model", "transformer", "--dataset", dataset, "--data-root", workspace("data"), "--epochs", "\(epochs)",
      "--batch-size", "16", "--lr", "0.01", "--threads", "1", "--set", "model.size=16", "--set", "model.layers=1", "--set",
      "model.dropout=0", "--set", "dataset.minimumCount=1", "--set", "schedule.warmup=0ep",
    ]
  }

  func train(_ dataset: String, to out: String, epochs: Int = 6, _ more: String...) throws -> Document {
    try workspace.json(["train", "--quiet", "--out", out] + arguments(dataset, epochs: epochs) + more)
  }
}
