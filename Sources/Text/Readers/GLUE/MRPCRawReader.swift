import PluginAPI

/// MRPC as Microsoft publishes it: `msr_paraphrase_train.txt` and `msr_paraphrase_test.txt`, and GLUE's `dev_ids.tsv`, the
/// pairs of training sentences that are its dev set.
///
/// Here the test file has labels: it is the test split, dev is validation. The copies that GLUE's script makes from these
/// files (`train.tsv`) may lack a pair; these do not.
public enum MRPCRawReader {
  /// The files that belong together, by either name of the list of ids.
  static let groups = ["dev_ids.tsv", "mrpc_dev_ids.tsv"].map { ["msr_paraphrase_train.txt", $0, "msr_paraphrase_test.txt"] }

  /// - Throws: `BasinError` as ``GLUEReader/read(dataRoot:task:)``; `.badData` for a pair of `dev_ids.tsv` that is not there.
  public static func read(dataRoot: String) throws -> TextSplits {
    let files = try GLUEReader.location(dataRoot, .mrpc).find(groups)
    let sources = try files.map { try SourceText(contentsOf: $0, encoding: .utf8) }
    let whole = try GLUEReader.read(sources[0], task: .mrpc)
    let names = try ids(TabSeparatedRows(sources[0]), columns: ["#1 ID", "#2 ID"])
    let listed = TabSeparatedRows(sources[1])
    var missing = Set(names)
    var dev: Set<[String]> = []
    for row in 0..<listed.count {
      guard listed.width(row) == 2 else {
        throw sources[1].badData(
          "expected two ids, found \(listed.width(row)) fields", at: listed.offset(row: row), advice: "Fetch the file again")
      }
      let pair = [listed.string(row: row, column: 0), listed.string(row: row, column: 1)]
      guard missing.remove(pair) != nil || dev.contains(pair) else {
        throw sources[1].badData(
          "the pair \(pair.joined(separator: ", ")) is not in \(files[0])", at: listed.offset(row: row),
          advice: "Fetch both files again")
      }
      dev.insert(pair)
    }
    func part(_ isDev: Bool) throws -> LabelledSentences {
      let ids = names.indices.filter { dev.contains(names[$0]) == isDev }
      guard !ids.isEmpty else {
        throw BasinError.badData("no pair is left for \(isDev ? "dev" : "train")", file: files[1], advice: "Fetch the file again")
      }
      return try LabelledSentences(
        texts: ids.map { whole.texts[$0] }, pairs: whole.pairs.map { pairs in ids.map { pairs[$0] } },
        labels: ids.map { whole.labels[$0] }, classNames: whole.classNames)
    }
    return TextSplits(
      train: try part(false), validation: try part(true), test: try GLUEReader.read(sources[2], task: .mrpc), files: files)
  }

  private static func ids(_ rows: TabSeparatedRows, columns: [String]) throws -> [[String]] {
    let header = (0..<rows.width(0)).map { rows.string(row: 0, column: $0) }
    let places = try columns.map { name in
      guard let place = header.firstIndex(of: name) else {
        throw rows.source.badData("the header has no column \(name.debugDescription)", at: rows.source.start, advice: "Fetch the file again")
      }
      return place
    }
    return (1..<rows.count).map { row in places.map { rows.string(row: row, column: $0) } }
  }
}
