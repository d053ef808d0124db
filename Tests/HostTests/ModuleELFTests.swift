import Foundation
import Host
import PluginAPI
import Testing

@Suite("ELF reader")
struct ModuleELFTests {
  /// Libraries of any make that are mapped into this process, and so are certainly in order.
  private static let mapped: [String] = {
    // Read to its end by hand: String(contentsOfFile:) stops after one page of a file without a size.
    let data = try? FileHandle(forReadingAtPath: "/proc/self/maps")?.readToEnd()
    let maps = String(decoding: data ?? Data(), as: UTF8.self)
    let paths = maps.split(separator: "\n").compactMap { $0.split(separator: " ").last }.filter { $0.contains(".so") }
    return Set(paths.map(String.init)).sorted().filter { access($0, R_OK) == 0 }
  }()

  @Test("every library of this process is read")
  func mappedLibraries() throws {
    #expect(Self.mapped.count > 3)
    var defined: Set<String> = []
    for path in Self.mapped {
      let library = try ELFFile(try FileSnapshot(reading: path))
      #expect(library.symbolCount > 1, "\(path)")
      let symbols = try library.allSymbols()
      #expect(!symbols.contains { $0.name.isEmpty })
      defined.formUnion(try library.definedSymbols())
      #expect(try library.undefinedSymbols().count + library.definedSymbols().count == symbols.count)
      // The loader knows them under the same names.
      // Since glibc 2.34 these three hold nothing but superseded versions, which dlsym does not offer.
      let stubs = ["libdl.so.2", "libpthread.so.0", "librt.so.1"]
      if let soname = library.soname, !soname.contains("ld-linux"), !stubs.contains(soname) {
        let handle = dlopen(path, RTLD_NOW | RTLD_NOLOAD)
        #expect(handle != nil, "\(path)")
        // Not each: dlsym does not offer superseded versions of symbols.
        let functions = try library.definedSymbols().prefix(50).filter { library.definition(of: $0) == .function }
        #expect(functions.isEmpty || functions.contains { dlsym(handle, $0) != nil }, "\(path)")
      }
    }
    #expect(defined.isSuperset(of: ["malloc", "swift_retain"]))
  }

  @Test("names, run path, definitions", .enabled(if: ModuleFixture.hasCompiler, ModuleFixture.skipped))
  func tables() throws {
    let fixture = try ModuleFixture()
    let path = try fixture.module(ModuleFixture.source(more: "static int inner; int *inner_use = &inner;"))
    let library = try ELFFile(try FileSnapshot(reading: path))
    #expect(library.needed.first == "libPluginAPI.so")
    #expect(library.runPath == ["$ORIGIN"])
    #expect(library.soname == nil)
    #expect(library.definition(of: "basin_module") == .function)
    #expect(library.definition(of: "answer") == .other)
    #expect(library.definition(of: ModuleFixture.host.symbolName) == .none)
    #expect(library.definition(of: "basin_modul") == .none)
    #expect(library.definition(of: "inner") == .none)
    #expect(try library.undefinedSymbols().contains(ModuleFixture.host.symbolName))
    #expect(try library.definedSymbols().contains("basin_module"))
    #expect(!library.comments().isEmpty)
    let api = try ELFFile(try FileSnapshot(reading: fixture.folder + "/libPluginAPI.so"))
    #expect(api.soname == "libPluginAPI.so")
    #expect(try api.definedSymbols().contains(ModuleFixture.host.symbolName))
  }

  @Test(
    "both kinds of hash tables, and none of the section headers",
    .enabled(if: ModuleFixture.hasCompiler, ModuleFixture.skipped), arguments: ["sysv", "gnu", "both"])
  func hashTables(style: String) throws {
    let fixture = try ModuleFixture()
    let source = (0..<50).map { "int f\($0)(void) { return \($0); }" }.joined(separator: "\n")
    let path = try fixture.compile(source, to: "libMany.so", ["-shared", "-fPIC", "-Wl,--hash-style=\(style)"])
    var bytes = try ModuleFixture.bytes(path)
    let whole = try ELFFile(bytes: bytes, path: path)
    for offset in Array(40..<48) + Array(60..<64) { bytes[offset] = 0 }
    let stripped = try ELFFile(bytes: bytes, path: path)
    #expect(whole.symbolCount == stripped.symbolCount)
    #expect(try stripped.symbols(withPrefix: "f").filter(\.isDefined).count == 50)
    #expect(stripped.comments().isEmpty)
  }

  @Test("a library that defines nothing", .enabled(if: ModuleFixture.hasCompiler, ModuleFixture.skipped))
  func onlyUndefined() throws {
    let fixture = try ModuleFixture()
    try fixture.compileAPI()
    let path = try fixture.compile(
      "extern int elsewhere; __attribute__((visibility(\"hidden\"))) int *use = &elsewhere;", to: "libUser.so",
      ["-shared", "-fPIC", "-nostdlib"])
    #expect(try ELFFile(try FileSnapshot(reading: path)).undefinedSymbols() == ["elsewhere"])
  }

