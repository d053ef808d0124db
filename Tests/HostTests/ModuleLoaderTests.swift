import Foundation
import Host
import PluginAPI
import Testing

@Suite("Module loader", .enabled(if: ModuleFixture.hasCompiler, ModuleFixture.skipped))
struct ModuleLoaderTests {
  @Test("a module is loaded once, under whatever name, and its entry point called once")
  func once() throws {
    let fixture = try ModuleFixture()
    let source = ModuleFixture.source(
      weak: true, entry: "void *basin_module(void) { static int calls; return ++calls == 1 ? &answer : 0; }")
    let path = try fixture.module(source)
    let link = fixture.folder + "/libAgain.so"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
    let loader = ModuleLoader()
    let first = try loader.load(ModuleCheck.inspect(path, host: ModuleFixture.host))
    let second = try loader.load(ModuleCheck.inspect(link, host: ModuleFixture.host))
    #expect(first == second)
    #expect(first.load(as: Int32.self) == 42)
  }

  private func refusal(_ path: String) throws -> BasinError {
    let module = try ModuleCheck.inspect(path, host: ModuleFixture.host)
    let error = try basinError { try ModuleLoader().load(module) }
    #expect(error.file == path)
    #expect(error.message.contains("graph"))
    return error
  }

  @Test("what the dynamic loader refuses is explained")
  func refusals() throws {
    let fixture = try ModuleFixture()
    let symbol = try fixture.module(
      ModuleFixture.source(weak: true, more: "extern int not_there(void); int call(void) { return not_there(); }"),
      name: "libSymbol.so")
    let missing = try refusal(symbol)
    #expect(missing.message.contains("needs the symbol not_there, which no library here has"), "\(missing)")

    let helper = try fixture.compile("int help(void) { return 1; }", to: "libhelper.so")
    let user = try fixture.compile(
      ModuleFixture.source(weak: true, more: "extern int help(void); int call(void) { return help(); }"),
      to: "libUser.so", ModuleFixture.moduleFlags + ["-lhelper"])
    try FileManager.default.removeItem(atPath: helper)
    let library = try refusal(user)
    #expect(library.kind == .missingInput && library.message.contains("needs the library libhelper.so"), "\(library)")

    let nothing = try fixture.module(
      ModuleFixture.source(weak: true, entry: "void *basin_module(void) { return 0; }"), name: "libNothing.so")
    #expect(try refusal(nothing).message.contains("`basin_module` returned nothing"))
  }

  @Test("a library that changed since it was checked is not loaded")
  func changed() throws {
    let fixture = try ModuleFixture()
    let path = try fixture.module(ModuleFixture.source(weak: true))
    let module = try ModuleCheck.inspect(path, host: ModuleFixture.host)
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.truncate(atOffset: 512)
    try handle.close()
    let error = try basinError { try ModuleLoader().load(module) }
    #expect(error.message.contains("changed after it was checked"))
  }

  @Test(
    "messages of the dynamic loader",
    arguments: [
      ("/m.so: undefined symbol: basin_abi_unstamped_unstamped_v1", "another PluginAPI or by another compiler"),
      ("/m.so: undefined symbol: $sSi1poiyS2i_SitFZ", "static Swift.Int.+ infix(Swift.Int, Swift.Int) -> Swift.Int"),
      ("/m.so: undefined symbol: foo, version BAR", "needs the symbol foo,"),
      ("/m.so: cannot open shared object file: Permission denied", "cannot be opened: Permission denied"),
      ("libz.so.9: cannot open shared object file: No such file or directory", "needs the library libz.so.9"),
      ("/lib/libc.so.6: version `GLIBC_2.99' not found (required by /m.so)", "newer system (it needs GLIBC_2.99)"),
      ("/m.so: failed to map segment from shared object", "cannot be mapped"),
      ("/m.so: something new", "something new"),
    ])
  func messages(text: String, expected: String) {
    let error = LoaderMessage.error(text, name: "graph", path: "m.so", realPath: "/m.so")
    #expect(error.message.contains(expected), "\(error)")
    #expect(error.file == "m.so" && error.message.contains("graph"))
  }
}
