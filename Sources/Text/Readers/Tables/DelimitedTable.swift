import PluginAPI

/// A table of text fields, as RFC 4180 describes it: fields between delimiters, rows between line ends, optional
/// quoting.
///
/// A quoted field may hold delimiters, line ends and doubled quotes. Accepted beyond the RFC: LF and lone CR as line
/// ends, a byte order mark, blank lines (skipped), and a quote inside a field that does not begin with one (taken as
/// it is).
public struct DelimitedTable: Sendable {
  public let source: SourceText
  /// The number of fields in every row; 0 for an empty file.
  public let columns: Int
  public var rows: Int { columns == 0 ? 0 : fields.count / columns }

  /// The bytes of a field, inside its quotes if it has any.
  private struct Field {
    var range: Range<Int>
    var hasDoubledQuotes: Bool
  }
  private let fields: [Field]
  /// Which option to set where the first line seems to have another delimiter; nil where it does not.
  let delimiterAdvice: String?

  /// Splits the text in one pass, keeping positions only.
  ///
  /// - Parameters:
  ///   - delimiter: An ASCII byte other than a quote or a line end.
  ///   - quoting: Whether `"` quotes. Off, every `"` is a character (GLUE's files).
  ///   - option: What sets the delimiter, such as `dataset.delimiter`, for the advice of errors; nil where it is fixed.
  /// - Throws: `BasinError` (`.badData`) with line and column for a row with another number of fields than the first,
  ///   a quote that is not closed, text behind a closing quote; (`.usage`) for a delimiter that cannot be one.
  public init(_ source: SourceText, delimiter: UInt8, quoting: Bool, option: String? = nil) throws {
    let (quote, lf, cr): (UInt8, UInt8, UInt8) = (0x22, 0x0A, 0x0D)
    guard delimiter < 0x80, delimiter != 0, delimiter != lf, delimiter != cr, delimiter != quote else {
      throw BasinError.usage("byte \(delimiter) cannot be a delimiter", advice: "Use a comma, semicolon or tab")
    }
    self.source = source
    var fields: [Field] = []
    var columns = 0
    try source.bytes.withUnsafeBufferPointer { bytes in
      let count = bytes.count
      var index = source.start
      while index < count {
        let rowStart = index
        let firstField = fields.count
        var isBlank = true
        var rowEnded = false
        while !rowEnded {
          var field: Field
          if quoting, index < count, bytes[index] == quote {
            isBlank = false
            let opening = index
            index += 1
            field = Field(range: index..<index, hasDoubledQuotes: false)
            while true {
              while index < count, bytes[index] != quote { index += 1 }
              guard index < count else {
                throw source.badData(
                  "the quote that opens here is never closed", at: opening,
                  advice: "Close it, double the quotes inside a field, or turn quoting off")
              }
              guard index + 1 < count, bytes[index + 1] == quote else { break }
              field.hasDoubledQuotes = true
              index += 2
            }
            field.range = opening + 1..<index
            index += 1
            if index < count, bytes[index] != delimiter, bytes[index] != lf, bytes[index] != cr {
              throw source.badData(
                "text behind the closing quote of a field", at: index,
                advice: Self.advice(behindQuote: bytes[index], option) ?? "Double the quotes inside a quoted field")
            }
          } else {
            let begin = index
            while index < count, bytes[index] != delimiter, bytes[index] != lf, bytes[index] != cr { index += 1 }
            field = Field(range: begin..<index, hasDoubledQuotes: false)
            if begin != index { isBlank = false }
          }
          fields.append(field)
          if index < count, bytes[index] == delimiter {
            isBlank = false
            index += 1
          } else {
            rowEnded = true
          }
        }
        let found = fields.count - firstField
        if index < count { index += bytes[index] == cr && index + 1 < count && bytes[index + 1] == lf ? 2 : 1 }
        if isBlank {
          fields.removeLast(found)
          continue
        }
        if columns == 0 { columns = found }
        guard found == columns else {
          let place = found > columns ? fields[firstField + columns].range.lowerBound : rowStart
          throw source.badData(
            "expected \(columns) fields as in the first row, found \(found)", at: place,
            advice: (columns == 1 ? Self.advice(onFirstLineOf: source, delimiter, option) : nil)
              ?? "Quote fields that hold a delimiter or a line end, or name another delimiter")
        }
      }
    }
    self.fields = fields
    self.columns = columns
    delimiterAdvice = columns == 1 ? Self.advice(onFirstLineOf: source, delimiter, option) : nil
  }

  /// For a first line that has other delimiters and none of those it is split at.
  private static func advice(onFirstLineOf source: SourceText, _ delimiter: UInt8, _ option: String?) -> String? {
    func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }
    guard let option, let used = LabelledTableDataset.Delimiter(byte: delimiter) else { return nil }
    let line = source.bytes[source.start...].drop(while: isLineEnd).prefix { !isLineEnd($0) }
    let others: [LabelledTableDataset.Delimiter] = [.semicolon, .tab, .pipe, .comma]
    guard !line.contains(delimiter),
      let other = others.first(where: { other in other.byte.map { line.contains($0) } ?? false })
    else { return nil }
    return "The first line has a \(other.rawValue) and no \(used.rawValue): give --set \(option)=\(other.rawValue), "
      + "if that separates the fields"
  }

  /// For a delimiter behind a closing quote that is not the one the table is split at.
  private static func advice(behindQuote byte: UInt8, _ option: String?) -> String? {
    guard let option, let other = LabelledTableDataset.Delimiter(byte: byte) else { return nil }
    return "A \(other.rawValue) stands behind the quote: give --set \(option)=\(other.rawValue), if that separates the fields; "
      + "else double the quotes inside a quoted field"
  }

  /// The text of a field, with doubled quotes made single.
  public func string(row: Int, column: Int) -> String {
    let field = fields[row * columns + column]
    guard field.hasDoubledQuotes else { return source.string(field.range) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(field.range.count)
    var skipsNext = false
    for byte in source.bytes[field.range] {
      // Inside a quoted field quotes come in pairs; the second of each is left out.
      if byte == 0x22, skipsNext {
        skipsNext = false
        continue
      }
      skipsNext = byte == 0x22
      bytes.append(byte)
    }
    return bytes.withUnsafeBufferPointer { source.string(of: $0) }
  }

  /// The text of a field without the white space at both ends.
  public func trimmedString(row: Int, column: Int) -> String {
    let field = fields[row * columns + column]
    if !field.hasDoubledQuotes { return source.string(source.trimmed(field.range)) }
    let text = string(row: row, column: column)
    let bytes = Array(text.utf8)
    guard let first = bytes.firstIndex(where: { !SourceText.isBlank($0) }),
      let last = bytes.lastIndex(where: { !SourceText.isBlank($0) })
    else { return "" }
    return String(decoding: bytes[first...last], as: UTF8.self)
  }

  /// Where a field begins, for error messages.
  public func offset(row: Int, column: Int) -> Int { fields[row * columns + column].range.lowerBound }
}
