import PluginAPI

/// Rows of named or numbered text fields: what CSV, TSV and JSON lines have in common.
protocol RowTable: Sendable {
  var source: SourceText { get }
  var columns: Int { get }
  var rows: Int { get }
  /// The names of the columns where every row carries them (JSON lines); nil: the first row may hold them.
  var columnNames: [String]? { get }
  /// The text of a field without the white space at both ends.
  ///
  /// - Throws: `BasinError` (`.badData`) where the row has no such field, or it is no text or number.
  func field(row: Int, column: Int) throws -> String
  /// Where a field (or its row) begins, for error messages.
  func offset(row: Int, column: Int) -> Int
}

extension DelimitedTable: RowTable {
  var columnNames: [String]? { nil }
  func field(row: Int, column: Int) throws -> String { trimmedString(row: row, column: column) }
}
