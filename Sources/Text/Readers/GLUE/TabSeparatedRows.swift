import PluginAPI

/// Rows of fields between tabs with quoting off, as GLUE's files are read by their reference: every `"` is a character.
///
/// Lines end with LF, CRLF or CR; blank lines are skipped; a byte order mark is passed over. Fields keep the white space
/// at their ends. Rows may have different numbers of fields: the reader says what that means.
public struct TabSeparatedRows: Sendable {
  public let source: SourceText
  /// Where each field begins and ends.
  private var fields: [Range<Int>] = []
  /// Row `i` is `fields[starts[i] ..< starts[i + 1]]`.
  private var starts = [0]

  public var count: Int { starts.count - 1 }

  /// One pass over the bytes.
  public init(_ source: SourceText) {
    self.source = source
    let (tab, lf, cr): (UInt8, UInt8, UInt8) = (0x09, 0x0A, 0x0D)
    source.bytes.withUnsafeBufferPointer { bytes in
      var index = source.start
      while index < bytes.count {
        let first = fields.count
        var begin = index
        while true {
          while index < bytes.count, bytes[index] != tab, bytes[index] != lf, bytes[index] != cr { index += 1 }
          fields.append(begin..<index)
          guard index < bytes.count, bytes[index] == tab else { break }
          index += 1
          begin = index
        }
        let isBlank = fields.count == first + 1 && fields[first].isEmpty
        if index < bytes.count { index += bytes[index] == cr && index + 1 < bytes.count && bytes[index + 1] == lf ? 2 : 1 }
        if isBlank { fields.removeLast() } else { starts.append(fields.count) }
      }
    }
  }

  /// Fields of a row.
  public func width(_ row: Int) -> Int { starts[row + 1] - starts[row] }

  public func range(row: Int, column: Int) -> Range<Int> { fields[starts[row] + column] }

  public func string(row: Int, column: Int) -> String { source.string(range(row: row, column: column)) }

  /// Where a row begins, for error messages.
  public func offset(row: Int) -> Int { fields[starts[row]].lowerBound }

  /// Where a row ends.
  public func end(row: Int) -> Int { fields[starts[row + 1] - 1].upperBound }
}
