import PluginAPI

/// The file header and the segments of an ELF64 shared library for this machine, checked for being all there.
struct ELFHeader {
  /// A `PT_LOAD`: `fileSize` bytes from `offset` appear in memory at `address`, followed by zeros up to `memorySize`.
  struct Segment {
    var offset, address, fileSize, memorySize: UInt64
    var isExecutable: Bool
  }

  let segments: [Segment]
  /// Offset and size in bytes of `PT_DYNAMIC`.
  let dynamic: (offset: UInt64, size: UInt64)
  /// Offset and number of section headers; nil where the file has none.
  let sections: (offset: UInt64, count: UInt64)?

  static let sectionHeaderSize: UInt64 = 64
  private static let headerSize: UInt64 = 64
  private static let programHeaderSize: UInt64 = 56

  /// - Throws: ``BasinError`` `.badData`, in this order: empty, not ELF, another class or machine, not a library,
  /// truncated,
  ///   damaged.
  init(_ reader: ELFReader) throws {
    try Self.checkIdentification(reader)
    let programOffset: UInt64 = try reader.load(at: 32, "the file header")
    let sectionOffset: UInt64 = try reader.load(at: 40, "the file header")
    let programCount = UInt64(try reader.load(UInt16.self, at: 56, "the file header"))
    let sectionSize = UInt64(try reader.load(UInt16.self, at: 58, "the file header"))
    let sectionCount = UInt64(try reader.load(UInt16.self, at: 60, "the file header"))
    guard try reader.load(UInt16.self, at: 54, "the file header") == UInt16(Self.programHeaderSize) else {
      throw reader.damaged("its program headers have an unknown size", at: 54)
    }
    guard programCount > 0, programCount < 0xFFFF else { throw reader.damaged("it has no program headers", at: 56) }

    // A file cut short still says in its first bytes how long it was: the section headers come last.
    var expected = Self.headerSize
    func expect(_ offset: UInt64, _ count: UInt64, _ what: String, at place: UInt64) throws {
      // A file system has no such sizes; whoever claims them is damaged rather than cut short.
      guard let end = checkedSum(offset, count), end < 1 << 48 else {
        throw reader.damaged("\(what) is said to be at byte \(offset)", at: place)
      }
      expected = max(expected, end)
    }
    try expect(programOffset, programCount * Self.programHeaderSize, "the program header table", at: 32)
    var sections: (offset: UInt64, count: UInt64)?
    if sectionOffset != 0 {
      guard sectionSize == Self.sectionHeaderSize || sectionCount == 0 else {
        throw reader.damaged("its section headers have an unknown size", at: 58)
      }
      try expect(sectionOffset, sectionCount * Self.sectionHeaderSize, "the section header table", at: 40)
      if sectionCount > 0 { sections = (sectionOffset, sectionCount) }
    }
    guard expected <= reader.size else { throw reader.truncated(expected: expected) }

    var segments: [Segment] = []
    var dynamics: [(offset: UInt64, address: UInt64, size: UInt64)] = []
    for index in 0..<programCount {
      let at = programOffset + index * Self.programHeaderSize
      func field(_ offset: UInt64) throws -> UInt64 { try reader.load(at: at + offset, "a program header") }
      switch try reader.load(UInt32.self, at: at, "a program header") {
      case 1:  // PT_LOAD
        let flags: UInt32 = try reader.load(at: at + 4, "a program header")
        let segment = Segment(
          offset: try field(8), address: try field(16), fileSize: try field(32), memorySize: try field(40),
          isExecutable: flags & 1 != 0)
        try expect(segment.offset, segment.fileSize, "a segment", at: at)
        try Self.checkPlacement(segment, after: segments.last, alignment: try field(48), reader, at: at)
        segments.append(segment)
      case 2:  // PT_DYNAMIC
        dynamics.append((try field(8), try field(16), try field(32)))
        try expect(try field(8), try field(32), "the dynamic section", at: at)
      default: break
      }
    }
    guard expected <= reader.size else { throw reader.truncated(expected: expected) }
    guard !segments.isEmpty else { throw reader.damaged("it has nothing to load (no PT_LOAD)") }
    guard let dynamic = dynamics.first, dynamics.count == 1 else {
      throw reader.damaged("it has \(dynamics.count) dynamic sections instead of one")
    }
    self.segments = segments
    self.sections = sections
    self.dynamic = (dynamic.offset, dynamic.size)
    // The loader reads the copy in memory, this reader the one in the file: they must be the same.
    guard fileOffset(of: dynamic.address, size: dynamic.size) == dynamic.offset else {
      throw reader.damaged("its dynamic section is not part of what is loaded", at: dynamic.offset)
    }
  }

