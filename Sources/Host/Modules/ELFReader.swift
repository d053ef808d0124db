import Foundation
import PluginAPI

/// Reads numbers from the bytes of an ELF file; every position is checked, none is trusted.
struct ELFReader {
  let bytes: UnsafeRawBufferPointer
  /// The file's name, for messages.
  let file: String

  var size: UInt64 { UInt64(bytes.count) }

  /// The range of `count` bytes from `offset`.
  /// - Throws: ``BasinError`` `.badData` where it is not within the file.
  func range(_ offset: UInt64, _ count: UInt64, _ what: String) throws -> Range<Int> {
    let (end, overflow) = offset.addingReportingOverflow(count)
    guard !overflow, end <= size else {
      throw damaged("\(what) (\(count) bytes) lies outside the file", at: offset)
    }
    return Int(offset)..<Int(end)
  }

  func load<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: T.Type = T.self, at offset: UInt64, _ what: String
  ) throws -> T {
    let range = try range(offset, UInt64(MemoryLayout<T>.size), what)
    return T(littleEndian: bytes.loadUnaligned(fromByteOffset: range.lowerBound, as: T.self))
  }

  /// The bytes before the next zero byte at or after `offset`, looking at no byte at or after `end`.
  func zeroTerminated(at offset: Int, end: Int) -> UnsafeRawBufferPointer? {
    guard offset >= 0, offset < end, end <= bytes.count, let base = bytes.baseAddress else { return nil }
    guard let zero = memchr(base + offset, 0, end - offset) else { return nil }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<UnsafeRawPointer(zero) - base])
  }

  func damaged(_ message: String, at offset: UInt64? = nil) -> BasinError {
    .badData(
      "the library is damaged: \(message)", file: file, place: offset.map { "byte \($0)" },
      advice: "Build or copy it again")
  }

  func truncated(expected: UInt64) -> BasinError {
    .badData(
      "the library is truncated: expected \(expected) bytes, has \(size)", file: file,
      advice: "Build or copy it again")
  }
}

/// `count * size`, or nil where that overflows.
func checkedProduct(_ count: UInt64, _ size: UInt64) -> UInt64? {
  let (product, overflow) = count.multipliedReportingOverflow(by: size)
  return overflow ? nil : product
}

/// `a + b`, or nil where that overflows.
func checkedSum(_ a: UInt64, _ b: UInt64) -> UInt64? {
  let (sum, overflow) = a.addingReportingOverflow(b)
  return overflow ? nil : sum
}
