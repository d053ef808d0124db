/// Byte strings with a number each, for finding the longest one a text begins with: edges in one table with open
/// addressing, so that a step costs one look-up.
final class ByteTrie: @unchecked Sendable {
  private struct Slot {
    /// Node and byte; `empty` where there is no edge.
    var key: UInt32
    var next: UInt32
  }
  private static let empty = UInt32.max

  private var slots: UnsafeMutablePointer<Slot>
  private var mask: Int
  private var values: [Int32] = [-1]
  private var edges = 0
  private var capacity = 0
  /// The values where matching reads them.
  private var stored: UnsafeMutablePointer<Int32>

  init() {
    mask = 255
    slots = .allocate(capacity: mask + 1)
    slots.initialize(repeating: Slot(key: Self.empty, next: 0), count: mask + 1)
    stored = .allocate(capacity: 1)
    stored.initialize(to: -1)
  }

  deinit {
    slots.deallocate()
    stored.deallocate()
  }

  @inline(__always) private static func first(_ key: UInt32, _ mask: Int) -> Int {
    Int(truncatingIfNeeded: (UInt64(key) &* 0x9E37_79B9_7F4A_7C15) >> 32) & mask
  }

  @inline(__always) private func next(_ node: UInt32, _ byte: UInt8) -> UInt32? {
    let key = node << 8 | UInt32(byte)
    var index = Self.first(key, mask)
    while true {
      let slot = slots[index]
      if slot.key == key { return slot.next }
      if slot.key == Self.empty { return nil }
      index = (index + 1) & mask
    }
  }

  /// Adds a string; of equal ones the last counts. At most 2^24 - 1 bytes of prefixes in all, else false.
  func insert(_ bytes: some Sequence<UInt8>, value: Int32) -> Bool {
    var node: UInt32 = 0
    for byte in bytes {
      if let found = next(node, byte) {
        node = found
        continue
      }
      guard values.count < 0xFF_FFFF else { return false }
      let created = UInt32(values.count)
      values.append(-1)
      addEdge(node << 8 | UInt32(byte), created)
      node = created
    }
    values[Int(node)] = value
    return true
  }

  private func addEdge(_ key: UInt32, _ to: UInt32) {
    if (edges + 1) * 2 > mask + 1 {
      let (old, count) = (slots, mask + 1)
      mask = count * 2 - 1
      slots = .allocate(capacity: mask + 1)
      slots.initialize(repeating: Slot(key: Self.empty, next: 0), count: mask + 1)
      for index in 0..<count where old[index].key != Self.empty { place(old[index]) }
      old.deallocate()
    }
    edges += 1
    place(Slot(key: key, next: to))
  }

  private func place(_ slot: Slot) {
    var index = Self.first(slot.key, mask)
    while slots[index].key != Self.empty { index = (index + 1) & mask }
    slots[index] = slot
  }

  /// Ends insertion; matching reads what was there then.
  func seal() {
    stored.deallocate()
    stored = .allocate(capacity: values.count)
    stored.initialize(from: values, count: values.count)
  }

  /// The value and length of the longest string that `text` begins with; nil where there is none.
  @inline(__always)
  func longest(_ text: UnsafePointer<UInt8>, _ count: Int) -> (value: Int32, length: Int)? {
    var node: UInt32 = 0
    var found: (value: Int32, length: Int)?
    var index = 0
    while index < count, let following = next(node, text[index]) {
      node = following
      index += 1
      let value = stored[Int(node)]
      if value >= 0 { found = (value, index) }
    }
    return found
  }
}
