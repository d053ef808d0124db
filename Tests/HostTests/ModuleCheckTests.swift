import Foundation
import Host
import PluginAPI
import Testing

@Suite("Module check", .enabled(if: ModuleFixture.hasCompiler, ModuleFixture.skipped))
struct ModuleCheckTests {
  private func refusal(_ path: String) throws -> BasinError {
    let error = try basinError { try ModuleCheck.inspect(path, host: ModuleFixture.host) }
    #expect(error.file == path)
    return error
  }

  @Test("a module in order is described without being loaded")
  func goodModule() throws {
    let fixture = try ModuleFixture()
    let path = try fixture.module()
    let link = fixture.folder + "/libLink.so"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    let module = try ModuleCheck.inspect(link, host: ModuleFixture.host)
    #expect(module.manifest == ModuleManifest(name: "graph", version: "0.1.0", models: ["gcn"]))
    #expect(module.stamp == ModuleFixture.host)
    #expect(module.path == link)
    #expect((module.realPath as NSString).lastPathComponent == "libGraph.so")
    #expect(module.needed.contains("libPluginAPI.so"))
    #expect(module.sha256?.count == 64)
    #expect(module.sha256 == ContentHash.sha256.digest(of: try ModuleFixture.bytes(path)))
    #expect(try ModuleCheck.inspect(path, host: ModuleFixture.host, hash: nil).sha256 == nil)
  }

