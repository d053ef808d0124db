import PluginAPI

/// Sentences without labels for `basin predict`: one a line, or in named columns of CSV, TSV or JSON lines. They keep the
/// white space at their ends, as those of the run's own data set do, so that the tokens are the same.
public enum UnlabelledTextReader {
  public enum Format: String, CaseIterable, Sendable {
    case auto, lines, csv, tsv, jsonl

    /// By a file's extension; a sentence a line for those that are not known.
    static func of(_ file: String) -> Format {
      let name = file.lowercased()
      if name.hasSuffix(".csv") { return .csv }
      if name.hasSuffix(".tsv") || name.hasSuffix(".tab") { return .tsv }
      if [".jsonl", ".ndjson", ".json"].contains(where: { name.hasSuffix($0) }) { return .jsonl }
      return .lines
    }
  }

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - options: how a table is read; its label is left alone.
  ///   - name: the column that names each row in the output, by name or number from 1; nil: rows are numbered from 0.
  ///   - isPair: whether the model takes pairs: a line of plain text is then two sentences with a tab between.
  /// - Throws: `BasinError` with line and column: as ``LabelledTableReader``; `.badData` for an empty line (which would shift
  ///   the predictions against the lines), `.usage` where the file has pairs and the model takes single sentences, or the
  ///   other way round.
  public static func read(
    path: String, format: Format = .auto, options: LabelledTableReader.Options = .init(), name: String? = nil, isPair: Bool
  ) throws -> UnlabelledSentences {
    let source = try SourceText(contentsOf: path, encoding: .utf8)
    return try read(source, format: format == .auto ? .of(path) : format, options: options, name: name, isPair: isPair)
  }

  public static func read(
    _ source: SourceText, format: Format, options: LabelledTableReader.Options = .init(), name: String? = nil, isPair: Bool
  ) throws -> UnlabelledSentences {
    var options = options
    switch format {
    case .auto, .lines: return try lines(source, isPair: isPair)
    case .jsonl: return try table(JSONLinesTable(source), options, name, isPair)
    case .csv, .tsv:
      options.delimiter = options.delimiter ?? (format == .tsv ? 0x09 : 0x2C)
      return try table(LabelledTableReader.delimited(source, options, settings: "input"), options, name, isPair)
    }
  }

  private static func lines(_ source: SourceText, isPair: Bool) throws -> UnlabelledSentences {
    var texts: [String] = [], pairs: [String] = []
    for line in source.lines() {
      guard !source.trimmed(line).isEmpty else {
        throw source.badData("the line is empty", at: line.lowerBound, advice: "Every line is a sentence; take this one out")
      }
      guard isPair else {
        texts.append(source.string(line))
        continue
      }
      let tabs = line.filter { source.bytes[$0] == 0x09 }
      guard tabs.count == 1, let tab = tabs.first else {
        throw source.badData(
          "expected two sentences with a tab between them, found \(tabs.count + 1)", at: line.lowerBound,
          advice: "The model was trained on pairs: separate them by a tab, or give a table with named columns")
      }
      let first = line.lowerBound..<tab, second = tab + 1..<line.upperBound
      if let empty = [first, second].first(where: { source.trimmed($0).isEmpty }) {
        throw source.badData("a sentence of the pair is empty", at: empty.lowerBound, advice: "Give both")
      }
      texts.append(source.string(first))
      pairs.append(source.string(second))
    }
    guard !texts.isEmpty else {
      throw BasinError.badData("the file has no sentences", file: source.file, place: "line 1", advice: "Every line is a sentence")
    }
    return UnlabelledSentences(texts: texts, pairs: isPair ? pairs : nil)
  }

  private static func table(
    _ table: some RowTable, _ options: LabelledTableReader.Options, _ name: String?, _ isPair: Bool
  ) throws -> UnlabelledSentences {
    guard table.rows > 0 else {
      throw BasinError.badData("the file has no rows", file: table.source.file, place: "line 1", advice: "A row is a text")
    }
    let columns = try TableColumns(table, options: options, wantsLabel: false)
    guard (columns.pair != nil) == isPair else {
      throw BasinError(
        .usage,
        isPair
          ? "the model was trained on pairs of sentences, and no second column is named"
          : "the file has pairs of sentences, the model was trained on single ones", file: table.source.file, place: "line 1",
        advice: isPair ? "Set textColumn and pairColumn" : "Set textColumn to the one column that counts")
    }
    var naming = options
    naming.textColumns = name.map { [$0] } ?? []
    naming.pairColumn = nil
    naming.hasHeader = columns.hasHeader
    let nameColumn = name == nil ? nil : try TableColumns(table, options: naming, wantsLabel: false).text.first
    guard table.rows > columns.firstRow else {
      throw table.source.badData("a header but no rows", at: table.source.bytes.count, advice: "A row is a text")
    }
    var texts: [String] = [], pairs: [String] = [], names: [String] = []
    for row in columns.firstRow..<table.rows {
      texts.append(try LabelledTableReader.text(table, row, columns.text, nil))
      if let pair = columns.pair { pairs.append(try LabelledTableReader.text(table, row, [pair], nil)) }
      if let nameColumn { names.append(try table.trimmedField(row: row, column: nameColumn)) }
    }
    return UnlabelledSentences(texts: texts, pairs: isPair ? pairs : nil, names: name == nil ? nil : names)
  }
}
