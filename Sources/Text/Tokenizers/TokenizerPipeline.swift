/// From a text to tokens, without special ones around it: added tokens, normalization, words, pieces.
struct TokenizerPipeline: Sendable {
  enum Model: Sendable {
    case bytePair(BytePairModel)
    case wordPiece(WordPieceModel)
    /// Every word is a token of its own: for counting them.
    case words(WordNumbering)
  }

  let normalizer: TextNormalizer?
  let preTokenizer: PreTokenizer
  let model: Model
  let added: AddedTokens
  private let scanner = ByteLevelScanner()
  /// Where the words can be found in one pass over the text: BERT's normalizer and words, no token added behind them.
  private let wordScanner: BertScanner?

  init(normalizer: TextNormalizer?, preTokenizer: PreTokenizer, model: Model, added: [AddedToken]) {
    self.normalizer = normalizer
    self.preTokenizer = preTokenizer
    self.model = model
    self.added = AddedTokens(added) { content in
      guard let normalizer else { return Array(content.utf8) }
      let text = NormalizedText()
      var content = content
      content.withUTF8 { bytes in
        guard let base = bytes.baseAddress else { return }
        text.set(base, 0..<bytes.count)
      }
      normalizer.apply(to: text)
      text.encode()
      return Array(text.bytes.dropLast(16))
    }
    if case .bert = preTokenizer, case .bert(let cleans, _, _, let lowercases) = normalizer, !self.added.hasNormalized {
      wordScanner = BertScanner(cleans: cleans, lowercases: lowercases)
    } else {
      wordScanner = nil
    }
  }

  /// Appends the tokens of well-formed UTF-8 to `buffer`, at most until its limit is passed.
  func run(_ text: UnsafeBufferPointer<UInt8>, into buffer: inout TokenBuffer, _ worker: TokenizerWorker) {
    guard let base = text.baseAddress, !text.isEmpty else { return }
    guard let parts = added.parts(base, 0..<text.count) else {
      runPart(base, 0..<text.count, text.count, &buffer, worker)
      return
    }
    for part in parts where buffer.count < buffer.limit {
      if let id = part.id {
        buffer.appendAdded(id, part.range.lowerBound, part.range.upperBound)
      } else {
        runPart(base, part.range, text.count, &buffer, worker)
      }
    }
  }

