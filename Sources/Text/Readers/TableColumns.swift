import PluginAPI

/// Which columns of a table hold the text and the label, and whether the first row is a header.
struct TableColumns {
  let hasHeader: Bool
  /// Columns from 0, in the order they are joined.
  let text: [Int]
  let label: Int

  /// - Throws: `BasinError`: `.usage` for a column that is not there or not clear, `.badData` for a table of one
  ///   column.
  init(_ table: DelimitedTable, options: LabelledTableReader.Options) throws {
    guard table.columns >= 2 else {
      throw table.source.badData(
        "expected a text and a label in each row, found one field",
        at: table.offset(row: 0, column: 0), advice: "Name the delimiter if it is not the usual one for the extension")
    }
    let names = (0..<table.columns).map { table.trimmedString(row: 0, column: $0) }
    let folded = names.map { $0.lowercased() }
    func usual(_ candidates: [String]) -> Int? {
      candidates.lazy.compactMap { folded.firstIndex(of: $0) }.first
    }
    let wanted = options.textColumns + (options.labelColumn.map { [$0] } ?? [])
    let usualText = usual(LabelledTableReader.usualTextNames)
    let usualLabel = usual(LabelledTableReader.usualLabelNames)
    // `self` is not complete yet, so what the local functions need is a local too.
    let isNamed =
      options.hasHeader ?? ((usualText != nil && usualLabel != nil) || wanted.contains { names.contains($0) })
    hasHeader = isNamed

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
      throw BasinError(
        .usage, "no column \(LabelledTableReader.shortened(column)) for the \(role)", file: file,
        place: "line 1",
        advice: isNamed ? "The columns are \(listed), or 1 to \(names.count)" : "Give a number from 1 to \(names.count)"
      )
    }

    var text = try options.textColumns.map { try index(of: $0, role: "text") }
    var label = try options.labelColumn.map { try index(of: $0, role: "label") }
    if isNamed {
      if text.isEmpty, let usualText, usualText != label { text = [usualText] }
      if label == nil, let usualLabel, !text.contains(usualLabel) { label = usualLabel }
    }
    if table.columns == 2 {
      if text.isEmpty, label == nil, !isNamed {
        let distinct = (0...1).map { column in
          Set((0..<table.rows).map { table.trimmedString(row: $0, column: column) }).count
        }
        if distinct[0] != distinct[1] { label = distinct[0] < distinct[1] ? 0 : 1 }
      }
      if text.isEmpty, let label { text = [1 - label] }
      if label == nil, text.count == 1 { label = 1 - text[0] }
    }
    guard !text.isEmpty, let label else {
      let missing = text.isEmpty ? (label == nil ? "text and the label" : "text") : "label"
      throw BasinError(
        .usage, "cannot tell which column holds the \(missing); the first row is \(listed)", file: file,
        place: "line 1", advice: "Set textColumn and labelColumn to names of the header or to numbers from 1")
    }
    guard !text.contains(label) else {
      throw BasinError(
        .usage, "column \(label + 1) is asked for both as text and as label", file: file, place: "line 1",
        advice: "Set textColumn and labelColumn to different columns")
    }
    self.text = text
    self.label = label
  }
}
