import PluginAPI

/// The line format of TREC and of sent-conv's files: a label, one space, the sentence; Latin-1; no header.
///
///     DESC:manner How did serfdom develop in and then leave Russia ?
///     0 simplistic , silly and tedious .
///
/// White space around a sentence is taken off: in these files it is the format's, nearly every line of MR ends with a space.
enum LabelledLines {
  /// Reads every line; blank lines are skipped.
  ///
  /// - Parameter classIndex: Gives the class of a label, or nil for one that is not known.
  /// - Throws: `BasinError` (`.badData`) with line and column for a label without text, an unknown label, no lines at
  ///   all.
  static func read(
    _ source: SourceText, classNames: [String], expected: String, classIndex: (String) -> Int32?
  ) throws -> LabelledSentences {
    var texts: [String] = []
    var labels: [Int32] = []
    for line in source.lines() {
      let trimmed = source.trimmed(line)
      if trimmed.isEmpty { continue }
      let labelEnd = trimmed.first { SourceText.isBlank(source.bytes[$0]) } ?? trimmed.upperBound
      let label = trimmed.lowerBound..<labelEnd
      let text = source.trimmed(labelEnd..<trimmed.upperBound)
      guard let index = classIndex(source.string(label)) else {
        throw source.badData(
          "unknown label \(source.quoted(label)), expected \(expected)", at: label.lowerBound,
          advice: "Each line is a label, a space and the sentence")
      }
      guard !text.isEmpty else {
        throw source.badData(
          "label \(source.quoted(label)) has no text", at: labelEnd,
          advice: "Each line is a label, a space and the sentence")
      }
      texts.append(source.string(text))
      labels.append(index)
    }
    guard !texts.isEmpty else {
      throw BasinError.badData(
        "the file has no sentences", file: source.file, place: "line 1",
        advice: "Fetch the file again")
    }
    return try LabelledSentences(texts: texts, labels: labels, classNames: classNames)
  }
}
