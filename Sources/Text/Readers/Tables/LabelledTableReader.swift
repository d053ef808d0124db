import PluginAPI

/// One's own labelled sentences or pairs of them: a file of CSV, TSV or JSON lines, or a folder with one for each split.
///
/// A file is the training split alone. In a folder, `train` must be there; `validation` (or `valid`, `val`, `dev`) and
/// `test` may be; each with `.csv`, `.tsv` or `.jsonl`, in this order behind ``Options/preferredExtensions``. UTF-8.
///
/// Texts keep the white space at their ends, labels and numbers lose it.
public enum LabelledTableReader {
  public struct Options: Sendable, Equatable {
    /// What separates fields; nil goes by the file's extension: a tab for `.tsv` and `.tab`, else a comma.
    public var delimiter: UInt8?
    /// Whether `"` quotes; nil: yes, except where a tab separates.
    public var quoting: Bool?
    /// Whether the first row names the columns; nil: yes if it holds a usual name for the text and one for the label,
    /// or the name of a column that is asked for.
    public var hasHeader: Bool?
    /// The columns of the text, by name or by number from 1; several are joined by a space. Empty: by a usual name;
    /// without a header, the column that is not the label where there are two.
    public var textColumns: [String] = []
    /// The column of the second sentence of a pair, by name or by number from 1. Nil: by usual names of pairs
    /// (`sentence1` and `sentence2`, `premise` and `hypothesis`, ...) where the text's columns are not named either.
    public var pairColumn: String?
    /// Whether labels are numbers to predict, not classes.
    public var isRegression = false
    /// Whether each line is a JSON object; nil goes by the file's extension: `.jsonl`, `.ndjson` or `.json`.
    public var isJSON: Bool?
    /// The column of the label, by name or by number from 1. Nil: by a usual name; without a header, the one of two
    /// columns with fewer different values.
    public var labelColumn: String?
    /// The extensions that the files of a folder are looked for with first, each with all names of a split; then come `csv`,
    /// `tsv` and `jsonl` as ever.
    public var preferredExtensions: [String] = []

    public init(
      delimiter: UInt8? = nil, quoting: Bool? = nil, hasHeader: Bool? = nil, textColumns: [String] = [],
      pairColumn: String? = nil, labelColumn: String? = nil, isRegression: Bool = false, isJSON: Bool? = nil,
      preferredExtensions: [String] = []
    ) {
      self.delimiter = delimiter
      self.quoting = quoting
      self.hasHeader = hasHeader
      self.textColumns = textColumns
      self.pairColumn = pairColumn
      self.labelColumn = labelColumn
      self.isRegression = isRegression
      self.isJSON = isJSON
      self.preferredExtensions = preferredExtensions
    }

    func isJSON(_ file: String) -> Bool {
      isJSON ?? [".jsonl", ".ndjson", ".json"].contains { file.lowercased().hasSuffix($0) }
    }

    /// The files of a folder that a split with these names may be, the preferred one first.
    func candidates(_ names: [String]) -> [String] {
      let others = ["csv", "tsv", "jsonl"].filter { !preferredExtensions.contains($0) }
      return preferredExtensions.flatMap { ending in names.map { "\($0).\(ending)" } }
        + names.flatMap { name in others.map { "\(name).\($0)" } }
    }
  }

  /// Names a text column goes by, in lower case, the preferred one first.
  public static let usualTextNames = ["text", "sentence", "question", "review", "content", "document", "phrase"]
  /// Names a label column goes by.
  public static let usualLabelNames = ["label", "labels", "class", "category", "target", "sentiment"]
  /// Names a column of numbers goes by, before those of a label.
  public static let usualValueNames = ["score", "value", "similarity", "rating"]

  /// Reads a file or a folder.
  ///
  /// Classes are the labels of the training file in sorted order: by number if all are whole numbers, else by their
  /// bytes.
  /// - Throws: `BasinError`: `.missingInput` listing what was looked for; `.usage` where the columns are not clear;
  ///   `.badData` with line and column for a ragged row, an open quote, an empty label or text, a label the training
  ///   file does not have, fewer than two classes, labels that are hardly ever the same.
  public static func read(path: String, options: Options = Options()) throws -> TextSplits {
    guard DataLocation.isFolder(path) else {
      let source = try SourceText(contentsOf: path, encoding: .utf8)
      return TextSplits(train: try read(source, options: options), files: [path])
    }
    let trainFile = try DataLocation(dataset: "the training split", root: path, folders: ["."])
      .find(options.candidates(["train"]).map { [$0] })[0]
    let train = try read(SourceText(contentsOf: trainFile, encoding: .utf8), options: options)
    var splits = TextSplits(train: train, files: [trainFile])
    func other(_ names: [String]) throws -> LabelledSentences? {
      let candidates = options.candidates(names).map { DataLocation.join(path, $0) }
      guard let file = candidates.first(where: DataLocation.isFile) else { return nil }
      splits.files.append(file)
      let source = try SourceText(contentsOf: file, encoding: .utf8)
      return try read(source, options: options, classNames: train.classNames)
    }
    splits.validation = try other(["validation", "valid", "val", "dev"])
    splits.test = try other(["test"])
    return splits
  }

