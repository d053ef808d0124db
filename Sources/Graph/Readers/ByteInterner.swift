import Foundation

/// Numbers byte strings in the order they are first met, without making a String of each.
///
/// Open addressing with linear probing; every byte string is stored once, in one arena. Looking up costs a hash and, almost
/// always, one comparison. Nothing can be removed.
public struct ByteInterner: Sendable {
  private var arena: [UInt8] = []
  private var ends: [Int] = []
  /// In each slot the hash (upper half) and the number + 1 (lower half) of a byte string, 0 where empty; a power of two of
  /// slots. With the hash here a wrong slot is passed without touching other memory.
  private var slots: [UInt64] = [UInt64](repeating: 0, count: 16)
  /// Drawn once per process, so that a file cannot be made whose ids all collide. Numbers do not depend on it.
  private static let seed = UInt64.random(in: .min ... .max)

  public init() {}

  /// How many different byte strings there are.
  public var count: Int { ends.count }

  /// The number of a byte string, which is added if it is new.
  public mutating func intern(_ bytes: UnsafeBufferPointer<UInt8>) -> Int {
    let hash = Self.hash(bytes)
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let number = Int(slots[slot] & 0xffff_ffff) - 1
      if slots[slot] >> 32 == UInt64(hash), matches(number, bytes) { return number }
      slot = (slot + 1) & (slots.count - 1)
    }
    let number = ends.count
    slots[slot] = UInt64(hash) << 32 | UInt64(number + 1)
    arena.append(contentsOf: bytes)
    ends.append(arena.count)
    if 2 * ends.count > slots.count { grow() }
    return number
  }

  /// The number of a byte string; nil if it was never interned.
  public func number(of bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    let hash = Self.hash(bytes)
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let number = Int(slots[slot] & 0xffff_ffff) - 1
      if slots[slot] >> 32 == UInt64(hash), matches(number, bytes) { return number }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// The byte string of a number below ``count``.
  public func bytes(_ number: Int) -> ArraySlice<UInt8> {
    arena[(number == 0 ? 0 : ends[number - 1])..<ends[number]]
  }

  /// The byte string of a number below ``count``, as text.
  public func string(_ number: Int) -> String { String(decoding: bytes(number), as: UTF8.self) }

  private func matches(_ number: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = number == 0 ? 0 : ends[number - 1]
    guard ends[number] - start == bytes.count else { return false }
    return arena.withUnsafeBufferPointer { arena in
      guard let stored = arena.baseAddress, let wanted = bytes.baseAddress else { return bytes.isEmpty }
      return memcmp(stored + start, wanted, bytes.count) == 0
    }
  }

  private mutating func grow() {
    let old = slots
    slots = [UInt64](repeating: 0, count: 2 * old.count)
    for entry in old where entry != 0 {
      var slot = Int(entry >> 32) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = entry
    }
  }

  /// Multiply and fold, eight bytes at a time.
  private static func hash(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt32 {
    var state = seed ^ UInt64(truncatingIfNeeded: bytes.count)
    let raw = UnsafeRawBufferPointer(bytes)
    var offset = 0
    while offset + 8 <= raw.count {
      state = fold(state ^ raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      offset += 8
    }
    var rest: UInt64 = 0
    while offset < raw.count {
      rest = rest << 8 | UInt64(raw[offset])
      offset += 1
    }
    state = fold(state ^ rest)
    return UInt32(truncatingIfNeeded: state ^ (state >> 32))
  }

  private static func fold(_ value: UInt64) -> UInt64 {
    let product = value.multipliedFullWidth(by: 0x9E37_79B9_7F4A_7C15)
    return product.high ^ product.low
  }
}
