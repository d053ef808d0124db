import Foundation
import PluginAPI

/// Splits text into subwords: byte-level byte-pair encoding (GPT-2, RoBERTa) or WordPiece (BERT), with the numbers and
/// offsets that the package `tokenizers` of Hugging Face gives for the same files.
///
/// A tokenizer does not change, and many threads may use one: each takes a cache of words and buffers of its own out of
/// a pool.
public final class SubwordTokenizer: Sendable {
  public enum Kind: String, Sendable {
    case bytePair = "BPE"
    case wordPiece = "WordPiece"
  }

  public let kind: Kind
  public let specialTokens: SpecialTokens
  let definition: TokenizerDefinition
  private let pipeline: TokenizerPipeline
  private let assembly: TokenAssembly
  private let trimming: OffsetTrimming
  private let workers = TokenizerWorkerPool()
  /// Contents of added tokens that are not in the model's vocabulary, by number.
  private let addedIDs: [[UInt8]: Int32]

  /// The number of tokens, added ones included; numbers are from 0 to this less one.
  public let vocabularySize: Int
  /// The tokens that are looked for in the text before the model sees it.
  public var addedTokens: [AddedToken] { definition.added }
  /// The file's own truncation, used by calls that say nothing else.
  public var truncation: TokenizerTruncation? { definition.truncation }
  /// The file's own padding; see ``TokenizerPadding``.
  public var padding: TokenizerPadding? { definition.padding }

  init(_ definition: TokenizerDefinition) throws {
    self.definition = definition
    pipeline = try definition.pipeline()
    assembly = TokenAssembly(definition.postProcessor)
    switch definition.model {
    case .bytePair: kind = .bytePair
    case .wordPiece: kind = .wordPiece
    }
    addedIDs = Dictionary(
      definition.added.map { (Array($0.content.utf8), $0.id) }, uniquingKeysWith: { $1 })
    let isByteLevel = kind == .bytePair
    let largest = definition.added.map(\.id).max() ?? -1
    vocabularySize = max(definition.vocabulary.count, Int(largest) + 1)
    for case .special(let id, _) in assembly.single + assembly.pair where Int(id) >= vocabularySize {
      throw BasinError.badData(
        "post_processor puts in number \(id), but there are only \(vocabularySize) tokens", file: definition.file,
        place: "post_processor", advice: "Use a vocabulary and a post-processor that belong together")
    }
    specialTokens = SpecialTokens(definition) { [addedIDs] name in
      addedIDs[Array(name.utf8)] ?? definition.vocabulary.id(name)
    }
    if assembly.trims.isEmpty {
      trimming = OffsetTrimming()
    } else {
      trimming = OffsetTrimming(
        byteTokens: (0..<definition.vocabulary.count).map { id in
          let token = definition.vocabulary.bytes(id)
          return isByteLevel ? ArraySlice(ByteAlphabet.bytes(of: token) ?? Array(token)) : token
        })
    }
  }

  /// The number of a token, nil if it is not in the vocabulary. Tokens over bytes are written in GPT-2's alphabet.
  public func id(of token: String) -> Int32? {
    let bytes = Array(token.utf8)
    return addedIDs[bytes] ?? definition.vocabulary.id(bytes)
  }

  /// The token of a number as the vocabulary writes it; nil for a number that is not in use.
  public func token(_ id: Int32) -> String? { tokenBytes(id).map { String(decoding: $0, as: UTF8.self) } }

  func tokenBytes(_ id: Int32) -> [UInt8]? {
    if let token = pipeline.added.token(id) { return Array(token.content.utf8) }
    guard 0..<definition.vocabulary.count ~= Int(id) else { return nil }
    return Array(definition.vocabulary.bytes(Int(id)))
  }

  /// Whether the second of two texts, or what is put in, has another type than 0.
  var givesTypes: Bool { assembly.parts(isPair: true, addsSpecialTokens: true).contains(where: \.isTyped) }

  /// The number of special tokens put around one text, or two.
  public func specialTokenCount(isPair: Bool = false) -> Int {
    assembly.parts(isPair: isPair, addsSpecialTokens: true).count { if case .special = $0 { true } else { false } }
  }

