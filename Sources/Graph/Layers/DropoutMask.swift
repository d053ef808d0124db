import GraphKernels
import PluginAPI

/// Which of a row of numbers dropout keeps, a bit each.
///
/// At rate 1/2 bit i is bit i % 32 of word i / 32 of the random stream: one random bit a number. At other rates it
/// tells whether word i is at least `rate` times 2^32, rounded down.
public struct DropoutMask: Sendable {
  /// Bit i % 32 of element i / 32 is set where number i is kept.
  public let bits: [UInt32]
  /// What kept numbers are multiplied by, 1 / (1 - rate).
  public let scale: Float

  /// - Parameter rate: 0 ..< 1.
  public init(count: Int, rate: Double, _ random: Random) throws {
    scale = Float(1 / max(1 - rate, 1e-9))
    let wordCount = (count + 31) / 32
    guard rate != 0.5 else {
      bits = random.words(0..<wordCount)
      return
    }
    let threshold = UInt32(min(rate * 0x1p32, 4_294_967_295))
    // A piece at a time: the words of millions of numbers at once would be as large as the numbers themselves.
    let piece = 4096
    bits = [UInt32](unsafeUninitializedCapacity: wordCount) { buffer, initialized in
      for start in stride(from: 0, to: wordCount, by: piece) {
        let end = min(start + piece, wordCount)
        let words = random.words((32 * start)..<min(32 * end, count))
        basinPackKept(
          words, threshold, Int64(words.count), 0, Int64(end - start), buffer.baseAddress.map { $0 + start })
      }
      initialized = wordCount
    }
  }
}
