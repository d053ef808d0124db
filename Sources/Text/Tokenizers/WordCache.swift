/// Words that were split into pieces lately, by their bytes: what makes a frequent word cost one look-up.
///
/// Up to 15 bytes are compared as two numbers; longer words by their hash and then by their bytes. One cache belongs to
/// one thread at a time. It forgets everything when it is full, so that its memory is bounded (some 8 MB).
final class WordCache {
  /// Longer words are not kept.
  static let longestWord = 255

  private struct Slot {
    /// Bytes 0 to 7, or the hash of a long word.
    var low: UInt64
    /// Bytes 8 to 14 and the length in the top byte; for a long word 0xFF there and the length below. 0: empty.
    var high: UInt64
    /// The only piece's number, or where in `pieces` the first is.
    var first: Int32
    var count: Int32
    /// Where in `keys` the bytes of a long word are.
    var key: Int32
  }

  private var slots: UnsafeMutablePointer<Slot>
  private var mask: Int
  private var used = 0
  private static let largest = 1 << 17
  private var pieces: [Int32] = []
  private var keys: [UInt8] = []
  // No file can be made whose words collide: the multipliers differ from process to process.
  private let seeds: (UInt64, UInt64)

  init() {
    mask = 4095
    slots = .allocate(capacity: mask + 1)
    slots.initialize(repeating: Slot(low: 0, high: 0, first: 0, count: 0, key: 0), count: mask + 1)
    var hasher = Hasher()
    hasher.combine(1)
    let first = UInt64(bitPattern: Int64(hasher.finalize())) | 1
    hasher = Hasher()
    hasher.combine(2)
    seeds = (first, UInt64(bitPattern: Int64(hasher.finalize())) | 1)
  }

  deinit { slots.deallocate() }

  /// The two numbers a word is known by.
  struct Key {
    var low: UInt64
    var high: UInt64
    @inline(__always) var isLong: Bool { high >> 56 == 0xFF }
  }

  /// - Parameter readable: How many bytes from `word` on may be read, at least `count`.
  @inline(__always)
  func key(_ word: UnsafePointer<UInt8>, _ count: Int, readable: Int) -> Key {
    guard count <= 15 else { return longKey(word, count) }
    var (low, high): (UInt64, UInt64)
    let raw = UnsafeRawPointer(word)
    if readable >= 16 {
      low = raw.loadUnaligned(as: UInt64.self)
      if count < 8 {
        low &= (1 << UInt64(count * 8)) &- 1
        high = 0
      } else {
        high = raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self) & ((1 << UInt64((count - 8) * 8)) &- 1)
      }
    } else {
      (low, high) = (0, 0)
      for index in 0..<count {
        if index < 8 {
          low |= UInt64(word[index]) << UInt64(index * 8)
        } else {
          high |= UInt64(word[index]) << UInt64((index - 8) * 8)
        }
      }
    }
    return Key(low: low, high: high | UInt64(count) << 56)
  }

  private func longKey(_ word: UnsafePointer<UInt8>, _ count: Int) -> Key {
    let raw = UnsafeRawPointer(word)
    var hash = UInt64(count)
    var index = 0
    while index + 8 <= count {
      hash = Self.fold(hash ^ raw.loadUnaligned(fromByteOffset: index, as: UInt64.self), seeds.0)
      index += 8
    }
    var rest: UInt64 = 0
    while index < count {
      rest = rest << 8 | UInt64(word[index])
      index += 1
    }
    return Key(low: Self.fold(hash ^ rest, seeds.1), high: 0xFF << 56 | UInt64(count))
  }

  @inline(__always) private static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (high, low) = a.multipliedFullWidth(by: b)
    return high ^ low
  }

  @inline(__always) private func slot(_ key: Key) -> Int {
    Int(truncatingIfNeeded: Self.fold(key.low ^ seeds.1, key.high ^ seeds.0)) & mask
  }

  /// Where a word's pieces are; `count` 0 where the word is not known.
  struct Found {
    var first: Int32
    var count: Int32
  }

  @inline(__always)
  func find(_ key: Key, _ word: UnsafePointer<UInt8>) -> Found {
    var index = slot(key)
    while true {
      let slot = slots[index]
      if slot.low == key.low, slot.high == key.high, !key.isLong || isEqual(slot, word) {
        return Found(first: slot.first, count: slot.count)
      }
      if slot.high == 0 { return Found(first: 0, count: 0) }
      index = (index + 1) & mask
    }
  }

  private func isEqual(_ slot: Slot, _ word: UnsafePointer<UInt8>) -> Bool {
    let begin = Int(slot.key)
    for index in 0..<Int(slot.high & 0xFFFF) where keys[begin + index] != word[index] { return false }
    return true
  }

  /// Piece `index` of a word with more than one: its number and where it ends in the word.
  @inline(__always) func piece(_ index: Int) -> (id: Int32, end: Int32) { (pieces[index * 2], pieces[index * 2 + 1]) }

  /// Keeps a word that is not there yet; `count` is at least 1.
  func insert(
    _ key: Key, _ word: UnsafePointer<UInt8>, ids: UnsafePointer<Int32>, ends: UnsafePointer<Int32>, count: Int
  ) {
    if (used + 1) * 2 > mask + 1 { makeRoom() }
    used += 1
    var entry = Slot(low: key.low, high: key.high, first: ids[0], count: Int32(count), key: 0)
    if count > 1 {
      entry.first = Int32(pieces.count / 2)
      for index in 0..<count {
        pieces.append(ids[index])
        pieces.append(ends[index])
      }
    }
    if key.isLong {
      entry.key = Int32(keys.count)
      keys.append(contentsOf: UnsafeBufferPointer(start: word, count: Int(key.high & 0xFFFF)))
    }
    var index = slot(key)
    while slots[index].high != 0 { index = (index + 1) & mask }
    slots[index] = entry
  }

  private func makeRoom() {
    let count = mask + 1
    let empty = Slot(low: 0, high: 0, first: 0, count: 0, key: 0)
    guard count < Self.largest else {
      slots.update(repeating: empty, count: count)
      pieces.removeAll(keepingCapacity: true)
      keys.removeAll(keepingCapacity: true)
      used = 0
      return
    }
    let old = slots
    mask = count * 2 - 1
    slots = .allocate(capacity: mask + 1)
    slots.initialize(repeating: empty, count: mask + 1)
    for entry in 0..<count where old[entry].high != 0 {
      var index = slot(Key(low: old[entry].low, high: old[entry].high))
      while slots[index].high != 0 { index = (index + 1) & mask }
      slots[index] = old[entry]
    }
    old.deallocate()
  }
}
