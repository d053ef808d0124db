/// Byte-pair encoding: a word begins as its bytes, and the pair of neighbours whose merge was learned first is joined,
/// the leftmost of equal ones, until no pair of neighbours has a merge (Sennrich et al. 2016; over bytes Radford et al.
/// 2019).
final class BytePairModel: @unchecked Sendable {
  private struct Slot {
    /// Left number in the upper half, right one in the lower; `empty` where there is no merge.
    var pair: UInt64
    var rank: UInt32
    var id: Int32
  }
  private static let empty = UInt64.max
  private static let noRank = UInt32.max

  /// The number of each byte's token, or -1.
  private let byteIDs: UnsafeMutablePointer<Int32>
  private let slots: UnsafeMutablePointer<Slot>
  private let mask: Int
  /// The token for a byte that the vocabulary lacks, or -1: such bytes are left out.
  private let unknown: Int32
  private let fusesUnknown: Bool
  /// Whole words that are tokens, where these are taken before any merge.
  private let whole: ByteTrie?

  /// - Parameters:
  ///   - byteIDs: The number of each byte's token, or -1; 256 of them.
  ///   - merges: Pairs in the order they were learned, with what they give. Of equal pairs the last counts.
  ///   - whole: The tokens as bytes, where a word that is a token is not merged from its bytes.
  init(
    byteIDs: [Int32], merges: [(left: Int32, right: Int32, id: Int32)], unknown: Int32 = -1, fusesUnknown: Bool = false,
    whole: ByteTrie? = nil
  ) {
    self.byteIDs = .allocate(capacity: 256)
    self.byteIDs.initialize(from: byteIDs, count: 256)
    self.unknown = unknown
    self.fusesUnknown = fusesUnknown
    self.whole = whole
    var capacity = 16
    while capacity < merges.count * 2 { capacity *= 2 }
    mask = capacity - 1
    slots = .allocate(capacity: capacity)
    slots.initialize(repeating: Slot(pair: Self.empty, rank: 0, id: 0), count: capacity)
    for (rank, merge) in merges.enumerated() {
      let pair = Self.pair(merge.left, merge.right)
      var index = Self.first(pair) & mask
      while slots[index].pair != Self.empty, slots[index].pair != pair { index = (index + 1) & mask }
      slots[index] = Slot(pair: pair, rank: UInt32(rank), id: merge.id)
    }
  }

  deinit {
    byteIDs.deallocate()
    slots.deallocate()
  }

