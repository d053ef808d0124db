/// Numbers byte strings in the order they come: a hash table with open addressing over one flat buffer.
///
/// A `Dictionary` would need a key object for every look-up; this one looks up bytes where they lie. Hashing is the
/// standard library's, seeded in each process, so that no file can be made to collide; numbers do not depend on it.
struct TokenTable: Sendable {
  private var storage: [UInt8] = []
  /// Token `i` is `storage[ends[i] ..< ends[i + 1]]`.
  private var ends: [Int] = [0]
  private var hashes: [Int] = []
  /// A token's number, or -1. The count is a power of two, at least twice the tokens'.
  private var slots: [Int32] = Array(repeating: -1, count: 1024)

  var count: Int { hashes.count }

  func bytes(_ number: Int) -> ArraySlice<UInt8> { storage[ends[number]..<ends[number + 1]] }

  /// The number of a token, or -1. Expected constant time for a token of bounded length.
  func find(_ token: UnsafeBufferPointer<UInt8>) -> Int32 {
    slots[slot(of: token, hash: Self.hash(token))]
  }

  /// The number of a token, a new one if it is new. Amortized as ``find(_:)``.
  mutating func insert(_ token: UnsafeBufferPointer<UInt8>) -> Int32 {
    let hash = Self.hash(token)
    let index = slot(of: token, hash: hash)
    if slots[index] >= 0 { return slots[index] }
    let number = Int32(truncatingIfNeeded: hashes.count)
    slots[index] = number
    hashes.append(hash)
    storage.append(contentsOf: token)
    ends.append(storage.count)
    if hashes.count * 2 > slots.count { grow() }
    return number
  }

  private static func hash(_ token: UnsafeBufferPointer<UInt8>) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: UnsafeRawBufferPointer(token))
    return hasher.finalize()
  }

  /// The slot that holds the token, or the empty one where it belongs.
  private func slot(of token: UnsafeBufferPointer<UInt8>, hash: Int) -> Int {
    let mask = slots.count - 1
    var index = hash & mask
    while true {
      let number = Int(slots[index])
      if number < 0 || (hashes[number] == hash && isEqual(number, token)) { return index }
      index = (index + 1) & mask
    }
  }

  private func isEqual(_ number: Int, _ token: UnsafeBufferPointer<UInt8>) -> Bool {
    let begin = ends[number]
    guard ends[number + 1] - begin == token.count else { return false }
    for offset in 0..<token.count where storage[begin + offset] != token[offset] { return false }
    return true
  }

  private mutating func grow() {
    slots = Array(repeating: -1, count: slots.count * 2)
    let mask = slots.count - 1
    for (number, hash) in hashes.enumerated() {
      var index = hash & mask
      while slots[index] >= 0 { index = (index + 1) & mask }
      slots[index] = Int32(truncatingIfNeeded: number)
    }
  }
}
