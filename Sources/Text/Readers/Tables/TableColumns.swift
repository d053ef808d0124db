import PluginAPI

/// Which columns of a table hold the text, the second sentence of a pair and the label, and whether the first row is a
/// header.
struct TableColumns {
  let hasHeader: Bool
  /// Columns from 0, in the order they are joined.
  let text: [Int]
  let pair: Int?
  /// nil where none is wanted.
  let label: Int?

  var firstRow: Int { hasHeader ? 1 : 0 }

  private static let usualPairs = [
    ("sentence1", "sentence2"), ("premise", "hypothesis"), ("question1", "question2"), ("text1", "text2"), ("text_a", "text_b"),
  ]

  /// - Parameter wantsLabel: whether there must be a label's column; without, a table may have one column.
  /// - Throws: `BasinError`: `.usage` for a column that is not there or not clear, `.badData` for a table of one
  ///   column.
  init(_ table: some RowTable, options: LabelledTableReader.Options, wantsLabel: Bool = true) throws {
    guard table.columns >= (wantsLabel ? 2 : 1) else {
      throw table.source.badData(
        "expected a text and a label in each row, found one field",
        at: table.offset(row: 0, column: 0),
        advice: table.delimiterAdvice ?? "Name the delimiter if it is not the usual one for the extension")
    }
    let named = table.columnNames
    let names = try named ?? (0..<table.columns).map { try table.trimmedField(row: 0, column: $0) }
    let folded = names.map { $0.lowercased() }
    func usual(_ candidates: [String]) -> Int? {
      candidates.lazy.compactMap { folded.firstIndex(of: $0) }.first
    }
    let wanted = options.textColumns + [options.pairColumn, wantsLabel ? options.labelColumn : nil].compactMap { $0 }
    let usualPair = Self.usualPairs.lazy.compactMap { first, second in
      folded.firstIndex(of: first).flatMap { a in folded.firstIndex(of: second).map { (a, $0) } }
    }.first
    let usualText = usualPair?.0 ?? usual(LabelledTableReader.usualTextNames)
    let usualLabel = usual(
      options.isRegression ? LabelledTableReader.usualValueNames + LabelledTableReader.usualLabelNames : LabelledTableReader.usualLabelNames)
    // `self` is not complete yet, so what the local functions need is a local too.
    let isNamed =
      named != nil
      || (options.hasHeader ?? ((usualText != nil && (!wantsLabel || usualLabel != nil)) || wanted.contains { names.contains($0) }))
    hasHeader = named == nil && isNamed
    // A usual name in the first row that no other row repeats is a header's, though there is none for the other role. To
    // guess the columns from the values would then take the header for an example.
    func heading(_ column: Int?) throws -> Int? {
      guard let column, !isNamed, options.hasHeader == nil else { return nil }
      let isRepeated = try (1..<table.rows).contains { row in
        try table.trimmedField(row: row, column: column).lowercased() == folded[column]
      }
      return isRepeated ? nil : column
    }
    let textHeading = try heading(usualText)
    let labelHeading = wantsLabel ? try heading(usualLabel) : nil
    let hasHeading = textHeading != nil || labelHeading != nil

    let file = table.source.file
    let listed = names.prefix(20).map(LabelledTableReader.shortened).joined(separator: ", ")
    func index(of column: String, role: String) throws -> Int {
      let matches = isNamed ? names.indices.filter { names[$0] == column } : []
      if matches.count == 1, let match = matches.first { return match }
      if matches.count > 1 {
        throw BasinError(
          .usage, "\(matches.count) columns are called \(LabelledTableReader.shortened(column))", file: file,
          place: "line 1", advice: "Give the number of the \(role)'s column, from 1")
      }
      if let number = Int(column), (1...names.count).contains(number) { return number - 1 }
      let near = isNamed ? nearestName(to: column, among: names).map { "Did you mean '\($0)'? " } ?? "" : ""
      throw BasinError(
        .usage, "no column \(LabelledTableReader.shortened(column)) for the \(role)", file: file,
        place: "line 1",
        advice: near
          + (isNamed ? "The columns are \(listed), or 1 to \(names.count)" : "Give a number from 1 to \(names.count)")
      )
    }

    var text = try options.textColumns.map { try index(of: $0, role: "text") }
    var pair = try options.pairColumn.map { try index(of: $0, role: "second text") }
    var label = wantsLabel ? try options.labelColumn.map { try index(of: $0, role: "label") } : nil
    if isNamed {
      if text.isEmpty, pair == nil, let (first, second) = usualPair, first != label, second != label {
        (text, pair) = ([first], second)
      }
      if text.isEmpty, let usualText, usualText != label, usualText != pair { text = [usualText] }
      if wantsLabel, label == nil, let usualLabel, !text.contains(usualLabel), usualLabel != pair { label = usualLabel }
    }
    if wantsLabel, table.columns == 2, pair == nil {
      if text.isEmpty, label == nil, !isNamed, !hasHeading {
        let distinct = try (0...1).map { column in
          Set(try (0..<table.rows).map { try table.trimmedField(row: $0, column: column) }).count
        }
        if distinct[0] != distinct[1] { label = distinct[0] < distinct[1] ? 0 : 1 }
      }
      if text.isEmpty, let label { text = [1 - label] }
      if label == nil, text.count == 1 { label = 1 - text[0] }
    }
    if !wantsLabel, text.isEmpty, table.columns == 1 { text = [0] }
    guard !text.isEmpty, label != nil || !wantsLabel else {
      if text.isEmpty, label == nil {
        if let textHeading { text = usualPair.map { [$0.0, $0.1] } ?? [textHeading] }
        label = labelHeading
      }
      throw UnclearColumns(
        names: names, isNamed: isNamed, hasHeading: hasHeading, text: text, pair: pair, label: label, wantsLabel: wantsLabel,
        isRegression: options.isRegression
      ).error(table)
    }
    let twice = (text + [pair].compactMap { $0 }).first { $0 == label }
    guard twice == nil else {
      throw BasinError(
        .usage, "column \((twice ?? 0) + 1) is asked for both as text and as label", file: file, place: "line 1",
        advice: "Set textColumn and labelColumn to different columns")
    }
    if let pair, text.contains(pair) {
      throw BasinError(
        .usage, "column \(pair + 1) is asked for both as first and as second text", file: file, place: "line 1",
        advice: "Set textColumn and pairColumn to different columns")
    }
    self.text = text
    self.pair = pair
    self.label = label
  }
}
