import PluginAPI

/// Movie reviews (MR; Pang and Lee, 2005): 10,662 sentences, half of them positive, in sent-conv's `class sentence`
/// form.
///
/// There is no published split: the host carves validation and test out of the one file.
public enum MovieReviewReader {
  public static let classNames = ["negative", "positive"]

  /// Reads `rt-polarity.all` from under `dataRoot`: `text/sent-conv`, `sent-conv`, `text/mr`, `mr`, or the root itself.
  ///
  /// - Throws: `BasinError`: `.missingInput` listing what was looked for; `.badData` as ``read(_:)``.
  public static func read(dataRoot: String) throws -> TextSplits {
    let location = DataLocation(
      dataset: "MR", root: dataRoot,
      folders: ["text/sent-conv", "sent-conv", "text/mr", "mr", "."])
    let files = try location.find([["rt-polarity.all"]])
    return TextSplits(train: try read(SourceText(contentsOf: files[0], encoding: .latin1)), files: files)
  }

  /// - Throws: `BasinError` (`.badData`) with line and column for an unknown label, a label without text, an empty
  ///   file.
  public static func read(_ source: SourceText) throws -> LabelledSentences {
    try LabelledLines.read(source, classNames: classNames, expected: "0 or 1") { label in
      switch label {
      case "0": 0
      case "1": 1
      default: nil
      }
    }
  }
}
