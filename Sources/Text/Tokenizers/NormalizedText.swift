/// A text on its way through normalizers: code points, and for each the bytes of the original it stands for.
///
/// The rules for what stands for what are those of the reference implementation: a character that a normalizer adds
/// stands for what the one before it stands for; where canonical ordering moves marks, places stay and marks move.
final class NormalizedText {
  private(set) var scalars: [UInt32] = []
  /// Byte offsets into the original, one pair for each code point.
  private(set) var starts: [Int32] = []
  private(set) var ends: [Int32] = []
  /// The bits of all code points together, for leaving out what would change nothing.
  private var seen: UInt16 = 0

  private var spareScalars: [UInt32] = []
  private var spareStarts: [Int32] = []
  private var spareEnds: [Int32] = []
  private let tables = UnicodeTables.shared

  /// The bytes of the scalars, with the original's bytes for each: filled by ``encode()``.
  private(set) var bytes: [UInt8] = []
  private(set) var byteStarts: [Int32] = []
  private(set) var byteEnds: [Int32] = []

  var count: Int { scalars.count }

  /// Takes the bytes `range` of well-formed UTF-8.
  func set(_ text: UnsafePointer<UInt8>, _ range: Range<Int>) {
    scalars.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    seen = 0
    var index = range.lowerBound
    while index < range.upperBound {
      let (scalar, width) = UTF8Scalar.decode(text + index)
      append(scalar, Int32(truncatingIfNeeded: index), Int32(truncatingIfNeeded: index + width))
      index += width
    }
  }

  @inline(__always) private func append(_ scalar: UInt32, _ start: Int32, _ end: Int32) {
    scalars.append(scalar)
    starts.append(start)
    ends.append(end)
    seen |= tables.flags(scalar)
  }

  /// Makes the present content the source of a pass: `spare*` hold it, and the result is appended.
  private func beginPass() {
    swap(&scalars, &spareScalars)
    swap(&starts, &spareStarts)
    swap(&ends, &spareEnds)
    scalars.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    seen = 0
  }

  /// BERT's cleaning: control characters go, white space becomes a space.
  func clean() {
    let tables = tables
    beginPass()
    for index in spareScalars.indices {
      let scalar = spareScalars[index]
      let bits = tables.flags(scalar)
      if bits & UnicodeTables.Flag.removed != 0 { continue }
      append(bits & UnicodeTables.Flag.space != 0 ? 0x20 : scalar, spareStarts[index], spareEnds[index])
    }
  }

  /// Puts spaces around ideographs.
  func separateIdeographs() {
    guard seen & UnicodeTables.Flag.ideograph != 0 else { return }
    beginPass()
    for index in spareScalars.indices {
      let scalar = spareScalars[index]
      let (start, end) = (spareStarts[index], spareEnds[index])
      guard tables.flags(scalar) & UnicodeTables.Flag.ideograph != 0 else {
        append(scalar, start, end)
        continue
      }
      append(0x20, start, end)
      append(scalar, start, end)
      append(0x20, start, end)
    }
  }

  /// Leaves out the code points that have one of these bits.
  func remove(_ bits: UInt16) {
    guard seen & bits != 0 else { return }
    beginPass()
    for index in spareScalars.indices where tables.flags(spareScalars[index]) & bits == 0 {
      append(spareScalars[index], spareStarts[index], spareEnds[index])
    }
  }

  func lowercase() {
    guard seen & UnicodeTables.Flag.hasLowercase != 0 else { return }
    beginPass()
    for index in spareScalars.indices {
      tables.lower(spareScalars[index]) { append($0, spareStarts[index], spareEnds[index]) }
    }
  }

  /// Leaves out white space at the ends.
  func strip(left: Bool, right: Bool) {
    var (lower, upper) = (0, scalars.count)
    let isSpace = { (index: Int) in self.tables.flags(self.scalars[index]) & UnicodeTables.Flag.space != 0 }
    if left { while lower < upper, isSpace(lower) { lower += 1 } }
    if right { while lower < upper, isSpace(upper - 1) { upper -= 1 } }
    guard lower > 0 || upper < scalars.count else { return }
    beginPass()
    for index in lower..<upper { append(spareScalars[index], spareStarts[index], spareEnds[index]) }
  }

