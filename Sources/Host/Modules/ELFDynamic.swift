import PluginAPI

/// The dynamic section: a table of tagged numbers that tells the loader where everything is.
struct ELFDynamic {
  enum Tag: UInt64 {
    case needed = 1, pltRelocationsSize = 2, hash = 4, strings = 5, symbols = 6, relocations = 7, relocationsSize = 8
    case relocationSize = 9, stringsSize = 10, symbolSize = 11, soname = 14, rPath = 15, pltRelocations = 23
    case initArray = 25, finiArray = 26, initArraySize = 27, finiArraySize = 28, runPath = 29
    case relativeSize = 35, relative = 36
    case gnuHash = 0x6FFF_FEF5, versions = 0x6FFF_FFF0, flags1 = 0x6FFF_FFFB
    case versionDefinitions = 0x6FFF_FFFC, versionNeeds = 0x6FFF_FFFE
  }

  private let values: [UInt64: [UInt64]]
  private let reader: ELFReader
  /// The file range of the string table; its last byte is zero.
  let strings: Range<Int>

  /// Longest name of a library or run path that is believed, in bytes.
  private static let nameLimit = 65_536
  /// Most libraries one library can need.
  private static let neededLimit = 4096

  init(_ reader: ELFReader, _ header: ELFHeader) throws {
    self.reader = reader
    var values: [UInt64: [UInt64]] = [:]
    var ended = false
    let count = header.dynamic.size / 16
    for index in 0..<count {
      let at = header.dynamic.offset + index * 16
      let tag: UInt64 = try reader.load(at: at, "the dynamic section")
      guard tag != 0 else {
        ended = true
        break
      }
      values[tag, default: []].append(try reader.load(at: at + 8, "the dynamic section"))
    }
    guard ended else { throw reader.damaged("its dynamic section has no end", at: header.dynamic.offset) }
    self.values = values

    guard let address = values[Tag.strings.rawValue]?.last, let size = values[Tag.stringsSize.rawValue]?.last, size > 0
    else { throw reader.damaged("it has no string table", at: header.dynamic.offset) }
    guard let offset = header.fileOffset(of: address, size: size) else {
      throw reader.damaged("its string table lies outside what is loaded", at: header.dynamic.offset)
    }
    strings = try reader.range(offset, size, "the string table")
    guard reader.bytes[strings.upperBound - 1] == 0 else {
      throw reader.damaged("its string table does not end with a zero byte", at: UInt64(strings.upperBound - 1))
    }
    try checkTables(header)
    if let flags = value(.flags1), flags & 0x0800_0000 != 0 {
      throw BasinError.badData(
        "is a program, not a library", file: reader.file, advice: "A module is a dynamic library product (lib*.so)")
    }
  }

  func value(_ tag: Tag) -> UInt64? { values[tag.rawValue]?.last }

  /// The strings the entries of a tag point at.
  func names(of tag: Tag) throws -> [String] {
    let offsets = values[tag.rawValue] ?? []
    guard offsets.count <= Self.neededLimit else { throw reader.damaged("it needs \(offsets.count) libraries") }
    return try offsets.map { offset in
      guard offset < UInt64(strings.count),
        let name = reader.zeroTerminated(at: strings.lowerBound + Int(offset), end: strings.upperBound),
        name.count <= Self.nameLimit
      else { throw reader.damaged("a name in its dynamic section lies outside the string table") }
      return String(decoding: name, as: UTF8.self)
    }
  }

  /// The tables the loader walks without looking: each must be in what is loaded from the file.
  private func checkTables(_ header: ELFHeader) throws {
    let tables: [(address: Tag, size: Tag?, String)] = [
      (.relocations, .relocationsSize, "relocation table"), (.pltRelocations, .pltRelocationsSize, "jump table"),
      (.relative, .relativeSize, "table of relative relocations"), (.initArray, .initArraySize, "list of constructors"),
      (.finiArray, .finiArraySize, "list of destructors"), (.hash, nil, "hash table"), (.gnuHash, nil, "hash table"),
      (.versions, nil, "version table"), (.versionDefinitions, nil, "version table"), (.versionNeeds, nil, "version table"),
    ]
    for (address, size, name) in tables {
      guard let start = value(address) else { continue }
      let count = size.map { value($0) ?? 0 } ?? 1
      guard count == 0 || header.fileOffset(of: start, size: count) != nil else {
        throw reader.damaged("its \(name) lies outside what is loaded", at: header.dynamic.offset)
      }
    }
    if let size = value(.relocationSize), size != 24 { throw reader.damaged("its relocations have an unknown size") }
    if let size = value(.symbolSize), size != 24 { throw reader.damaged("its symbols have an unknown size") }
  }
}
