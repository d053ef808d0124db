import Foundation
import PluginAPI

/// A shared library (ELF64, little-endian, for this machine), read without loading it.
///
/// Everything the dynamic loader takes on trust and dies of when it is wrong is checked: a truncated library ends the
/// process inside `dlopen`. A hostile file costs time and memory in proportion to its own size and is refused with a
/// ``BasinError``.
///
/// Not offered: relocation, contents of sections other than `.comment`, libraries of other systems.
public struct ELFFile: Sendable {
  /// The file's name as given, for messages.
  public let path: String
  /// `DT_NEEDED`: the libraries it was linked with, as written.
  public let needed: [String]
  /// `DT_SONAME`
  public let soname: String?
  /// `DT_RUNPATH`, else `DT_RPATH`, split at colons.
  public let runPath: [String]
  /// The number of entries of the dynamic symbol table, the empty first one included.
  public var symbolCount: Int { symbols.count }

  private let bytes: [UInt8]
  private let header: ELFHeader
  private let symbols: ELFSymbolTable

  /// - Throws: ``BasinError`` `.badData`, in this order: empty, not ELF, another class or machine, not a library,
  /// truncated,
  ///   damaged.
  public init(_ snapshot: FileSnapshot) throws { try self.init(bytes: snapshot.bytes, path: snapshot.path) }

  public init(bytes: [UInt8], path: String) throws {
    self.path = path
    self.bytes = bytes
    (header, symbols, needed, soname, runPath) = try bytes.withUnsafeBytes { raw in
      let reader = ELFReader(bytes: raw, file: path)
      let header = try ELFHeader(reader)
      let dynamic = try ELFDynamic(reader, header)
      let symbols = try ELFSymbolTable(reader, header, dynamic)
      return (
        header, symbols, try dynamic.names(of: .needed), try dynamic.names(of: .soname).first,
        try (dynamic.names(of: .runPath) + dynamic.names(of: .rPath)).first.map {
          $0.split(separator: ":").map(String.init)
        } ?? []
      )
    }
  }

  /// A symbol of the dynamic table.
  public struct Symbol: Hashable, Sendable {
    public var name: String
    /// False: some other library has to bring it.
    public var isDefined: Bool
  }

  /// All symbols others can see or that others have to bring.
  /// Complexity: O(size of the symbol table and its names).
  public func allSymbols() throws -> [Symbol] { try symbols(withPrefix: "") }

  /// Those whose name starts with `prefix`.
  /// - Throws: ``BasinError`` where the names together are far longer than the table that holds them.
  public func symbols(withPrefix prefix: String) throws -> [Symbol] {
    try bytes.withUnsafeBytes { raw in
      try symbols.find(prefix: Array(prefix.utf8), in: ELFReader(bytes: raw, file: path))
    }
  }

  public func definedSymbols() throws -> [String] { try allSymbols().filter(\.isDefined).map(\.name) }
  public func undefinedSymbols() throws -> [String] { try allSymbols().filter { !$0.isDefined }.map(\.name) }

  /// What the library has under one name.
  public enum Definition: Sendable {
    /// Nothing, or only a reference to another library's.
    case none
    /// Code inside an executable segment.
    case function
    /// Anything else; calling it would crash.
    case other
  }

  public func definition(of name: String) -> Definition {
    bytes.withUnsafeBytes { raw in
      symbols.definition(of: Array(name.utf8), in: ELFReader(bytes: raw, file: path), header)
    }
  }

  /// The strings of section `.comment`, where compilers sign (`clang version 21.0.0 (...)`); empty where there is none.
  public func comments() -> [String] {
    bytes.withUnsafeBytes { raw in
      let reader = ELFReader(bytes: raw, file: path)
      guard let section = try? header.section(named: ".comment", reader) else { return [] }
      return raw[section].prefix(4096).split(separator: 0).prefix(16).map { String(decoding: $0, as: UTF8.self) }
    }
  }
}

extension ELFHeader {
  /// The file range of the first section of that name; nil where there is none.
  func section(named name: String, _ reader: ELFReader) throws -> Range<Int>? {
    guard let sections else { return nil }
    let index = UInt64(try reader.load(UInt16.self, at: 62, "the file header"))
    guard index < sections.count else { return nil }
    let names = try sectionRange(index, reader)
    for index in 0..<sections.count {
      let at = sections.offset + index * Self.sectionHeaderSize
      let offset = Int(try reader.load(UInt32.self, at: at, "a section header"))
      guard offset < names.count else { continue }
      let found = reader.bytes[names].dropFirst(offset).prefix(name.utf8.count + 1)
      if found.elementsEqual(Array(name.utf8) + [0]) { return try sectionRange(index, reader) }
    }
    return nil
  }

  private func sectionRange(_ index: UInt64, _ reader: ELFReader) throws -> Range<Int> {
    let at = (sections?.offset ?? 0) + index * Self.sectionHeaderSize
    return try reader.range(
      try reader.load(at: at + 24, "a section header"), try reader.load(at: at + 32, "a section header"), "a section")
  }
}