  @inline(__always) private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always) private static func first(_ pair: UInt64) -> Int {
    Int(truncatingIfNeeded: (pair &* 0x9E37_79B9_7F4A_7C15) >> 32)
  }

  @inline(__always) private func rank(_ left: Int32, _ right: Int32) -> UInt32 {
    let index = slot(left, right)
    return index < 0 ? Self.noRank : slots[index].rank
  }

  /// The slot of a pair's merge, or -1.
  @inline(__always) private func slot(_ left: Int32, _ right: Int32) -> Int {
    let pair = Self.pair(left, right)
    var index = Self.first(pair) & mask
    while true {
      let found = slots[index].pair
      if found == pair { return index }
      if found == Self.empty { return -1 }
      index = (index + 1) & mask
    }
  }

  /// Splits a word into pieces, into `worker`'s buffers. Time is linear in its length times its logarithm.
  ///
  /// - Returns: How many pieces.
  func split(_ word: UnsafePointer<UInt8>, _ length: Int, _ worker: TokenizerWorker) -> Int {
    worker.reservePieces(length)
    let (ids, ends) = (worker.pieceIDs, worker.pieceEnds)
    if let whole, let found = whole.longest(word, length), found.length == length {
      ids[0] = found.value
      ends[0] = Int32(truncatingIfNeeded: length)
      return 1
    }
    var count = 0
    var wasUnknown = false
    for index in 0..<length {
      let id = byteIDs[Int(word[index])]
      let end = Int32(truncatingIfNeeded: index + 1)
      if id >= 0 {
        ids[count] = id
        ends[count] = end
        count += 1
      } else if unknown >= 0 {
        if wasUnknown, fusesUnknown {
          ends[count - 1] = end
        } else {
          ids[count] = unknown
          ends[count] = end
          count += 1
        }
      }
      wasUnknown = id < 0
    }
    if count < 2 { return count }
    return count <= 40 ? mergeShort(count, worker) : mergeLong(count, worker)
  }

  /// Looks over all pairs for each merge: quickest where there are few.
  private func mergeShort(_ total: Int, _ worker: TokenizerWorker) -> Int {
    let (ids, ends) = (worker.pieceIDs, worker.pieceEnds)
    return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 40) { ranks in
      var count = total
      for index in 0..<count - 1 { ranks[index] = rank(ids[index], ids[index + 1]) }
      while count > 1 {
        var best = Self.noRank
        var place = 0
        for index in 0..<count - 1 where ranks[index] < best { (best, place) = (ranks[index], index) }
        if best == Self.noRank { break }
        ids[place] = slots[slot(ids[place], ids[place + 1])].id
        ends[place] = ends[place + 1]
        count -= 1
        var index = place + 1
        while index < count {
          ids[index] = ids[index + 1]
          ends[index] = ends[index + 1]
          ranks[index - 1] = ranks[index]
          index += 1
        }
        // `ranks[place]` held the pair to the right, which is another now.
        if place < count - 1 {
          ranks[place] = rank(ids[place], ids[place + 1])
        }
        if place > 0 { ranks[place - 1] = rank(ids[place - 1], ids[place]) }
      }
      return count
    }
  }

  /// A heap of pairs by rank and place over a linked list.
  private func mergeLong(_ total: Int, _ worker: TokenizerWorker) -> Int {
    let (ids, ends) = (worker.pieceIDs, worker.pieceEnds)
    worker.heap.removeAll(keepingCapacity: true)
    worker.links.removeAll(keepingCapacity: true)
    for index in 0..<total {
      worker.links.append((Int32(index) - 1, index + 1 < total ? Int32(index) + 1 : -1))
    }
    for index in 0..<total - 1 {
      let rank = rank(ids[index], ids[index + 1])
      if rank != Self.noRank { MinimumHeap.push(UInt64(rank) << 32 | UInt64(index), to: &worker.heap) }
    }
    while let top = MinimumHeap.pop(from: &worker.heap) {
      let place = Int(top & 0xFFFF_FFFF)
      guard ids[place] >= 0 else { continue }
      let next = Int(worker.links[place].next)
      guard next >= 0 else { continue }
      let found = slot(ids[place], ids[next])
      // An entry is out of date once one of the two has become another.
      guard found >= 0, UInt64(slots[found].rank) == top >> 32 else { continue }
      ids[place] = slots[found].id
      ends[place] = ends[next]
      ids[next] = -1
      let following = worker.links[next].next
      worker.links[place].next = following
      if following >= 0 {
        worker.links[Int(following)].previous = Int32(place)
        let rank = rank(ids[place], ids[Int(following)])
        if rank != Self.noRank { MinimumHeap.push(UInt64(rank) << 32 | UInt64(place), to: &worker.heap) }
      }
      let previous = Int(worker.links[place].previous)
      if previous >= 0 {
        let rank = rank(ids[previous], ids[place])
        if rank != Self.noRank { MinimumHeap.push(UInt64(rank) << 32 | UInt64(previous), to: &worker.heap) }
      }
    }
    var count = 0
    for index in 0..<total where ids[index] >= 0 {
      ids[count] = ids[index]
      ends[count] = ends[index]
      count += 1
    }
    return count
  }
}

/// A binary heap in an array, the smallest first.
enum MinimumHeap {
  static func push<Element: Comparable>(_ element: Element, to heap: inout [Element]) {
    heap.append(element)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child] < heap[parent] else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  static func pop<Element: Comparable>(from heap: inout [Element]) -> Element? {
    guard let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return last }
    let top = heap[0]
    heap[0] = last
    var parent = 0
    while true {
      var child = parent * 2 + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < heap[parent] else { break }
      heap.swapAt(child, parent)
      parent = child
    }
    return top
  }
}