  /// Where `size` bytes at `address` are in the file; nil where they are not (all) loaded from it.
  func fileOffset(of address: UInt64, size: UInt64) -> UInt64? {
    // Both ends in one condition: where segments touch, an address is the end of one and the start of the next.
    let segment = segments.first {
      $0.address <= address && address - $0.address < max($0.fileSize, 1)
        && size <= $0.fileSize - min(address - $0.address, $0.fileSize)
    }
    guard let segment else { return nil }
    return segment.offset + (address - segment.address)
  }

  /// The end, in the file, of the segment that holds file offset `offset`.
  func segmentEnd(at offset: UInt64) -> UInt64? {
    segments.first { $0.offset <= offset && offset - $0.offset < $0.fileSize }.map { $0.offset + $0.fileSize }
  }

  // MARK: - The parts of the check

  private static func checkIdentification(_ reader: ELFReader) throws {
    let bytes = reader.bytes
    guard !bytes.isEmpty else {
      throw BasinError.badData("the file is empty", file: reader.file, advice: "Build or copy it again")
    }
    let magic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]
    guard bytes.prefix(4).elementsEqual(magic.prefix(bytes.count)) else {
      throw BasinError.badData(
        "is not a library but \(FileAppearance.describe(Array(bytes.prefix(4096))))", file: reader.file,
        advice: "A module is an ELF shared library (lib*.so), built by `basin plugin build`")
    }
    guard bytes.count >= 20 else { throw reader.truncated(expected: headerSize) }
    func refuse(_ what: String) -> BasinError {
      .badData(what, file: reader.file, advice: "Build it on this machine: `basin plugin build`")
    }
    guard bytes[4] == 2 else {
      guard bytes[4] == 1 else { throw reader.damaged("it is neither of 32 nor of 64 bits", at: 4) }
      throw refuse("is a library of 32 bits; this machine needs 64 (\(ELFMachine.nameOfThisOne))")
    }
    guard bytes[5] == 1 else {
      guard bytes[5] == 2 else { throw reader.damaged("its byte order is unknown", at: 5) }
      throw refuse("is a big-endian library; this machine is little-endian (\(ELFMachine.nameOfThisOne))")
    }
    guard bytes[6] == 1 else { throw reader.damaged("its ELF version is \(bytes[6]) instead of 1", at: 6) }
    let machine: UInt16 = try reader.load(at: 18, "the file header")
    guard machine == ELFMachine.thisOne else {
      throw refuse("is for another machine: \(ELFMachine.name(machine)); this one is \(ELFMachine.nameOfThisOne)")
    }
    let type: UInt16 = try reader.load(at: 16, "the file header")
    guard type == 3 else {
      let kinds: [UInt16: String] = [1: "an object file (.o)", 2: "a program", 4: "a core dump"]
      throw BasinError.badData(
        "is \(kinds[type] ?? "an ELF file of unknown type \(type)"), not a library", file: reader.file,
        advice: "A module is a dynamic library product (lib*.so)")
    }
    guard bytes.count >= Int(headerSize) else { throw reader.truncated(expected: headerSize) }
  }

  /// What the loader asserts or takes for granted: ascending segments that do not overlap, aligned as pages are.
  private static func checkPlacement(
    _ segment: Segment, after previous: Segment?, alignment: UInt64, _ reader: ELFReader, at place: UInt64
  ) throws {
    guard segment.fileSize <= segment.memorySize else {
      throw reader.damaged("a segment is larger in the file than in memory", at: place)
    }
    // 1 << 47: the end of a process's half of the address space.
    guard let end = checkedSum(segment.address, segment.memorySize), end < 1 << 47 else {
      throw reader.damaged("a segment's address is out of range", at: place)
    }
    guard alignment.nonzeroBitCount == 1, (segment.address &- segment.offset) & (alignment - 1) == 0 else {
      throw reader.damaged("a segment is not aligned", at: place)
    }
    if let previous, segment.address < previous.address + previous.memorySize {
      throw reader.damaged("its segments overlap or are out of order", at: place)
    }
  }
}

/// Numbers and names of processors in ELF files (`e_machine`).
enum ELFMachine {
  #if arch(x86_64)
    static let thisOne: UInt16 = 62
  #elseif arch(arm64)
    static let thisOne: UInt16 = 183
  #elseif arch(riscv64)
    static let thisOne: UInt16 = 243
  #elseif arch(powerpc64le)
    static let thisOne: UInt16 = 21
  #endif

  static var nameOfThisOne: String { name(thisOne) }

  static func name(_ machine: UInt16) -> String {
    switch machine {
    case 3: "x86 (32 bits)"
    case 8: "MIPS"
    case 20: "PowerPC"
    case 21: "PowerPC (64 bits)"
    case 22: "s390x"
    case 40: "ARM (32 bits)"
    case 62: "x86-64"
    case 183: "ARM64"
    case 243: "RISC-V"
    case 258: "LoongArch"
    default: "machine number \(machine)"
    }
  }
}
