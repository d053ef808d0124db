/// Lists as GEXF and GXL have them: kept as text, taken apart when asked for.
extension AttributeColumn {
  /// The items of a list, nil where the element has no value. Brackets around the list and quotes around items are
  /// taken off.
  ///
  /// Files separate items by `|`, by `;` or by `,`; the first of these that stands outside quotes is taken. Inside
  /// quotes (`'` or
  /// `"`) a backslash makes the next character an ordinary one.
  public func items(_ element: Int) -> [String]? {
    guard type == .string, isPresent[element] else { return nil }
    return Self.items(of: strings.string(Int(codes[element])))
  }

  static func items(of text: String) -> [String] {
    var list = Array(text.utf8)[...]
    trim(&list)
    if list.first == UInt8(ascii: "["), list.last == UInt8(ascii: "]"), list.count > 1 {
      list = list.dropFirst().dropLast()
      trim(&list)
    }
    guard !list.isEmpty else { return [] }
    let marks = positions(of: [UInt8(ascii: "|"), UInt8(ascii: ";"), UInt8(ascii: ",")], in: list)
    let cuts = marks.first { !$0.isEmpty } ?? []
    var items: [String] = []
    var start = list.startIndex
    for cut in cuts + [list.endIndex] {
      items.append(item(list[start..<cut]))
      start = cut + 1
    }
    return items
  }

  /// Where each of some bytes stands outside quotes. A quote opens only where an item begins: `don't` is one word.
  private static func positions(of wanted: [UInt8], in list: ArraySlice<UInt8>) -> [[Int]] {
    var found = [[Int]](repeating: [], count: wanted.count)
    var quote: UInt8?
    var begins = true
    var index = list.startIndex
    while index < list.endIndex {
      let byte = list[index]
      if let open = quote {
        if byte == UInt8(ascii: "\\") {
          index += 1
        } else if byte == open {
          quote = nil
        }
      } else if begins, byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
        quote = byte
        begins = false
      } else if let which = wanted.firstIndex(of: byte) {
        found[which].append(index)
        begins = true
      } else if !isSpace(byte) {
        begins = false
      }
      index += 1
    }
    return found
  }

  private static func item(_ part: ArraySlice<UInt8>) -> String {
    var part = part
    trim(&part)
    guard let quote = part.first, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\""), part.last == quote,
      part.count > 1
    else { return String(decoding: part, as: UTF8.self) }
    var text: [UInt8] = []
    var isEscaped = false
    for byte in part.dropFirst().dropLast() {
      if !isEscaped, byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else {
        text.append(byte)
        isEscaped = false
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  private static func trim(_ bytes: inout ArraySlice<UInt8>) {
    while let first = bytes.first, isSpace(first) { bytes.removeFirst() }
    while let last = bytes.last, isSpace(last) { bytes.removeLast() }
  }
}