  /// A text, or two, as token numbers with types and offsets.
  ///
  /// - Parameters:
  ///   - maximumLength: The most tokens, special ones included; nil takes the file's own truncation, which may be none.
  ///   - truncation: What is cut off; nil takes the file's own, else `longestFirst`.
  /// - Throws: `BasinError` (`.usage`) for a maximum below the number of special tokens, or where the text that may be
  ///   cut is too short to reach it; `.badData` for a text of 2 GB and more.
  public func encode(
    _ text: String, pair: String? = nil, maximumLength: Int? = nil, truncation: TruncationStrategy? = nil,
    addsSpecialTokens: Bool = true
  ) throws -> Encoding {
    try workers.with { worker in
      worker.first.wantsOffsets = true
      worker.second.wantsOffsets = true
      let kept = try tokenize(
        text, pair, maximumLength, truncation, addsSpecialTokens, worker)
      var encoding = Encoding()
      for part in assembly.parts(isPair: pair != nil, addsSpecialTokens: addsSpecialTokens) {
        switch part {
        case .special(let id, let segment):
          encoding.ids.append(id)
          encoding.segments.append(segment)
          encoding.offsets.append(0..<0)
          encoding.sources.append(nil)
        case .sequence(let source, let segment):
          let buffer = source == 0 ? worker.first : worker.second
          let range = source == 0 ? kept.first : kept.second
          encoding.ids.append(contentsOf: UnsafeBufferPointer(start: buffer.ids + range.lowerBound, count: range.count))
          for index in range {
            encoding.segments.append(segment)
            encoding.offsets.append(Int(buffer.starts[index])..<max(Int(buffer.starts[index]), Int(buffer.ends[index])))
            encoding.sources.append(source)
          }
        }
      }
      return encoding
    }
  }

  /// Many texts, or pairs, as token numbers one after another.
  ///
  /// - Parameters:
  ///   - pairs: The second texts, as many as the first, or nil.
  ///   - wantsSpans: Whether to give the bytes each token stands for.
  ///   - threads: The most threads to use; nil uses all processors.
  /// - Throws: As ``encode(_:pair:maximumLength:truncation:addsSpecialTokens:)``, for the first text that fails.
  public func encode(
    _ texts: [String], pairs: [String]? = nil, maximumLength: Int? = nil, truncation: TruncationStrategy? = nil,
    addsSpecialTokens: Bool = true, wantsSpans: Bool = false, threads: Int? = nil
  ) throws -> PackedEncodings {
    if let pairs, pairs.count != texts.count {
      throw BasinError.internalError("\(texts.count) texts with \(pairs.count) second texts")
    }
    let parts = assembly.parts(isPair: pairs != nil, addsSpecialTokens: addsSpecialTokens)
    let blockSize = 128
    let blocks = (texts.count + blockSize - 1) / blockSize
    let results = try ParallelBlocks.map(blocks, threads: threads) { block in
      var packed = PackedBlock()
      try self.workers.with { worker in
        worker.first.wantsOffsets = wantsSpans
        worker.second.wantsOffsets = wantsSpans
        for index in block * blockSize..<min((block + 1) * blockSize, texts.count) {
          let kept = try self.tokenize(
            texts[index], pairs?[index], maximumLength, truncation, addsSpecialTokens, worker)
          packed.append(parts, worker, kept, wantsSpans: wantsSpans)
        }
      }
      return packed
    }
    return PackedBlock.joined(results, isTyped: parts.contains(where: \.isTyped), wantsSpans: wantsSpans)
  }

  /// Tokenizes one or two texts into the worker's buffers and says what of them stays.
  private func tokenize(
    _ text: String, _ pair: String?, _ maximumLength: Int?, _ strategy: TruncationStrategy?, _ addsSpecialTokens: Bool,
    _ worker: TokenizerWorker
  ) throws -> (first: Range<Int>, second: Range<Int>) {
    let strategy = strategy ?? definition.truncation?.strategy ?? .longestFirst
    let cutsLeft = definition.truncation?.cutsLeft ?? false
    var room: Int?
    if let maximum = maximumLength ?? definition.truncation?.maximumLength {
      let special = addsSpecialTokens ? specialTokenCount(isPair: pair != nil) : 0
      guard maximum >= special else {
        throw BasinError.usage(
          "a maximum of \(maximum) tokens", advice: "Use \(special) or more: so many tokens are special")
      }
      room = maximum - special
    }
    // What comes behind the last token that stays need not be found.
    let canStop = pair == nil && !cutsLeft && strategy == .longestFirst
    try fill(&worker.first, text, limit: canStop ? room : nil, worker)
    if let pair { try fill(&worker.second, pair, limit: nil, worker) }
    let (first, second) = (worker.first.count, pair == nil ? 0 : worker.second.count)
    guard let room, first + second > room else { return (0..<first, 0..<second) }
    guard
      let kept = TokenizerTruncation.lengths(first, pair == nil ? nil : second, maximum: room, strategy: strategy)
    else {
      throw BasinError.usage(
        "texts of \(first) and \(second) tokens do not fit \(room) by cutting only the "
          + (strategy == .onlyFirst ? "first" : "second"),
        advice: "Use a larger maximum, or cut the longer one first")
    }
    return cutsLeft
      ? (first - kept.first..<first, second - kept.second..<second) : (0..<kept.first, 0..<kept.second)
  }

