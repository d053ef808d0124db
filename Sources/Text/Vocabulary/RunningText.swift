import PluginAPI

/// Running text as token numbers: words between white space, `<eos>` after each line, as language models on the Penn
/// Treebank and WikiText are trained.
public struct RunningText: Sendable {
  /// Ends every line, empty ones too.
  public static let endOfLine = "<eos>"
  /// Stands for what the vocabulary lacks; the published corpora hold it themselves.
  public static let unknown = "<unk>"

  /// The words with a number each.
  public struct Words: Sendable {
    /// By number: ``endOfLine``, ``unknown``, then the others by falling frequency in the training text, those of equal
    /// frequency by their bytes.
    public let tokens: [String]
    private let table: TokenTable

    public var count: Int { tokens.count }

    /// - Parameters:
    ///   - minimumCount: words that occur less often become ``unknown``.
    ///   - maximumSize: the most tokens to keep.
    public init(_ source: SourceText, minimumCount: Int = 1, maximumSize: Int = .max) {
      var seen = TokenTable()
      var counts: [Int] = []
      RunningText.forEachWord(of: source) { word in
        guard let word else { return }
        let number = Int(seen.insert(word))
        if number == counts.count { counts.append(1) } else { counts[number] += 1 }
      }
      let special = [RunningText.endOfLine, RunningText.unknown]
      let order = counts.indices.filter { counts[$0] >= minimumCount }.sorted { first, second in
        counts[first] == counts[second]
          ? seen.bytes(first).lexicographicallyPrecedes(seen.bytes(second)) : counts[first] > counts[second]
      }
      // Those may stand in the text as words.
      let words = order.lazy.map { String(decoding: seen.bytes($0), as: UTF8.self) }.filter { !special.contains($0) }
      tokens = special + words.prefix(max(0, maximumSize - special.count))
      var table = TokenTable()
      for token in tokens {
        var token = token
        token.withUTF8 { _ = table.insert($0) }
      }
      self.table = table
    }

    /// The numbers of a text.
    public func encode(_ source: SourceText) -> [Int32] {
      var numbers: [Int32] = []
      RunningText.forEachWord(of: source) { word in
        guard let word else { return numbers.append(0) }
        let number = table.find(word)
        numbers.append(number < 0 ? 1 : number)
      }
      return numbers
    }
  }

  /// Calls `body` with the bytes of each word, and with nil at each end of a line. White space is ASCII's, as where the
  /// corpora were made.
  static func forEachWord(of source: SourceText, _ body: (UnsafeBufferPointer<UInt8>?) -> Void) {
    source.bytes.withUnsafeBufferPointer { bytes in
      for line in source.lines() {
        var begin = line.lowerBound
        while begin < line.upperBound {
          while begin < line.upperBound, SourceText.isBlank(bytes[begin]) { begin += 1 }
          var end = begin
          while end < line.upperBound, !SourceText.isBlank(bytes[end]) { end += 1 }
          if end > begin { body(UnsafeBufferPointer(rebasing: bytes[begin..<end])) }
          begin = end
        }
        body(nil)
      }
    }
  }
}