  /// 20,000 damaged libraries: each is refused with an error that names the file, or read, but never crashes the
  /// reader.
  @Test("fuzz", .enabled(if: ModuleFixture.hasCompiler, ModuleFixture.skipped))
  func fuzz() throws {
    let fixture = try ModuleFixture()
    let path = try fixture.module()
    let original = try ModuleFixture.bytes(path)
    // Where the tables are: the headers, the symbols and strings after them, the dynamic section, the section headers.
    let dynamic = Int(try #require(Self.dynamicOffset(original)))
    let places = [0..<64, 64..<700, 0..<2048, dynamic..<dynamic + 512, original.count - 1024..<original.count]
    let extremes: [[UInt8]] = [
      [UInt8](repeating: 0xFF, count: 8), [UInt8](repeating: 0, count: 8), [0xFF, 0xFF, 0xFF, 0x7F],
      [0, 0, 0, 0, 0, 0, 0, 0x80], [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0xF0, 0xFF, 0xFF, 0xFF],
    ]
    var generator = SeededGenerator(state: 20)
    var accepted = 0
    var refused = 0
    var messages: Set<String> = []
    for _ in 0..<20_000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        guard let place = places.randomElement(using: &generator),
          let at = place.randomElement(using: &generator), let extreme = extremes.randomElement(using: &generator)
        else { continue }
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: bytes[at] = UInt8.random(in: 0...255, using: &generator)
        default:
          let at = at & ~7
          for (index, byte) in extreme.enumerated() where at + index < bytes.count { bytes[at + index] = byte }
        }
      }
      if Int.random(in: 0..<10, using: &generator) == 0 {
        bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
      }
      do {
        let library = try ELFFile(bytes: bytes, path: path)
        _ = try library.allSymbols()
        _ = library.definition(of: "basin_module")
        _ = library.comments()
        accepted += 1
      } catch {
        let error = try #require(error as? BasinError, "\(error)")
        #expect(error.kind == .badData && error.file == path)
        messages.insert(error.message)
        refused += 1
      }
    }
    #expect(accepted > 100 && refused > 5000, "\(accepted) accepted, \(refused) refused")
    #expect(messages.count > 25, "\(messages.count) different messages")
  }

  @Test("names without end are refused", .enabled(if: ModuleFixture.hasCompiler, ModuleFixture.skipped))
  func symbolsBudget() throws {
    // Many symbols made to share one long name would give gigabytes of text.
    let fixture = try ModuleFixture()
    let long = String(repeating: "a", count: 60_000)
    let source = "int \(long) = 1;\n" + (0..<3000).map { "int b\($0) = 1;" }.joined(separator: "\n")
    let path = try fixture.compile(source, to: "libLong.so", ["-shared", "-fPIC", "-Wl,--hash-style=sysv"])
    var bytes = try ModuleFixture.bytes(path)
    #expect(try ELFFile(bytes: bytes, path: path).symbols(withPrefix: "aaaa").first?.name == long)
    // The table and the name's offset are found by the entry of the long name itself.
    let library = try ELFFile(bytes: bytes, path: path)
    let section = try #require(Self.section(type: 11, bytes))
    let strings = try #require(Self.section(type: 3, bytes))
    let text = Array("\0\(long)\0".utf8)
    let start = try #require((strings.offset..<strings.offset + strings.size - text.count + 1).first { at in
      bytes[at] == 0 && bytes[at + 1] == 97 && Array(bytes[at..<at + text.count]) == text
    })
    let name = UInt32(start + 1 - strings.offset)
    for index in 1..<library.symbolCount {
      withUnsafeBytes(of: name.littleEndian) { digits in
        bytes.replaceSubrange(section.offset + index * 24..<section.offset + index * 24 + 4, with: digits)
      }
    }
    let error = try basinError { try ELFFile(bytes: bytes, path: path).allSymbols() }
    #expect(error.message.contains("have no end"))
  }

  private static func number(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int {
    (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
  }

  private static func dynamicOffset(_ bytes: [UInt8]) -> Int? {
    (0..<number(bytes, 56, 2)).map { 64 + 56 * $0 }.first { number(bytes, $0, 4) == 2 }.map { number(bytes, $0 + 8, 8) }
  }

  private static func section(type: Int, _ bytes: [UInt8]) -> (offset: Int, size: Int)? {
    let table = number(bytes, 40, 8)
    return (0..<number(bytes, 60, 2)).map { table + 64 * $0 }.first { number(bytes, $0 + 4, 4) == type }.map {
      (number(bytes, $0 + 24, 8), number(bytes, $0 + 32, 8))
    }
  }
}