  @Test("SHA-256 of three letters")
  func hash() {
    #expect(
      ContentHash.sha256.digest(of: Array("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test("files that are no files")
  func notFiles() throws {
    let fixture = try ModuleFixture()
    let missing = try refusal(fixture.folder + "/libNothing.so")
    #expect(missing.kind == .missingInput && missing.kind.exitStatus == 66)
    #expect(missing.message.contains("no such file"))

    let link = fixture.folder + "/libLink.so"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "/nowhere/libGone.so")
    #expect(try refusal(link).message.contains("/nowhere/libGone.so"))
    #expect(try refusal(fixture.folder).message.contains("a folder"))
    #expect(try refusal("/dev/zero").message.contains("a device"))
    let pipe = fixture.folder + "/pipe.so"
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(try refusal(pipe).message.contains("a named pipe"))
    #expect(try refusal("lib\0.so").kind == .missingInput)
    #expect(try refusal(try fixture.write([], to: "libEmpty.so")).message.contains("empty"))

    let sparse = try fixture.write([], to: "libSparse.so")
    #expect(truncate(sparse, 1 << 40) == 0)
    #expect(try refusal(sparse).message.contains("1099511627776 bytes"))
  }

  @Test(
    "files of other kinds are called by their names",
    arguments: [
      ("just some text\nof two lines\n", "a text file"), ("#!/bin/sh\necho no\n", "a script"),
      ("\u{1}\u{2}\u{3}", "a binary file"), ("version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
      ("!<arch>\nfoo.o/", "a static library"), ("<!DOCTYPE html><html>404</html>", "a web page"),
      ("\0\0\0\0\0\0\0\0", "zeros"), ("PK\u{3}\u{4}", "a ZIP archive"), ("{\"name\": 1}", "a text file"),
    ])
  func otherKinds(content: String, name: String) throws {
    let fixture = try ModuleFixture()
    let error = try refusal(try fixture.write(Array(content.utf8), to: "libWrong.so"))
    #expect(error.kind == .badData)
    #expect(error.message.contains(name), "\(error)")
  }

  @Test("a PNG picture")
  func picture() throws {
    let fixture = try ModuleFixture()
    let path = try fixture.write([0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10, 0, 0], to: "libWrong.so")
    #expect(try refusal(path).message.contains("a PNG picture"))
  }

  @Test(
    "another machine, class, byte order, type",
    arguments: [
      (4, 1, "32 bits"), (4, 7, "neither of 32 nor of 64"), (5, 2, "big-endian"), (5, 9, "byte order"),
      (6, 3, "ELF version"), (18, 22, "s390x"), (18, 99, "machine number 99"), (16, 1, "an object file"),
      (16, 2, "a program"), (16, 4, "a core dump"), (54, 55, "program headers"), (56, 0, "no program headers"),
    ])
  func otherMachine(offset: Int, value: Int, message: String) throws {
    let fixture = try ModuleFixture()
    var bytes = try ModuleFixture.bytes(try fixture.module())
    bytes[offset] = UInt8(value)
    let error = try refusal(try fixture.write(bytes, to: "libPatched.so"))
    #expect(error.kind == .badData && error.message.contains(message), "\(error)")
  }

  @Test("a program is not a library")
  func program() throws {
    let fixture = try ModuleFixture()
    let path = try fixture.compile("int main(void) { return 0; }", to: "program", ["-pie", "-fPIE"])
    #expect(try refusal(path).message.contains("is a program"))
  }

  @Test("a library cut short is refused at every length")
  func truncated() throws {
    let fixture = try ModuleFixture()
    let path = try fixture.module()
    let bytes = try ModuleFixture.bytes(path)
    _ = try ELFFile(bytes: bytes, path: path)
    var refused = 0
    for length in 0..<bytes.count {
      let error = try basinError { try ELFFile(bytes: Array(bytes[..<length]), path: path) }
      // From the whole file header on, its full size is known from the place of the section headers.
      if length >= 64 {
        #expect(error.message.contains("truncated: expected \(bytes.count) bytes, has \(length)"), "\(error)")
      }
      refused += 1
    }
    #expect(refused == bytes.count)
    for length in stride(from: 1, to: bytes.count, by: 997) {
      let cut = try fixture.write(Array(bytes[..<length]), to: "libCut.so")
      #expect(try refusal(cut).message.contains("truncated"))
    }
  }

  @Test("cut short after the section headers were stripped")
  func truncatedWithoutSections() throws {
    let fixture = try ModuleFixture()
    var bytes = try ModuleFixture.bytes(try fixture.module())
    for offset in Array(40..<48) + Array(60..<64) { bytes[offset] = 0 }
    let stripped = try fixture.write(bytes, to: "libStripped.so")
    _ = try ModuleCheck.inspect(stripped, host: ModuleFixture.host)
    var lengths = 0
    for length in stride(from: 64, to: bytes.count, by: 256) {
      guard let library = try? ELFFile(bytes: Array(bytes[..<length]), path: stripped) else {
        lengths += 1
        continue
      }
      // What is accepted has all that gets loaded; only sections for the linker and debugger may lie behind.
      #expect(library.definition(of: "basin_module") == .function)
    }
    #expect(lengths > 10)
  }

  @Test("libraries that are no modules")
  func notModules() throws {
    let fixture = try ModuleFixture()
    try fixture.compileAPI()
    let shared = ["-shared", "-fPIC"]
    let plain = try fixture.compile("int x(void) { return 1; }", to: "libPlain.so", shared)
    let linkage = try refusal(plain)
    #expect(linkage.message.contains("not a Basin module") && linkage.message.contains("libPluginAPI.so"))

    // Everything is there but the entry in DT_NEEDED.
    let unlinked = try fixture.compile(ModuleFixture.source(), to: "libUnlinked.so", shared)
    #expect(try refusal(unlinked).message.contains("not linked with libPluginAPI.so"))

    let copy = try fixture.compile(
      ModuleFixture.source(stamp: nil, more: "int \(ModuleFixture.host.symbolName) = 1;"), to: "libCopy.so", shared)
    #expect(try refusal(copy).message.contains("its own copy of PluginAPI"))
    let both = try fixture.module(
      ModuleFixture.source(stamp: nil, more: "int \(ModuleFixture.host.symbolName) = 1;"), name: "libBoth.so")
    #expect(try refusal(both).message.contains("its own copy of PluginAPI"))
    #expect(try refusal(fixture.folder + "/libPluginAPI.so").message.contains("is PluginAPI"))

    let noEntry = try fixture.module(ModuleFixture.source(entry: ""), name: "libNoEntry.so")
    #expect(try refusal(noEntry).message.contains("does not export the function `basin_module`"))
    let hidden = try fixture.module(
      ModuleFixture.source(entry: "__attribute__((visibility(\"hidden\"))) void *basin_module(void) { return 0; }"),
      name: "libHidden.so")
    #expect(try refusal(hidden).message.contains("does not export the function `basin_module`"))
    let data = try fixture.module(ModuleFixture.source(entry: "int basin_module = 7;"), name: "libData.so")
    #expect(try refusal(data).message.contains("is not a function"))
  }

  @Test("manifests that are missing or damaged")
  func manifests() throws {
    let fixture = try ModuleFixture()
    let none = try fixture.module(ModuleFixture.source(manifest: nil), name: "libNone.so")
    #expect(try refusal(none).message.contains("no manifest"))
    let broken = try fixture.module(
      ModuleFixture.source(manifest: "BASIN-MODULE-MANIFEST {oops END-BASIN-MODULE-MANIFEST"), name: "libBroken.so")
    let error = try refusal(broken)
    #expect(error.message.contains("manifest cannot be read") && error.message.contains("JSON"))
  }

  @Test("stamps that differ are told apart")
  func stamps() throws {
    let fixture = try ModuleFixture()
    func refusal(_ stamp: String?, _ name: String) throws -> BasinError {
      try self.refusal(try fixture.module(ModuleFixture.source(stamp: stamp), name: name))
    }
    let none = try refusal(nil, "libNone.so")
    #expect(none.message.contains("no ABI stamp"))

    var other = ModuleFixture.host
    other.api = "1111111111111111"
    let api = try refusal(other.symbolName, "libAPI.so")
    #expect(api.message.contains("another PluginAPI (1111111111111111; this Basin: 0123456789abcdef)"), "\(api)")
    #expect(!api.message.contains("compiler") && !api.message.contains("contract"))
    #expect(api.advice?.contains("basin plugin build") == true)

    other = ModuleFixture.host
    other.compiler = "unstamped"
    let compiler = try refusal(other.symbolName, "libCompiler.so")
    #expect(compiler.message.contains("another compiler") && compiler.message.contains("this Basin: Swift 6.9"))
    #expect(!compiler.message.contains("PluginAPI"))

    other = ModuleFixture.host
    other.contract = 2
    let newer = try refusal(other.symbolName, "libNewer.so")
    #expect(newer.message.contains("version 2 of the module contract (this Basin: 1)"), "\(newer)")
    #expect(newer.advice?.contains("Update Basin") == true)
    other.contract = 0
    other.api = "unstamped"
    let older = try refusal(other.symbolName, "libOlder.so")
    #expect(older.message.contains("version 0") && older.message.contains("unstamped"))
    #expect(older.advice?.contains("newer release of the module") == true)

    #expect(try refusal("basin_abi_XYZ_v1", "libOdd.so").message.contains("cannot be read"))

    // Parts built at different times: one stamp fits, one does not.
    other = ModuleFixture.host
    other.api = "2222222222222222"
    let mixed = try fixture.module(
      ModuleFixture.source(more: "extern int \(other.symbolName);\nint *second_use = &\(other.symbolName);"),
      name: "libMixed.so")
    #expect(try self.refusal(mixed).message.contains("2222222222222222"))
  }

  @Test("names of stamps")
  func stampNames() {
    let host = ModuleFixture.host
    #expect(ABIStamp(symbolName: host.symbolName) == host)
    #expect(host.symbolName == "basin_abi_0123456789abcdef_fedcba9876543210_v1")
    #expect(ABIStamp(symbolName: "basin_abi_unstamped_unstamped_v12")?.contract == 12)
    for wrong in [
      "basin_abi_", "basin_abi_unstamped_unstamped", "basin_abi_unstamped_unstamped_v", "basin_abi_unstamped_v1",
      "basin_abi_0123456789ABCDEF_unstamped_v1", "basin_abi_0123456789abcde_unstamped_v1",
      "basin_abi_unstamped_unstamped_v99999999999999999999", "basin_abi_unstamped_unstamped_v-1",
      "basin_abi_unstamped_unstamped_v1_", "basin_abi_unstamped_unstamped_1", "x",
    ] { #expect(ABIStamp(symbolName: wrong) == nil, "\(wrong)") }
  }
}
