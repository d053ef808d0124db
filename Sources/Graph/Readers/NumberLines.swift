import PluginAPI

/// Numbers in rows of equal length, `[rows, columns]`, row by row.
struct NumberTable<Value: Sendable>: Sendable {
  var columns = 0
  var values: [Value] = []

  var rows: Int { columns == 0 ? 0 : values.count / columns }

  /// One column.
  func column(_ column: Int) -> [Value] { stride(from: column, to: values.count, by: columns).map { values[$0] } }
}

/// A text file of numbers: a record a line, its numbers separated by commas, blanks, or both.
///
/// Works on bytes; empty lines are allowed at the end alone.
struct NumberLines {
  let bytes: [UInt8]
  let file: String
  /// The member of the archive or folder ``file``; nil where the file is the text itself.
  let member: String?

  init(_ bytes: [UInt8], file: String, member: String? = nil) {
    self.bytes = bytes
    self.file = file
    self.member = member
  }

  /// Where a record is, counted from 0, as no line is empty before the last.
  func place(row: Int) -> String { place(line: row + 1) }

  func place(line: Int) -> String { (member.map { "member \($0), " } ?? "") + "line \(line)" }

  func failure(row: Int, _ message: String, advice: String = "Fetch the set again") -> BasinError {
    .badData(message, file: file, place: place(row: row), advice: advice)
  }

  /// Whole numbers; `4.0` counts as one.
  ///
  /// - Parameter columns: how many a line must have; nil: as many as the first.
  func integers(columns: Int? = nil) throws(BasinError) -> NumberTable<Int64> {
    try table(columns: columns, missing: nil, expecting: "a whole number") { token in
      if let integer = parseInteger(token) { return integer }
      guard let real = parseReal(token), real.magnitude <= 0x1p53, real.rounded() == real else { return nil }
      return Int64(real)
    }
  }

  /// Finite numbers.
  ///
  /// - Parameter allowingMissing: whether an empty field, or `nan`, is a number that is not known (NaN).
  func reals(columns: Int? = nil, allowingMissing: Bool = false) throws(BasinError) -> NumberTable<Double> {
    try table(columns: columns, missing: allowingMissing ? .nan : nil, expecting: "a finite number") { token in
      guard let real = parseReal(token) else { return nil }
      return real.isFinite || allowingMissing && real.isNaN ? real : nil
    }
  }

  /// Finite numbers in half the memory.
  func floats(columns: Int? = nil) throws(BasinError) -> NumberTable<Float> {
    try table(columns: columns, missing: nil, expecting: "a finite 32-bit number") { token in
      guard let real = parseReal(token), case let value = Float(real), value.isFinite else { return nil }
      return value
    }
  }

  @inline(__always)
  private func table<Value>(
    columns: Int?, missing: Value?, expecting: String, _ parse: (UnsafeBufferPointer<UInt8>) -> Value?
  ) throws(BasinError) -> NumberTable<Value> {
    var result = NumberTable<Value>(columns: columns ?? 0)
    result.values.reserveCapacity(bytes.count / 4)
    try bytes.withUnsafeBufferPointer { (text) throws(BasinError) in
      var position = text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
      var line = 1
      var emptyLine: Int?
      while position < text.count {
        let start = result.values.count
        var expectsField = false
        while true {
          while position < text.count, Self.isBlank(text[position]) { position += 1 }
          let atEnd = position == text.count || text[position] == 10
          if atEnd || text[position] == 44 {
            // Nothing before a comma, or after the last one.
            if expectsField || !atEnd {
              guard let missing else {
                throw failure(row: line - 1, "expected \(expecting), found nothing beside a comma")
              }
              result.values.append(missing)
            }
            if atEnd { break }
            position += 1
            expectsField = true
            continue
          }
          let begin = position
          while position < text.count, text[position] > 32, text[position] != 44 { position += 1 }
          let token = UnsafeBufferPointer(rebasing: text[begin..<position])
          guard !token.isEmpty, let value = parse(token) else {
            let shown = String(decoding: token.prefix(40), as: UTF8.self).debugDescription
            throw failure(row: line - 1, "expected \(expecting), found \(shown)")
          }
          result.values.append(value)
          while position < text.count, Self.isBlank(text[position]) { position += 1 }
          expectsField = position < text.count && text[position] == 44
          if expectsField { position += 1 }
        }
        position += 1
        let found = result.values.count - start
        if found == 0 {
          emptyLine = emptyLine ?? line
        } else {
          if let emptyLine { throw failure(row: emptyLine - 1, "an empty line between others") }
          if result.columns == 0 { result.columns = found }
          guard found == result.columns else {
            throw failure(row: line - 1, "\(found) numbers, expected \(result.columns)")
          }
        }
        line += 1
      }
    }
    return result
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 }
}
