import PluginAPI

/// A table as it stands in a file: named columns of text.
public struct Table: Sendable {
  public let names: [String]
  /// One array a column, in the order of the rows.
  public let columns: [[String]]
  /// The line each row begins in.
  public let lines: [Int]
  /// The files it was read from and how many rows each has, in order; none for a generated table.
  private let files: [(path: String, rows: Int)]

  public var rows: Int { lines.count }
  /// The file, or the first of several, for messages.
  public var file: String? { files.first?.path }

  public init(names: [String], columns: [[String]]) {
    self.init(names: names, columns: columns, lines: columns.first?.indices.map { $0 + 1 } ?? [], files: [])
  }

  private init(names: [String], columns: [[String]], lines: [Int], files: [(path: String, rows: Int)]) {
    self.names = names
    self.columns = columns
    self.lines = lines
    self.files = files
  }

  /// Tables one below the other; their columns may stand in another order.
  ///
  /// - Throws: `BasinError` of kind `.badData` where one has other columns than the first.
  public init(joining tables: [Table]) throws {
    guard let first = tables.first else { throw BasinError.internalError("there is no table to join") }
    var columns = [[String]](repeating: [], count: first.names.count)
    for table in tables {
      for (index, name) in first.names.enumerated() {
        guard table.names.count == first.names.count, let place = table.names.firstIndex(of: name) else {
          throw BasinError.badData(
            "has other columns than \(first.file ?? "the first table")", file: table.file,
            advice: "They are \(table.names.joined(separator: ", ")), there \(first.names.joined(separator: ", "))")
        }
        columns[index] += table.columns[place]
      }
    }
    self.init(names: first.names, columns: columns, lines: tables.flatMap(\.lines), files: tables.flatMap(\.files))
  }

  /// Reads a file.
  ///
  /// - Parameter hasHeader: whether the first record names the columns; else they are `1`, `2` and so on.
  /// - Throws: as ``CSVReader``, and `.badData` for rows of another width, two columns of one name, and a file without rows.
  public init(file: String, delimiter: Character = ",", hasHeader: Bool = true) throws {
    var reader = try CSVReader(file: file, delimiter: delimiter)
    guard let first = try reader.next() else {
      throw BasinError.badData("the file has no lines but empty ones", file: file, advice: "Its first line names the columns")
    }
    let names = hasHeader ? try Self.names(first, file) : first.fields.indices.map { "\($0 + 1)" }
    var columns = [[String]](repeating: [], count: names.count), lines: [Int] = []
    var record: CSVReader.Record? = hasHeader ? try reader.next() : first
    while let row = record {
      guard row.fields.count == names.count else {
        throw BasinError.badData(
          "\(row.fields.count) fields where the first line has \(names.count)", file: file, place: "line \(row.line)",
          advice: row.fields.count == 1
            ? "Another delimiter? Set dataset.delimiter" : "Put fields that hold the delimiter in quotes")
      }
      for (column, field) in row.fields.enumerated() { columns[column].append(Self.trimmed(field)) }
      lines.append(row.line)
      record = try reader.next()
    }
    guard !lines.isEmpty else {
      throw BasinError.badData("the table has no rows", file: file, advice: "Only the columns' names are there")
    }
    self.init(names: names, columns: columns, lines: lines, files: [(file, lines.count)])
  }

  private static func names(_ record: CSVReader.Record, _ file: String) throws -> [String] {
    var names: [String] = [], known: Set<String> = []
    for (index, field) in record.fields.enumerated() {
      // Tables with row numbers in front often leave their column without a name.
      let name = trimmed(field).isEmpty ? "\(index + 1)" : trimmed(field)
      guard known.insert(name).inserted else {
        throw BasinError.badData(
          "two columns are named '\(name)'", file: file, place: "line \(record.line)", advice: "Rename one, or set dataset.header=false")
      }
      names.append(name)
    }
    return names
  }

  private static func trimmed(_ text: String) -> String {
    guard let first = text.first, let last = text.last, first.isWhitespace || last.isWhitespace else { return text }
    return String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }

  /// The column of a name, or of a number from 1.
  public func column(_ name: String) throws -> Int {
    if let index = names.firstIndex(of: name) { return index }
    if let number = Int(name), names.indices.contains(number - 1) { return number - 1 }
    var error = BasinError.unknown("column", name, among: names)
    error.file = file
    throw error
  }

  /// An error about a value: `flats.csv: line 12, column age: ...`.
  func error(_ message: String, row: Int, column: Int, advice: String) -> BasinError {
    var end = 0
    let file = files.first {
      end += $0.rows
      return row < end
    }
    return .badData(
      message, file: file?.path, place: "line \(lines[row]), column \(names[column])", advice: advice)
  }
}
