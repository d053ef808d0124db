/// WordPiece: from left to right the longest token that fits; a word that cannot be cut that way is unknown as a whole
/// (Devlin et al. 2019).
final class WordPieceModel: Sendable {
  private let beginnings: ByteTrie
  /// The tokens that continue a word, without their prefix.
  private let continuations: ByteTrie
  private let unknown: Int32
  /// Longer words, in code points, are unknown.
  private let longestWord: Int

  init(beginnings: ByteTrie, continuations: ByteTrie, unknown: Int32, longestWord: Int) {
    self.beginnings = beginnings
    self.continuations = continuations
    self.unknown = unknown
    self.longestWord = longestWord
  }

  /// As ``BytePairModel/split(_:_:_:)``.
  func split(_ word: UnsafePointer<UInt8>, _ length: Int, _ worker: TokenizerWorker) -> Int {
    worker.reservePieces(length)
    let (ids, ends) = (worker.pieceIDs, worker.pieceEnds)
    var isKnown = true
    if length > longestWord {
      var scalars = 0
      for index in 0..<length where word[index] & 0xC0 != 0x80 { scalars += 1 }
      isKnown = scalars <= longestWord
    }
    var (begin, count) = (0, 0)
    while isKnown, begin < length {
      let trie = begin == 0 ? beginnings : continuations
      guard let found = trie.longest(word + begin, length - begin) else {
        isKnown = false
        break
      }
      begin += found.length
      ids[count] = found.value
      ends[count] = Int32(truncatingIfNeeded: begin)
      count += 1
    }
    if isKnown { return count }
    ids[0] = unknown
    ends[0] = Int32(truncatingIfNeeded: length)
    return 1
  }
}