  private func fill(_ buffer: inout TokenBuffer, _ text: String, limit: Int?, _ worker: TokenizerWorker) throws {
    var text = text
    try text.withUTF8 { bytes in
      guard bytes.count < Int(Int32.max) else {
        throw BasinError.badData("a text of \(bytes.count) bytes", advice: "Cut it into texts below 2 GB")
      }
      buffer.removeAll()
      buffer.limit = limit ?? .max
      pipeline.run(bytes, into: &buffer, worker)
      guard buffer.wantsOffsets else { return }
      for addsPrefixSpace in assembly.trims { trimming.trim(buffer, bytes, addsPrefixSpace: addsPrefixSpace) }
    }
  }

  /// The text of tokens. Numbers that are not in use are left out; bytes that are no UTF-8 become U+FFFD.
  ///
  /// - Parameter skipsSpecialTokens: Whether to leave out special tokens.
  public func decode(_ ids: some Sequence<Int32>, skipsSpecialTokens: Bool = true) -> String {
    var tokens: [[UInt8]] = []
    for id in ids {
      if skipsSpecialTokens, pipeline.added.token(id)?.isSpecial == true { continue }
      if let bytes = pipeline.added.decoded(id) ?? tokenBytes(id) { tokens.append(bytes) }
    }
    return TokenizerDecoding.text(of: tokens, by: definition.decoder)
  }
}

extension TokenAssembly.Part {
  /// Whether it gives a token type other than 0.
  var isTyped: Bool {
    switch self {
    case .special(_, let segment), .sequence(_, let segment): segment != 0
    }
  }
}

/// Some of the sequences of a batch.
private struct PackedBlock {
  var ids: [Int32] = []
  var segments: [Int32] = []
  var lengths: [Int] = []
  var spans: [Range<Int>] = []

  mutating func append(
    _ parts: [TokenAssembly.Part], _ worker: TokenizerWorker, _ kept: (first: Range<Int>, second: Range<Int>),
    wantsSpans: Bool
  ) {
    let before = ids.count
    for part in parts {
      switch part {
      case .special(let id, let segment):
        ids.append(id)
        segments.append(segment)
        if wantsSpans { spans.append(0..<0) }
      case .sequence(let source, let segment):
        let range = source == 0 ? kept.first : kept.second
        let buffer = source == 0 ? worker.first : worker.second
        ids.append(contentsOf: UnsafeBufferPointer(start: buffer.ids + range.lowerBound, count: range.count))
        segments.append(contentsOf: repeatElement(segment, count: range.count))
        guard wantsSpans else { continue }
        for index in range {
          spans.append(Int(buffer.starts[index])..<max(Int(buffer.starts[index]), Int(buffer.ends[index])))
        }
      }
    }
    lengths.append(ids.count - before)
  }

  static func joined(_ blocks: [PackedBlock], isTyped: Bool, wantsSpans: Bool) -> PackedEncodings {
    var packed = PackedEncodings()
    packed.ids.reserveCapacity(blocks.reduce(0) { $0 + $1.ids.count })
    packed.offsets.reserveCapacity(blocks.reduce(1) { $0 + $1.lengths.count })
    var end = 0
    for block in blocks {
      packed.ids.append(contentsOf: block.ids)
      for length in block.lengths {
        end += length
        packed.offsets.append(end)
      }
    }
    if isTyped { packed.segments = blocks.flatMap(\.segments) }
    if wantsSpans { packed.spans = blocks.flatMap(\.spans) }
    return packed
  }
}

/// Work in numbered blocks on many threads, the results in order.
enum ParallelBlocks {
  private final class State<Result>: @unchecked Sendable {
    let lock = NSLock()
    var next = 0
    var results: [Result?]
    var failure: (block: Int, error: any Error)?
    init(_ count: Int) { results = Array(repeating: nil, count: count) }
  }

  /// - Throws: the error of the lowest block that failed.
  static func map<Result>(
    _ count: Int, threads: Int?, _ body: @Sendable (Int) throws -> Result
  ) throws -> [Result] {
    let workers = min(max(1, threads ?? ProcessInfo.processInfo.activeProcessorCount), count)
    if workers <= 1 { return try (0..<count).map(body) }
    let state = State<Result>(count)
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      while true {
        let block = state.lock.withLock { () -> Int in
          defer { state.next += 1 }
          return state.next
        }
        guard block < count else { return }
        do {
          let result = try body(block)
          state.lock.withLock { state.results[block] = result }
        } catch {
          state.lock.withLock {
            if block < state.failure?.block ?? .max { state.failure = (block, error) }
            state.next = count
          }
        }
      }
    }
    if let failure = state.failure { throw failure.error }
    return state.results.compactMap { $0 }
  }
}
