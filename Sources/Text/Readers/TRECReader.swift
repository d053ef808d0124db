import PluginAPI

/// The TREC question classification data (Li and Roth, 2002): 5,452 questions to train on, 500 to test on.
///
/// Both published forms are read, in Latin-1: `COARSE:fine question` (`raw/TREC.train`, or `train_5500.label` as its
/// authors name it), and sent-conv's `class question` (`TREC.train.all`, classes 0 to 5). The coarse classes have
/// sent-conv's order in both, so that a checkpoint fits either.
public enum TRECReader {
  public enum Labels: String, Sendable, CaseIterable {
    /// The 6 classes ``coarseClasses``.
    case coarse
    /// The up to 50 classes of the training file, as `COARSE:fine`, in byte order. Needs the `COARSE:fine` form.
    case fine
  }

  public static let coarseClasses = ["DESC", "ENTY", "ABBR", "HUM", "LOC", "NUM"]

  /// Reads the splits from under `dataRoot`: `text/sent-conv`, `sent-conv`, `text/trec`, `trec`, `TREC`, or the root
  /// itself.
  ///
  /// - Throws: `BasinError`: `.missingInput` listing what was looked for; `.badData` as ``read(_:labels:classNames:)``.
  public static func read(dataRoot: String, labels: Labels = .coarse) throws -> TextSplits {
    let location = DataLocation(
      dataset: "TREC", root: dataRoot,
      folders: ["text/sent-conv", "sent-conv", "text/trec", "trec", "TREC", "."])
    var groups = [
      ["raw/TREC.train", "raw/TREC.test"], ["TREC.train", "TREC.test"], ["train_5500.label", "TREC_10.label"],
    ]
    if labels == .coarse { groups.append(["TREC.train.all", "TREC.test.all"]) }
    let files = try location.find(groups)
    let train = try read(SourceText(contentsOf: files[0], encoding: .latin1), labels: labels)
    let test = try read(
      SourceText(contentsOf: files[1], encoding: .latin1), labels: labels, classNames: train.classNames)
    return TextSplits(train: train, test: test, files: files)
  }

  /// Reads one file; the form is told from its first label.
  ///
  /// - Parameter classNames: The fine classes to use, for a test file; nil takes those that occur.
  /// - Throws: `BasinError` (`.badData`) with line and column for an unknown label, a label without a question, an
  ///   empty file.
  public static func read(
    _ source: SourceText, labels: Labels = .coarse, classNames: [String]? = nil
  ) throws -> LabelledSentences {
    let first = source.lines().lazy.map(source.trimmed).first { !$0.isEmpty }
    let isNumbered = first.map { (0x30...0x39).contains(source.bytes[$0.lowerBound]) } ?? false
    if isNumbered {
      guard labels == .coarse else {
        throw BasinError.badData(
          "this form of TREC has no fine labels", file: source.file, place: "line 1",
          advice: "Use the files with COARSE:fine labels (raw/TREC.train)")
      }
      return try LabelledLines.read(source, classNames: coarseClasses, expected: "0 to 5") { label in
        // One digit exactly: Int32("+1") and Int32("01") would do too.
        guard label.utf8.count == 1, let index = Int32(label), index < 6 else { return nil }
        return index
      }
    }
    switch labels {
    case .coarse:
      return try LabelledLines.read(source, classNames: coarseClasses, expected: coarseList) { label in
        guard let parts = split(label) else { return nil }
        return coarseClasses.firstIndex(of: parts.coarse).map { Int32($0) }
      }
    case .fine:
      let names = classNames ?? fineClasses(of: source)
      let indices = Dictionary(names.enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { first, _ in first })
      let expected = classNames == nil ? coarseList : "one of the \(names.count) fine labels of the training file"
      return try LabelledLines.read(source, classNames: names, expected: expected) { indices[$0] }
    }
  }

  private static var coarseList: String { coarseClasses.joined(separator: ", ") + " with :fine" }

  private static func split(_ label: String) -> (coarse: String, fine: String)? {
    let parts = label.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[1].isEmpty else { return nil }
    return (String(parts[0]), String(parts[1]))
  }

  private static func fineClasses(of source: SourceText) -> [String] {
    var names: Set<String> = []
    for line in source.lines() {
      let trimmed = source.trimmed(line)
      let end = trimmed.first { SourceText.isBlank(source.bytes[$0]) } ?? trimmed.upperBound
      let label = source.string(trimmed.lowerBound..<end)
      if let parts = split(label), coarseClasses.contains(parts.coarse) { names.insert(label) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}
