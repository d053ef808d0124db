import Foundation

/// What one thread needs while it encodes: its cache of words and its buffers.
final class TokenizerWorker {
  let cache = WordCache()
  let normalized = NormalizedText()
  /// Pieces of the word at hand: numbers, and where each ends in the word.
  private(set) var pieceIDs: UnsafeMutablePointer<Int32>
  private(set) var pieceEnds: UnsafeMutablePointer<Int32>
  private var pieceCapacity = 256
  /// Bytes of a word or text that had to be made, with room to read behind them.
  private(set) var scratch: UnsafeMutablePointer<UInt8>
  private var scratchCapacity = 1024
  var heap: [UInt64] = []
  var ranks: [UInt32] = []
  var links: [(previous: Int32, next: Int32)] = []
  var first = TokenBuffer()
  var second = TokenBuffer()

  init() {
    pieceIDs = .allocate(capacity: pieceCapacity)
    pieceEnds = .allocate(capacity: pieceCapacity)
    scratch = .allocate(capacity: scratchCapacity)
    scratch.initialize(repeating: 0, count: scratchCapacity)
  }

  deinit {
    pieceIDs.deallocate()
    pieceEnds.deallocate()
    scratch.deallocate()
    first.deallocate()
    second.deallocate()
  }

  /// Room for this many pieces; what was there is lost.
  @inline(__always) func reservePieces(_ count: Int) {
    guard count > pieceCapacity else { return }
    pieceIDs.deallocate()
    pieceEnds.deallocate()
    pieceCapacity = max(count, pieceCapacity * 2)
    pieceIDs = .allocate(capacity: pieceCapacity)
    pieceEnds = .allocate(capacity: pieceCapacity)
  }

  /// Room for this many bytes and 16 more; what was there is kept.
  @inline(__always) func reserveScratch(_ count: Int) {
    if count + 16 > scratchCapacity { growScratch(count + 16) }
  }

  private func growScratch(_ count: Int) {
    let larger = max(count, scratchCapacity * 2)
    let new = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    new.initialize(repeating: 0, count: larger)
    new.update(from: scratch, count: scratchCapacity)
    scratch.deallocate()
    (scratch, scratchCapacity) = (new, larger)
  }
}

/// The workers that no thread uses now.
final class TokenizerWorkerPool: @unchecked Sendable {
  private let lock = NSLock()
  private var idle: [TokenizerWorker] = []

  func take() -> TokenizerWorker { lock.withLock { idle.popLast() } ?? TokenizerWorker() }
  func giveBack(_ worker: TokenizerWorker) { lock.withLock { idle.append(worker) } }

  func with<T>(_ body: (TokenizerWorker) throws -> T) rethrows -> T {
    let worker = take()
    defer { giveBack(worker) }
    return try body(worker)
  }
}
