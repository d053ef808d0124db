import PluginAPI

/// Rows of named or numbered text fields: what CSV, TSV and JSON lines have in common.
protocol RowTable: Sendable {
  var source: SourceText { get }
  var columns: Int { get }
  var rows: Int { get }
  /// The names of the columns where every row carries them (JSON lines); nil: the first row may hold them.
  var columnNames: [String]? { get }
  /// A field as it stands, with the white space at its ends: of a text, byte-level tokenizers make tokens of that too.
  ///
  /// - Throws: `BasinError` (`.badData`) where the row has no such field, or it is no text or number.
  func field(row: Int, column: Int) throws -> String
  /// A field without the white space at its ends: a label, a number, or a name of a column or row.
  ///
  /// - Throws: As ``field(row:column:)``.
  func trimmedField(row: Int, column: Int) throws -> String
  /// Where a field (or its row) begins, for error messages.
  func offset(row: Int, column: Int) -> Int
  /// Which option to set where the first line seems to have another delimiter; nil where it does not.
  var delimiterAdvice: String? { get }
}

extension RowTable {
  func trimmedField(row: Int, column: Int) throws -> String { try field(row: row, column: column).trimmedOfWhiteSpace }
  var delimiterAdvice: String? { nil }
}

extension DelimitedTable: RowTable {
  var columnNames: [String]? { nil }
  func field(row: Int, column: Int) throws -> String { string(row: row, column: column) }
  func trimmedField(row: Int, column: Int) throws -> String { trimmedString(row: row, column: column) }
}
