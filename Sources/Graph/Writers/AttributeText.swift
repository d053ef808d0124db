/// What writers ask of a column.
extension AttributeColumn {
  /// The value of an element as XML has it; the bytes of a string, the shortest text that reads as the same number.
  func writtenBytes(_ element: Int) -> [UInt8] {
    switch type {
    case .int, .long: Array(String(integers[element]).utf8)
    case .float, .double: Array(Self.text(reals[element]).utf8)
    case .boolean: Array((booleans[element] ? "true" : "false").utf8)
    case .string: Array(strings.bytes(Int(codes[element])))
    }
  }

  private static func text(_ value: Double) -> String {
    // As XML Schema spells them.
    value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-INF" : "INF") : value.description
  }

  /// The type to declare: `int` where every value fits 32 bits, whatever the file it came from said.
  var writtenType: AttributeType {
    type == .int && integers.contains { Int32(exactly: $0) == nil } ? .long : type
  }
}