  /// NFD, NFKD, and with `composes` NFC and NFKC.
  func normalize(compatibly: Bool, composes: Bool) {
    let decomposing = UnicodeTables.Flag.decomposes | (compatibly ? UnicodeTables.Flag.decomposesCompatibly : 0)
    // Composition can change text that decomposition would not: Hangul jamo have class 0.
    guard composes || seen & (decomposing | UnicodeTables.Flag.combines) != 0 else { return }
    if composes, seen & (decomposing | UnicodeTables.Flag.combines) == 0, !scalars.contains(where: { $0 >= 0x300 }) {
      return
    }
    var changes: [(scalar: UInt32, change: Int)] = []
    changes.reserveCapacity(scalars.count)
    var classes: [UInt8] = []
    // Marks since the last code point of class 0 are put in order of their classes; those of one class keep theirs.
    var pending = 0
    func order() {
      if changes.count - pending > 1 {
        let sorted = (pending..<changes.count).sorted {
          classes[$0 - pending] == classes[$1 - pending] ? $0 < $1 : classes[$0 - pending] < classes[$1 - pending]
        }.map { changes[$0] }
        changes.replaceSubrange(pending..., with: sorted)
      }
      classes.removeAll(keepingCapacity: true)
      pending = changes.count
    }
    for scalar in scalars {
      var isFirst = true
      tables.decompose(scalar, compatibly: compatibly) { part in
        let combiningClass = tables.combiningClass(part)
        if combiningClass == 0 { order() }
        changes.append((part, isFirst ? 0 : 1))
        classes.append(combiningClass)
        isFirst = false
      }
    }
    order()
    apply(composes ? compose(changes) : changes)
  }

  /// The composition of Unicode Standard Annex 15 over changes: each result carries how many it stands for.
  private func compose(_ parts: [(scalar: UInt32, change: Int)]) -> [(scalar: UInt32, change: Int)] {
    var result: [(scalar: UInt32, change: Int)] = []
    result.reserveCapacity(parts.count)
    var starter: Int?
    var lastClass: UInt8?
    for part in parts {
      let combiningClass = tables.combiningClass(part.scalar)
      guard let place = starter else {
        if combiningClass == 0 { (starter, lastClass) = (result.count, nil) }
        result.append(part)
        continue
      }
      if lastClass == nil || lastClass.map({ $0 < combiningClass }) == true,
        let composite = tables.compose(result[place].scalar, part.scalar)
      {
        result[place] = (composite, result[place].change + part.change - 1)
        continue
      }
      if combiningClass == 0 {
        (starter, lastClass) = (result.count, nil)
      } else {
        lastClass = combiningClass
      }
      result.append(part)
    }
    return result
  }

  /// Replaces the content; a change of 0 takes the next code point's place, 1 is an addition, and -n takes n more.
  private func apply(_ changes: [(scalar: UInt32, change: Int)]) {
    beginPass()
    var next = 0
    for (scalar, change) in changes {
      let place = change > 0 ? next - 1 : next
      if place < 0 || place >= spareScalars.count {
        append(scalar, spareStarts.first ?? 0, spareStarts.first ?? 0)
      } else {
        append(scalar, spareStarts[place], spareEnds[place])
      }
      if change <= 0 { next += 1 - change }
    }
  }

  /// Fills ``bytes``, ``byteStarts`` and ``byteEnds``; behind the bytes are 16 zeros that words may be read with.
  func encode() {
    bytes.removeAll(keepingCapacity: true)
    byteStarts.removeAll(keepingCapacity: true)
    byteEnds.removeAll(keepingCapacity: true)
    for index in scalars.indices {
      let width = UTF8Scalar.append(scalars[index], to: &bytes)
      for _ in 0..<width {
        byteStarts.append(starts[index])
        byteEnds.append(ends[index])
      }
    }
    for _ in 0..<16 { bytes.append(0) }
  }
}

/// UTF-8 of one code point, where it is known to be well-formed.
enum UTF8Scalar {
  @inline(__always) static func decode(_ bytes: UnsafePointer<UInt8>) -> (scalar: UInt32, width: Int) {
    let lead = UInt32(bytes[0])
    if lead < 0x80 { return (lead, 1) }
    let second = UInt32(bytes[1] & 0x3F)
    if lead < 0xE0 { return ((lead & 0x1F) << 6 | second, 2) }
    let third = UInt32(bytes[2] & 0x3F)
    if lead < 0xF0 { return ((lead & 0x0F) << 12 | second << 6 | third, 3) }
    return ((lead & 0x07) << 18 | second << 12 | third << 6 | UInt32(bytes[3] & 0x3F), 4)
  }

  /// Appends the bytes of a code point and returns how many they are.
  @inline(__always) static func append(_ scalar: UInt32, to bytes: inout [UInt8]) -> Int {
    let low = UInt8(truncatingIfNeeded: scalar & 0x3F) | 0x80
    let middle = UInt8(truncatingIfNeeded: scalar >> 6 & 0x3F) | 0x80
    if scalar < 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: scalar))
      return 1
    } else if scalar < 0x800 {
      bytes.append(UInt8(truncatingIfNeeded: scalar >> 6) | 0xC0)
      bytes.append(low)
      return 2
    } else if scalar < 0x10000 {
      bytes.append(UInt8(truncatingIfNeeded: scalar >> 12) | 0xE0)
      bytes.append(middle)
      bytes.append(low)
      return 3
    }
    bytes.append(UInt8(truncatingIfNeeded: scalar >> 18) | 0xF0)
    bytes.append(UInt8(truncatingIfNeeded: scalar >> 12 & 0x3F) | 0x80)
    bytes.append(middle)
    bytes.append(low)
    return 4
  }
}
