/// Different byte strings by number, end to end in one array.
public struct StringTable: Sendable {
  private var bytes: [UInt8] = []
  /// String i ends before `ends[i]`.
  private var ends: [Int] = []

  public init() {}

  init(bytes: [UInt8], ends: [Int]) {
    self.bytes = bytes
    self.ends = ends
  }

  /// The different strings of a list in the order they are met, and for each element the number of its string, -1 for
  /// nil.
  static func numbering(_ values: [String?]) -> (table: StringTable, codes: [Int32]) {
    var table = StringTable()
    var numbers: [String: Int32] = [:]
    let codes = values.map { value -> Int32 in
      guard let value else { return -1 }
      if let known = numbers[value] { return known }
      let number = Int32(truncatingIfNeeded: table.count)
      numbers[value] = number
      table.append(value)
      return number
    }
    return (table, codes)
  }

  mutating func append(_ text: String) {
    bytes.append(contentsOf: text.utf8)
    ends.append(bytes.count)
  }

  /// How many strings there are.
  public var count: Int { ends.count }

  /// The bytes that the table holds.
  var byteCount: Int { bytes.count + 8 * ends.count }

  /// The bytes of a string below ``count``.
  public func bytes(_ number: Int) -> ArraySlice<UInt8> { bytes[(number == 0 ? 0 : ends[number - 1])..<ends[number]] }

  /// A string below ``count``, as text.
  public func string(_ number: Int) -> String { String(decoding: bytes(number), as: UTF8.self) }
}