  private func runPart(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ count: Int, _ buffer: inout TokenBuffer, _ worker: TokenizerWorker
  ) {
    if let wordScanner {
      runBert(wordScanner, text, range, &buffer, worker)
      return
    }
    guard normalizer != nil || preTokenizer == .bert else {
      if added.hasNormalized, let parts = added.parts(text, range, isNormalized: true) {
        for part in parts where buffer.count < buffer.limit {
          if let id = part.id {
            buffer.appendAdded(id, part.range.lowerBound, part.range.upperBound)
          } else {
            runBytes(text, part.range, count, &buffer, worker)
          }
        }
      } else {
        runBytes(text, range, count, &buffer, worker)
      }
      return
    }
    let normalized = worker.normalized
    normalized.set(text, range)
    normalizer?.apply(to: normalized)
    normalized.encode()
    normalized.bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress, bytes.count > 16 else { return }
      let whole = 0..<bytes.count - 16
      let parts = added.parts(base, whole, isNormalized: true) ?? [AddedTokens.Part(id: nil, range: whole)]
      for part in parts where buffer.count < buffer.limit && !part.range.isEmpty {
        if let id = part.id {
          let (start, end) = (part.range.lowerBound, part.range.upperBound - 1)
          buffer.appendAdded(id, Int(normalized.byteStarts[start]), Int(normalized.byteEnds[end]))
        } else {
          runNormalized(base, part.range, normalized, &buffer, worker)
        }
      }
    }
  }

  /// Byte-level words of a text that is not normalized.
  private func runBytes(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ count: Int, _ buffer: inout TokenBuffer, _ worker: TokenizerWorker
  ) {
    guard case .byteLevel(let addsPrefixSpace, _, _) = preTokenizer else { return }
    var map = OffsetMap(text: text, shift: 0, count: range.upperBound)
    guard addsPrefixSpace, text[range.lowerBound] != 0x20 else {
      byteLevelWords(text, range, readable: count, map, &buffer, worker)
      return
    }
    // The words behind a space that is not in the text.
    worker.reserveScratch(range.count + 1)
    let scratch = worker.scratch
    scratch[0] = 0x20
    (scratch + 1).update(from: text + range.lowerBound, count: range.count)
    map = OffsetMap(text: scratch, shift: range.lowerBound - 1, hasPrefix: true, count: range.count + 1)
    byteLevelWords(scratch, 0..<range.count + 1, readable: range.count + 17, map, &buffer, worker)
  }

  /// Words of a normalized text, by their bytes.
  private func runNormalized(
    _ bytes: UnsafePointer<UInt8>, _ range: Range<Int>, _ normalized: NormalizedText, _ buffer: inout TokenBuffer,
    _ worker: TokenizerWorker
  ) {
    normalized.byteStarts.withUnsafeBufferPointer { starts in
      normalized.byteEnds.withUnsafeBufferPointer { ends in
        guard let starts = starts.baseAddress, let ends = ends.baseAddress else { return }
        switch preTokenizer {
        case .byteLevel(let addsPrefixSpace, _, _):
          guard addsPrefixSpace, bytes[range.lowerBound] != 0x20 else {
            let map = OffsetMap(text: bytes, shift: 0, starts: starts, ends: ends, count: range.upperBound)
            byteLevelWords(bytes, range, readable: range.upperBound + 16, map, &buffer, worker)
            return
          }
          worker.reserveScratch(range.count + 1)
          let scratch = worker.scratch
          scratch[0] = 0x20
          (scratch + 1).update(from: bytes + range.lowerBound, count: range.count)
          let first = range.lowerBound
          let shifted = [starts[first]] + (first..<range.upperBound).map { starts[$0] }
          let shiftedEnds = [ends[first]] + (first..<range.upperBound).map { ends[$0] }
          shifted.withUnsafeBufferPointer { shifted in
            shiftedEnds.withUnsafeBufferPointer { shiftedEnds in
              let map = OffsetMap(
                text: UnsafePointer(scratch), shift: 0, starts: shifted.baseAddress, ends: shiftedEnds.baseAddress,
                count: range.count + 1)
              byteLevelWords(scratch, 0..<range.count + 1, readable: range.count + 17, map, &buffer, worker)
            }
          }
        case .bert:
          let map = OffsetMap(text: bytes, shift: 0, starts: starts, ends: ends, count: range.upperBound)
          bertWords(bytes, range, map, &buffer, worker)
        }
      }
    }
  }

  private func byteLevelWords(
    _ bytes: UnsafePointer<UInt8>, _ range: Range<Int>, readable: Int, _ map: OffsetMap, _ buffer: inout TokenBuffer,
    _ worker: TokenizerWorker
  ) {
    guard case .byteLevel(_, _, let usesPattern) = preTokenizer else { return }
    var begin = range.lowerBound
    while begin < range.upperBound, buffer.count < buffer.limit {
      let end = usesPattern ? scanner.end(bytes, begin, range.upperBound) : range.upperBound
      word(bytes, begin, end, readable: readable, map, &buffer, worker)
      begin = end
    }
  }

  /// The words of normalized bytes: runs without white space, punctuation marks alone.
  private func bertWords(
    _ bytes: UnsafePointer<UInt8>, _ range: Range<Int>, _ map: OffsetMap, _ buffer: inout TokenBuffer,
    _ worker: TokenizerWorker
  ) {
    let tables = UnicodeTables.shared
    let readable = range.upperBound + 16
    var begin = range.lowerBound
    var index = begin
    while index < range.upperBound, buffer.count < buffer.limit {
      let (scalar, width) = UTF8Scalar.decode(bytes + index)
      let bits = tables.flags(scalar)
      if bits & (UnicodeTables.Flag.space | UnicodeTables.Flag.punctuation) != 0 {
        if begin < index { word(bytes, begin, index, readable: readable, map, &buffer, worker) }
        begin = index + width
        if bits & UnicodeTables.Flag.punctuation != 0 {
          word(bytes, index, begin, readable: readable, map, &buffer, worker)
        }
      }
      index += width
    }
    if begin < index, buffer.count < buffer.limit {
      word(bytes, begin, index, readable: readable, map, &buffer, worker)
    }
  }

  /// BERT's words straight from the text: what is plain ASCII is lower-cased and cut in one pass, a stretch between
  /// spaces with anything else in it goes through the normalizer. No step of that looks across ASCII white space.
  private func runBert(
    _ words: BertScanner, _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ buffer: inout TokenBuffer,
    _ worker: TokenizerWorker
  ) {
    var index = range.lowerBound
    while index < range.upperBound, buffer.count < buffer.limit {
      switch words.kinds[Int(text[index])] {
      case BertScanner.space:
        index += 1
      case BertScanner.punctuation:
        let map = OffsetMap(text: text + index, shift: index, count: 1)
        word(text + index, 0, 1, readable: 1, map, &buffer, worker)
        index += 1
      default:
        let begin = index
        worker.reserveScratch(64)
        var scratch = worker.scratch
        while index < range.upperBound, words.kinds[Int(text[index])] == BertScanner.word {
          if (index - begin) & 63 == 63 {
            worker.reserveScratch(index - begin + 65)
            scratch = worker.scratch
          }
          scratch[index - begin] = words.lower[Int(text[index])]
          index += 1
        }
        if index < range.upperBound, words.kinds[Int(text[index])] == BertScanner.other {
          while index < range.upperBound, words.kinds[Int(text[index])] != BertScanner.space { index += 1 }
          runNormalizedBert(text, begin..<index, &buffer, worker)
        } else {
          let count = index - begin
          let map = OffsetMap(text: scratch, shift: begin, count: count)
          word(scratch, 0, count, readable: count + 16, map, &buffer, worker)
        }
      }
    }
  }

  private func runNormalizedBert(
    _ text: UnsafePointer<UInt8>, _ range: Range<Int>, _ buffer: inout TokenBuffer, _ worker: TokenizerWorker
  ) {
    let normalized = worker.normalized
    normalized.set(text, range)
    normalizer?.apply(to: normalized)
    normalized.encode()
    normalized.bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress, bytes.count > 16 else { return }
      runNormalized(base, 0..<bytes.count - 16, normalized, &buffer, worker)
    }
  }

  /// One word: from the cache, or split by the model.
  @inline(__always)
  private func word(
    _ bytes: UnsafePointer<UInt8>, _ begin: Int, _ end: Int, readable: Int, _ map: OffsetMap,
    _ buffer: inout TokenBuffer, _ worker: TokenizerWorker
  ) {
    let (start, count) = (bytes + begin, end - begin)
    guard count <= WordCache.longestWord else {
      split(start, begin, count, nil, map, &buffer, worker)
      return
    }
    let key = worker.cache.key(start, count, readable: readable - begin)
    let found = worker.cache.find(key, start)
    if found.count == 1 {
      buffer.reserve(1)
      buffer.append(found.first)
      if buffer.wantsOffsets {
        let range = map.range(begin, end)
        buffer.setOffsets(buffer.count - 1, range.start, range.end)
      }
    } else if found.count > 1 {
      buffer.reserve(Int(found.count))
      var last = begin
      for index in 0..<Int(found.count) {
        let piece = worker.cache.piece(Int(found.first) + index)
        buffer.append(piece.id)
        if buffer.wantsOffsets {
          let range = map.range(last, begin + Int(piece.end))
          buffer.setOffsets(buffer.count - 1, range.start, range.end)
          last = begin + Int(piece.end)
        }
      }
    } else {
      split(start, begin, count, key, map, &buffer, worker)
    }
  }

  private func split(
    _ word: UnsafePointer<UInt8>, _ begin: Int, _ length: Int, _ key: WordCache.Key?, _ map: OffsetMap,
    _ buffer: inout TokenBuffer, _ worker: TokenizerWorker
  ) {
    let count =
      switch model {
      case .bytePair(let model): model.split(word, length, worker)
      case .wordPiece(let model): model.split(word, length, worker)
      case .words(let numbering): numbering.split(word, length, worker)
      }
    guard count > 0 else { return }
    let (ids, ends) = (worker.pieceIDs, worker.pieceEnds)
    if let key { worker.cache.insert(key, word, ids: ids, ends: ends, count: count) }
    buffer.reserve(count)
    var last = begin
    for index in 0..<count {
      let end = begin + Int(ends[index])
      if buffer.wantsOffsets {
        let range = map.range(last, end)
        buffer.append(ids[index], range.start, range.end)
      } else {
        buffer.append(ids[index])
      }
      last = end
    }
  }
}

/// What BERT's normalizer and word rules do with each byte, as far as one byte can tell.
struct BertScanner: Sendable {
  static let word: UInt8 = 0
  static let space: UInt8 = 1
  static let punctuation: UInt8 = 2
  /// Needs the normalizer: not ASCII, or a control character.
  static let other: UInt8 = 3

  let kinds: [UInt8]
  let lower: [UInt8]

  init(cleans: Bool, lowercases: Bool) {
    kinds = (0..<256).map { code in
      let bits = code < 128 ? UnicodeTables.shared.flags(UInt32(code)) : 0
      if [0x20, 0x09, 0x0A, 0x0D].contains(code) { return Self.space }
      if code >= 0x7F || code < 0x20 { return Self.other }
      return bits & UnicodeTables.Flag.punctuation != 0 ? Self.punctuation : Self.word
    }
    lower = (0..<256).map { code in
      lowercases && 0x41...0x5A ~= code ? UInt8(code) | 0x20 : UInt8(code)
    }
  }
}
