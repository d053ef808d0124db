import Foundation
import PluginAPI

/// The dynamic symbol table; all entries and the starts of all names are within the file once this exists.
struct ELFSymbolTable: Sendable {
  /// Entries, the empty first one included.
  let count: Int
  private let offset: Int
  private let strings: Range<Int>
  private static let entrySize = 24

  init(_ reader: ELFReader, _ header: ELFHeader, _ dynamic: ELFDynamic) throws {
    strings = dynamic.strings
    guard let address = dynamic.value(.symbols), let start = header.fileOffset(of: address, size: 0) else {
      throw reader.damaged("it has no symbol table", at: header.dynamic.offset)
    }
    let entries = try Self.entryCount(reader, header, dynamic, symbolsAt: start)
    guard let size = checkedProduct(entries, UInt64(Self.entrySize)), header.fileOffset(of: address, size: size) == start
    else { throw reader.damaged("its symbol table (\(entries) symbols) lies outside what is loaded", at: start) }
    let range = try reader.range(start, size, "the symbol table")
    offset = range.lowerBound
    count = Int(entries)
    for index in 0..<count {
      let at = offset + index * Self.entrySize
      let name = reader.bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self).littleEndian
      guard Int(name) < strings.count else {
        throw reader.damaged("the name of symbol \(index) lies outside the string table", at: UInt64(at))
      }
    }
  }

  /// Defined symbols that others can see and undefined ones, by prefix.
  func find(prefix: [UInt8], in reader: ELFReader) throws -> [ELFFile.Symbol] {
    var found: [ELFFile.Symbol] = []
    // Names may share bytes, but not without limit: a small file could otherwise claim gigabytes of them.
    var budget = strings.count.multipliedReportingOverflow(by: 16).partialValue + (1 << 20)
    for index in 0..<count {
      let entry = entry(index, reader)
      guard entry.isUndefined || entry.isVisible, hasPrefix(entry.name, prefix, reader),
        let name = reader.zeroTerminated(at: entry.name, end: strings.upperBound), !name.isEmpty
      else { continue }
      budget -= name.count
      guard budget >= 0 else { throw reader.damaged("the names of its symbols have no end", at: UInt64(entry.name)) }
      found.append(ELFFile.Symbol(name: String(decoding: name, as: UTF8.self), isDefined: !entry.isUndefined))
    }
    return found
  }

  func definition(of name: [UInt8], in reader: ELFReader, _ header: ELFHeader) -> ELFFile.Definition {
    let terminated = name + [0]
    for index in 0..<count {
      let entry = entry(index, reader)
      guard !entry.isUndefined, entry.isVisible, hasPrefix(entry.name, terminated, reader) else { continue }
      let isCode = header.segments.contains {
        $0.isExecutable && $0.address <= entry.value && entry.value - $0.address < $0.fileSize
      }
      // STT_NOTYPE (from assembly), STT_FUNC, STT_GNU_IFUNC.
      return [0, 2, 10].contains(entry.type) && isCode ? .function : .other
    }
    return .none
  }

  private struct Entry {
    /// Where its name starts in the file.
    var name: Int
    var type: UInt8
    var isUndefined, isVisible: Bool
    /// Its address.
    var value: UInt64
  }

  private func entry(_ index: Int, _ reader: ELFReader) -> Entry {
    let at = offset + index * Self.entrySize
    let info = reader.bytes[at + 4]
    let binding = info >> 4
    let visibility = reader.bytes[at + 5] & 3
    return Entry(
      name: strings.lowerBound + Int(reader.bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self).littleEndian),
      type: info & 15,
      isUndefined: reader.bytes.loadUnaligned(fromByteOffset: at + 6, as: UInt16.self) == 0,
      // Global, weak or unique; neither internal nor hidden.
      isVisible: [1, 2, 10].contains(binding) && (visibility == 0 || visibility == 3),
      value: reader.bytes.loadUnaligned(fromByteOffset: at + 8, as: UInt64.self).littleEndian)
  }

  private func hasPrefix(_ name: Int, _ prefix: [UInt8], _ reader: ELFReader) -> Bool {
    guard prefix.count <= strings.upperBound - name, let base = reader.bytes.baseAddress else { return false }
    return memcmp(base + name, prefix, prefix.count) == 0
  }

  // MARK: - How many symbols: the table itself does not say

  private static func entryCount(
    _ reader: ELFReader, _ header: ELFHeader, _ dynamic: ELFDynamic, symbolsAt start: UInt64
  ) throws -> UInt64 {
    if let address = dynamic.value(.hash), let at = header.fileOffset(of: address, size: 8) {
      return UInt64(try reader.load(UInt32.self, at: at + 4, "the hash table"))
    }
    let listed = try sectionEntryCount(reader, header, symbolsAt: start)
    guard let address = dynamic.value(.gnuHash) else {
      guard let listed else { throw reader.damaged("nothing tells the size of its symbol table", at: start) }
      return listed
    }
    let hashed = try gnuHashEntryCount(reader, header, address)
    // A library that defines nothing has a hash table that counts nothing; its section headers know better.
    return max(hashed, listed ?? 0)
  }

  private static func sectionEntryCount(
    _ reader: ELFReader, _ header: ELFHeader, symbolsAt start: UInt64
  ) throws -> UInt64? {
    guard let sections = header.sections else { return nil }
    for index in 0..<sections.count {
      let at = sections.offset + index * ELFHeader.sectionHeaderSize
      guard try reader.load(UInt32.self, at: at + 4, "a section header") == 11,  // SHT_DYNSYM
        try reader.load(UInt64.self, at: at + 24, "a section header") == start
      else { continue }
      return try reader.load(UInt64.self, at: at + 32, "a section header") / UInt64(entrySize)
    }
    return nil
  }

  /// The highest symbol of any chain, plus one.
  private static func gnuHashEntryCount(_ reader: ELFReader, _ header: ELFHeader, _ address: UInt64) throws -> UInt64 {
    guard let at = header.fileOffset(of: address, size: 16), let end = header.segmentEnd(at: at) else {
      throw reader.damaged("its hash table lies outside what is loaded")
    }
    func word(_ offset: UInt64) throws -> UInt64 {
      guard offset <= end, end - offset >= 4 else { throw reader.damaged("its hash table has no end", at: at) }
      return UInt64(try reader.load(UInt32.self, at: offset, "the hash table"))
    }
    let bucketCount = try word(at)
    let first = try word(at + 4)
    let bloomWords = try word(at + 8)
    guard bloomWords.nonzeroBitCount == 1 else { throw reader.damaged("its hash table is malformed", at: at + 8) }
    let buckets = at + 16 + bloomWords * 8
    let chains = buckets + bucketCount * 4
    guard chains <= end else { throw reader.damaged("its hash table has no end", at: at) }
    var highest: UInt64 = 0
    for index in 0..<bucketCount { highest = max(highest, try word(buckets + index * 4)) }
    guard highest >= first, highest > 0 else { return first }
    while try word(chains + (highest - first) * 4) & 1 == 0 { highest += 1 }
    return highest + 1
  }
}