  /// Reads one file.
  ///
  /// - Parameter classNames: The classes to map labels to; nil takes those that occur.
  /// - Throws: As ``read(path:options:)``.
  public static func read(
    _ source: SourceText, options: Options = Options(), classNames: [String]? = nil
  ) throws -> LabelledSentences {
    if options.isJSON(source.file) { return try read(JSONLinesTable(source), options, classNames) }
    return try read(delimited(source, options), options, classNames)
  }

  /// - Parameter settings: what the options are set under, for the advice of errors: `dataset`, `input`.
  static func delimited(_ source: SourceText, _ options: Options, settings: String = "dataset") throws -> DelimitedTable {
    let name = source.file.lowercased()
    let delimiter = options.delimiter ?? (name.hasSuffix(".tsv") || name.hasSuffix(".tab") ? 0x09 : 0x2C)
    return try DelimitedTable(
      source, delimiter: delimiter, quoting: options.quoting ?? (delimiter != 0x09), option: settings + ".delimiter")
  }

  private static func read(
    _ table: some RowTable, _ options: Options, _ classNames: [String]?
  ) throws -> LabelledSentences {
    let source = table.source
    guard table.rows > 0 else {
      throw BasinError.badData(
        "the file has no rows", file: source.file, place: "line 1",
        advice: "A row is a text and a label")
    }
    let columns = try TableColumns(table, options: options)
    let firstRow = columns.firstRow
    guard table.rows > firstRow else {
      throw source.badData("a header but no rows", at: source.bytes.count, advice: "A row is a text and a label")
    }
    let labelColumn = columns.label ?? 0
    var texts: [String] = [], pairs: [String] = []
    var names: [String] = []
    texts.reserveCapacity(table.rows)
    names.reserveCapacity(table.rows)
    for row in firstRow..<table.rows {
      let label = try table.trimmedField(row: row, column: labelColumn)
      guard !label.isEmpty else {
        throw source.badData(
          "the label is empty", at: table.offset(row: row, column: labelColumn),
          advice: "Give every row a label, or remove the row")
      }
      texts.append(try text(table, row, columns.text, label))
      if let pair = columns.pair { pairs.append(try text(table, row, [pair], label)) }
      names.append(label)
    }
    let second = columns.pair == nil ? nil : pairs
    if options.isRegression {
      return try LabelledSentences(
        texts: texts, pairs: second, values: values(of: names, table, firstRow: firstRow, column: labelColumn))
    }
    let classes = try classNames ?? self.classes(of: names, in: source)
    let indices = Dictionary(classes.enumerated().map { ($1, Int32($0)) }, uniquingKeysWith: { first, _ in first })
    var labels: [Int32] = []
    labels.reserveCapacity(names.count)
    for (index, name) in names.enumerated() {
      guard let label = indices[name] else {
        throw source.badData(
          "label \(shortened(name)) is not one of the \(classes.count) of the training file",
          at: table.offset(row: firstRow + index, column: labelColumn),
          advice: "Correct the label, or give the training file an example of it")
      }
      labels.append(label)
    }
    return try LabelledSentences(texts: texts, pairs: second, labels: labels, classNames: classes)
  }

  /// The text of these columns joined, as it stands; those with nothing but white space are left out. `label` is that of the
  /// row, for the error.
  static func text(_ table: some RowTable, _ row: Int, _ columns: [Int], _ label: String?) throws -> String {
    let parts = try columns.map { try table.field(row: row, column: $0) }.filter { !$0.isBlank }
    guard !parts.isEmpty else {
      throw table.source.badData(
        label.map { "label \(shortened($0)) has no text" } ?? "the row has no text",
        at: table.offset(row: row, column: columns.first ?? 0),
        advice: "Give every row a text, or remove the row")
    }
    return parts.joined(separator: " ")
  }

  private static func values(
    of texts: [String], _ table: some RowTable, firstRow: Int, column: Int
  ) throws -> [Float] {
    try texts.enumerated().map { index, text in
      guard let value = Float(text), value.isFinite else {
        throw table.source.badData(
          "\(shortened(text)) is no finite number", at: table.offset(row: firstRow + index, column: column),
          advice: "Correct the number, or remove the row; for classes set task=classification")
      }
      return value
    }
  }

  private static func classes(of names: [String], in source: SourceText) throws -> [String] {
    let distinct = Set(names)
    guard distinct.count > 1 else {
      throw BasinError.badData(
        "every row has the label \(shortened(names.first ?? ""))", file: source.file,
        advice: "A classifier needs two classes or more; name the label's column with labelColumn")
    }
    // A column of prices or of identifiers taken for the label would otherwise become thousands of classes.
    guard distinct.count <= 1000, distinct.count * 2 <= names.count || names.count < 20 else {
      throw BasinError.badData(
        "\(distinct.count) different labels in \(names.count) rows", file: source.file,
        advice: "Name the label's column with labelColumn; for numbers set task=regression (classes: at most 1000)")
    }
    let numbers = distinct.compactMap { name in Int(name).map { (name, $0) } }
    if numbers.count == distinct.count {
      return numbers.sorted { ($0.1, $0.0) < ($1.1, $1.0) }.map(\.0)
    }
    return distinct.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  static func shortened(_ text: String) -> String {
    (text.count > 40 ? String(text.prefix(40)) + "..." : text).debugDescription
  }
}
