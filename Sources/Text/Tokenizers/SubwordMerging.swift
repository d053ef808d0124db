/// Joins the most frequent pairs of neighbours in words, until a vocabulary has its size (Sennrich et al. 2016).
///
/// Counts are kept up to date by what each join changes, and a queue holds pairs by the count they had when they were
/// put in: one whose count has changed goes back.
struct SubwordMerging {
  /// A pair in the queue, the most frequent first, then by numbers.
  private struct Candidate: Comparable {
    var count: Int
    /// Left number in the upper half.
    var pair: UInt64
    /// The words that have it.
    var words: [Int32]

    static func < (a: Self, b: Self) -> Bool { a.count == b.count ? a.pair < b.pair : a.count > b.count }
    static func == (a: Self, b: Self) -> Bool { a.count == b.count && a.pair == b.pair }
  }

  /// What tokens inside a word begin with.
  private let prefix: [UInt8]
  private var table = TokenTable()
  private var words: [[Int32]] = []
  private var counts: [Int] = []
  /// What was joined, in that order.
  private(set) var merges: [(left: Int32, right: Int32)] = []

  init(prefix: [UInt8]) { self.prefix = prefix }

  /// The number of a token, a new one if it is new.
  @discardableResult mutating func add(_ token: [UInt8]) -> Int32 { token.withUnsafeBufferPointer { table.insert($0) } }

  mutating func add(word: [Int32], count: Int) {
    words.append(word)
    counts.append(count)
  }

  private static func pair(_ left: Int32, _ right: Int32) -> UInt64 { UInt64(left) << 32 | UInt64(right) }

  mutating func run(size: Int, minimumFrequency: Int) {
    let counts = counts
    var pairCounts: [UInt64: Int] = [:]
    var places: [UInt64: [Int32]] = [:]
    for (index, word) in words.enumerated() {
      for (left, right) in zip(word, word.dropFirst()) {
        let pair = Self.pair(left, right)
        pairCounts[pair, default: 0] += counts[index]
        Self.note(index, &places[pair, default: []])
      }
    }
    var queue: [Candidate] = []
    func enqueue() {
      for (pair, words) in places {
        if let count = pairCounts[pair], count > 0 {
          MinimumHeap.push(Candidate(count: count, pair: pair, words: words), to: &queue)
        }
      }
      places.removeAll(keepingCapacity: true)
    }
    enqueue()
    while table.count < size, var top = MinimumHeap.pop(from: &queue) {
      let count = pairCounts[top.pair] ?? 0
      if count != top.count {
        top.count = count
        MinimumHeap.push(top, to: &queue)
        continue
      }
      if count < max(1, minimumFrequency) { break }
      let (left, right) = (Int32(top.pair >> 32), Int32(top.pair & 0xFFFF_FFFF))
      var tail = table.bytes(Int(right))
      if !prefix.isEmpty, tail.starts(with: prefix) { tail = tail.dropFirst(prefix.count) }
      let joined = add(Array(table.bytes(Int(left)) + tail))
      merges.append((left, right))
      for index in top.words {
        join(Int(index), left, right, joined) { pair, change in
          pairCounts[pair, default: 0] += change * counts[Int(index)]
          if change > 0 { Self.note(Int(index), &places[pair, default: []]) }
        }
      }
      enqueue()
    }
  }

  private static func note(_ word: Int, _ list: inout [Int32]) {
    if list.last != Int32(word) { list.append(Int32(word)) }
  }

  /// Replaces a pair in one word, and tells how often which pairs came or went.
  private mutating func join(
    _ index: Int, _ left: Int32, _ right: Int32, _ joined: Int32, _ change: (UInt64, Int) -> Void
  ) {
    var word: [Int32] = []
    swap(&word, &words[index])
    var place = 0
    while place < word.count {
      if word[place] == left, place + 1 < word.count, word[place + 1] == right {
        if place > 0 {
          change(Self.pair(word[place - 1], left), -1)
          change(Self.pair(word[place - 1], joined), 1)
        }
        word[place] = joined
        word.remove(at: place + 1)
        if place + 1 < word.count {
          change(Self.pair(right, word[place + 1]), -1)
          change(Self.pair(joined, word[place + 1]), 1)
        }
      }
      place += 1
    }
    words[index] = word
  }

  /// The tokens by number.
  func vocabulary() throws -> SubwordVocabulary {
    try SubwordVocabulary(
      (0..<table.count).map { (token: Array(table.bytes($0)), id: $0) }, file: "trained"
    ) { .internalError("token \($0): \($1)") }
  }
}
