import PluginAPI

/// The Stanford Sentiment Treebank as GLUE publishes it (SST-2): 67,349 phrases to train on, 872 sentences as `dev`.
///
/// A header `sentence<TAB>label`, then a line an example, UTF-8, no quoting: a `"` is a character like any other.
/// GLUE's test file has no labels, so `dev` is the test split and the host carves validation out of train.
public enum SST2Reader {
  public static let classNames = ["negative", "positive"]

  /// Reads `train.tsv` and `dev.tsv` from under `dataRoot`: `text/glue/SST-2`, `glue/SST-2`, `SST-2`, or the root
  /// itself.
  ///
  /// - Throws: `BasinError`: `.missingInput` listing what was looked for; `.badData` as ``read(_:)``.
  public static func read(dataRoot: String) throws -> TextSplits {
    let location = DataLocation(
      dataset: "SST-2", root: dataRoot,
      folders: ["text/glue/SST-2", "glue/SST-2", "SST-2", "."])
    let files = try location.find([["train.tsv", "dev.tsv"]])
    return TextSplits(
      train: try read(SourceText(contentsOf: files[0], encoding: .utf8)),
      test: try read(SourceText(contentsOf: files[1], encoding: .utf8)), files: files)
  }

  /// - Throws: `BasinError` (`.badData`) with line and column for another header, a line that is not two fields, a
  ///   label that is not 0 or 1, a label without text, a file without sentences.
  public static func read(_ source: SourceText) throws -> LabelledSentences {
    let advice = "Each line is a sentence, a tab and 0 or 1"
    let lines = source.lines()
    guard let header = lines.first, source.bytes[header].elementsEqual("sentence\tlabel".utf8) else {
      let found = lines.first.map { ", found " + source.quoted($0) } ?? ", found an empty file"
      let isTest = lines.first.map { source.bytes[$0].elementsEqual("index\tsentence".utf8) } ?? false
      throw source.badData(
        "expected the header \"sentence\\tlabel\"" + found, at: source.start,
        advice: isTest ? "GLUE's test file has no labels: use dev.tsv" : "Fetch the file again")
    }
    var texts: [String] = []
    var labels: [Int32] = []
    texts.reserveCapacity(lines.count)
    labels.reserveCapacity(lines.count)
    for line in lines.dropFirst() where !line.isEmpty {
      guard let tab = line.first(where: { source.bytes[$0] == 0x09 }) else {
        throw source.badData("no tab in the line, so no label", at: line.upperBound, advice: advice)
      }
      let label = tab + 1..<line.upperBound
      if let second = label.first(where: { source.bytes[$0] == 0x09 }) {
        throw source.badData("more than two fields", at: second, advice: advice)
      }
      guard label.count == 1, source.bytes[label.lowerBound] & 0xFE == 0x30 else {
        let found = label.isEmpty ? "an empty label" : "label \(source.quoted(label))"
        throw source.badData("\(found), expected 0 or 1", at: label.lowerBound, advice: advice)
      }
      let text = source.trimmed(line.lowerBound..<tab)
      guard !text.isEmpty else { throw source.badData("the label has no text", at: line.lowerBound, advice: advice) }
      texts.append(source.string(text))
      labels.append(Int32(source.bytes[label.lowerBound] & 1))
    }
    guard !texts.isEmpty else {
      throw source.badData("a header but no sentences", at: source.bytes.count, advice: "Fetch the file again")
    }
    return try LabelledSentences(texts: texts, labels: labels, classNames: classNames)
  }
}
