import PluginAPI

/// A table that does not tell which of its columns hold the text and the label: what is known of it, and the error.
struct UnclearColumns {
  /// What the first row holds, or the keys of JSON lines.
  let names: [String]
  /// Whether these are the names of the columns.
  let isNamed: Bool
  /// Whether they seem to be, since a usual one is among them.
  let hasHeading: Bool
  /// The columns that were found.
  let text: [Int]
  let pair: Int?
  let label: Int?
  /// Without, the table is one of texts to predict.
  let wantsLabel: Bool
  let isRegression: Bool

  private var lacksText: Bool { text.isEmpty }
  private var lacksLabel: Bool { wantsLabel && label == nil }

  func error(_ table: some RowTable) -> BasinError {
    let listed = names.prefix(20).map(LabelledTableReader.shortened).joined(separator: ", ")
    let which = lacksText && lacksLabel
      ? "columns hold the text and the label" : lacksText ? "column holds the text" : "column holds the label"
    return BasinError(
      .usage, "cannot tell which \(which); \(isNamed ? "the columns are" : "the first row is") \(listed)", file: table.source.file,
      place: "line 1", advice: advice(table))
  }

  private func advice(_ table: some RowTable) -> String {
    let group = wantsLabel ? "dataset" : "input"
    guard !(lacksText && lacksLabel) else {
      return "Name them with --set \(group).textColumn=COLUMN and --set \(group).labelColumn=COLUMN, "
        + "names of the header or numbers from 1"
    }
    let column = remaining
    let option = lacksText ? "textColumn" : "labelColumn"
    let value = column.flatMap(setting)
    var advice = "Name it with --set \(group).\(option)=\(value ?? "COLUMN, a name of the header or a number from 1")"
    if lacksLabel, !isRegression, let column, isNumeric(table, column) {
      advice += "; to predict its numbers rather than classes, add --set \(group).task=regression"
    }
    if hasHeading { advice += "; if the first row is an example, give --set \(group).header=no" }
    return advice
  }

  /// The column that must be meant: the only one left, or the first with a usual name.
  private var remaining: Int? {
    let rest = names.indices.filter { !text.contains($0) && $0 != pair && $0 != label }
    if rest.count == 1 { return rest[0] }
    let usual = lacksText
      ? LabelledTableReader.usualTextNames : LabelledTableReader.usualLabelNames + LabelledTableReader.usualValueNames
    return rest.first { usual.contains(names[$0].lowercased()) }
  }

  /// How an option names a column; nil for a name that a shell or the option would take apart.
  private func setting(_ column: Int) -> String? {
    guard isNamed || hasHeading else { return String(column + 1) }
    func isPlain(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    let name = names[column]
    return !name.isEmpty && name.utf8.allSatisfy(isPlain) ? name : nil
  }

  private func isNumeric(_ table: some RowTable, _ column: Int) -> Bool {
    // Keys of JSON lines are not a row.
    let first = table.columnNames == nil && (isNamed || hasHeading) ? 1 : 0
    return first < table.rows
      && (first..<table.rows).allSatisfy { row in
        guard let text = try? table.trimmedField(row: row, column: column), let value = Float(text) else { return false }
        return value.isFinite
      }
  }
}
