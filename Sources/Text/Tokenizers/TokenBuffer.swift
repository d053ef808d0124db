/// Tokens as they are found: numbers and, if wanted, the bytes of the text they stand for. Grows; owned by one worker.
struct TokenBuffer {
  private(set) var ids: UnsafeMutablePointer<Int32>
  private(set) var starts: UnsafeMutablePointer<Int32>
  private(set) var ends: UnsafeMutablePointer<Int32>
  private(set) var count = 0
  private var capacity: Int
  /// Whether offsets are kept.
  var wantsOffsets = true
  /// Which tokens were found as added tokens in the text, not made by the model.
  private(set) var added: [Int] = []
  /// What comes behind this many tokens is not needed.
  var limit = Int.max

  init() {
    capacity = 512
    ids = .allocate(capacity: capacity)
    starts = .allocate(capacity: capacity)
    ends = .allocate(capacity: capacity)
  }

  /// Frees the memory; the owner calls it once.
  func deallocate() {
    ids.deallocate()
    starts.deallocate()
    ends.deallocate()
  }

  mutating func removeAll() {
    count = 0
    added.removeAll(keepingCapacity: true)
  }

  @inline(__always) mutating func reserve(_ more: Int) {
    if count + more > capacity { grow(more) }
  }

  private mutating func grow(_ more: Int) {
    let larger = max(capacity * 2, count + more)
    func moved(_ old: UnsafeMutablePointer<Int32>) -> UnsafeMutablePointer<Int32> {
      let new = UnsafeMutablePointer<Int32>.allocate(capacity: larger)
      new.update(from: old, count: count)
      old.deallocate()
      return new
    }
    ids = moved(ids)
    starts = moved(starts)
    ends = moved(ends)
    capacity = larger
  }

  /// Appends a token; there must be room for it.
  @inline(__always) mutating func append(_ id: Int32) {
    ids[count] = id
    count += 1
  }

  @inline(__always) mutating func append(_ id: Int32, _ start: Int32, _ end: Int32) {
    ids[count] = id
    starts[count] = start
    ends[count] = end
    count += 1
  }

  mutating func appendAdded(_ id: Int32, _ start: Int, _ end: Int) {
    reserve(1)
    added.append(count)
    append(id, Int32(truncatingIfNeeded: start), Int32(truncatingIfNeeded: end))
  }

  @inline(__always) func setOffsets(_ index: Int, _ start: Int32, _ end: Int32) {
    starts[index] = start
    ends[index] = end
  }
}

/// How a place in the bytes that a model sees becomes a place in the text.
struct OffsetMap {
  /// The bytes that the model sees, as far as they are the text's own.
  var text: UnsafePointer<UInt8>
  /// What to add to an index into `text`.
  var shift: Int
  /// For each byte what it stands for, where it is not itself; nil otherwise.
  var starts: UnsafePointer<Int32>?
  var ends: UnsafePointer<Int32>?
  /// Whether byte 0 is a space put before the text, which stands for the first character.
  var hasPrefix = false
  /// How many bytes there are.
  var count: Int

  /// The text's bytes for a token over bytes `lower..<upper`, widened to whole characters.
  @inline(__always) func range(_ lower: Int, _ upper: Int) -> (start: Int32, end: Int32) {
    if let starts, let ends { return (starts[lower], ends[upper - 1]) }
    var (lower, upper) = (lower, upper)
    if hasPrefix {
      if lower == 0 { lower = 1 }
      if upper == 1 { upper = 2 }
    }
    while text[lower] & 0xC0 == 0x80 { lower -= 1 }
    while upper < count, text[upper] & 0xC0 == 0x80 { upper += 1 }
    return (Int32(truncatingIfNeeded: lower + shift), Int32(truncatingIfNeeded: upper + shift))
  }
}
