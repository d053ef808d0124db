import Foundation
import Host
import PluginAPI
import Testing

@Suite("Module probe", .enabled(if: ModuleFixture.hasCompiler, ModuleFixture.skipped))
struct ModuleProbeTests {
  /// A host in C: loads the library it is given, and says so.
  private static let standIn = """
    #include <dlfcn.h>
    #include <stdio.h>
    int main(int count, char **arguments) {
      void *library = dlopen(arguments[count - 1], RTLD_NOW);
      if (!library) { fprintf(stderr, "first line\\n\\n%s\\n", dlerror()); return 65; }
      if (!((void *(*)(void))dlsym(library, "basin_module"))()) return 70;
      puts("some output");
      puts("\(ModuleProbe.successLine)");
      FILE *runs = fopen(arguments[1], "a");
      fputs("x", runs);
      return 0;
    }
    """

  private struct Setting {
    let fixture: ModuleFixture
    let probe: ModuleProbe
    /// Grows by one byte with each successful run.
    let runs: String

    init(timeout: Duration = .seconds(10)) throws {
      fixture = try ModuleFixture()
      let program = try fixture.compile(ModuleProbeTests.standIn, to: "host", ["-ldl"])
      runs = fixture.folder + "/runs"
      probe = ModuleProbe(
        program: program, arguments: [runs], cacheFolder: fixture.folder + "/cache", programFolder: "/nowhere",
        timeout: timeout)
    }

    func module(_ more: String, name: String = "libGraph.so") throws -> ModuleFile {
      try ModuleCheck.inspect(
        try fixture.module(ModuleFixture.source(more: more), name: name), host: ModuleFixture.host)
    }

    func outcome(_ more: String) throws -> ModuleProbe.Outcome {
      try probe.outcome(of: try module(more), host: ModuleFixture.host)
    }

    var runCount: Int { (try? ModuleFixture.bytes(runs).count) ?? 0 }
  }

  @Test("a good module is probed once, by its content")
  func good() throws {
    let setting = try Setting()
    let module = try setting.module("")
    try setting.probe.check(module, host: ModuleFixture.host)
    #expect(setting.runCount == 1)
    let record = try setting.probe.recordFile(of: module, host: ModuleFixture.host)
    #expect(record.hasSuffix("/probes/\(try #require(module.sha256))-\(ModuleFixture.host).json"))
    #expect(FileManager.default.fileExists(atPath: record))

    let copy = setting.fixture.folder + "/libCopy.so"
    try FileManager.default.copyItem(atPath: module.path, toPath: copy)
    let same = try ModuleCheck.inspect(copy, host: ModuleFixture.host, hash: nil)
    try setting.probe.check(same, host: ModuleFixture.host)
    #expect(setting.runCount == 1)

    try setting.probe.check(module, host: ModuleFixture.host, fresh: true)
    #expect(setting.runCount == 2)
    // Another host knows nothing of it; a damaged record counts as none.
    var other = ModuleFixture.host
    other.contract = 2
    try setting.probe.check(module, host: other)
    #expect(setting.runCount == 3)
    try Data("{\"passed\"".utf8).write(to: URL(fileURLWithPath: record))
    try setting.probe.check(module, host: ModuleFixture.host)
    #expect(setting.runCount == 4)
    let probes = (record as NSString).deletingLastPathComponent
    #expect(try FileManager.default.contentsOfDirectory(atPath: probes).allSatisfy { $0.hasSuffix(".json") })
  }

  @Test("bundled modules are not probed")
  func bundled() throws {
    let setting = try Setting()
    var probe = setting.probe
    probe.programFolder = setting.fixture.folder + "/../" + (setting.fixture.folder as NSString).lastPathComponent
    try probe.check(try setting.module(""), host: ModuleFixture.host)
    #expect(setting.runCount == 0)
  }

  @Test("a module that aborts in a constructor is refused, and so again without a new process")
  func aborts() throws {
    let setting = try Setting()
    let module = try setting.module(
      """
      #include <stdlib.h>
      #include <stdio.h>
      __attribute__((constructor)) static void start(void) { fputs("going down\\n", stderr); abort(); }
      """)
    for _ in 0..<2 {
      let error = try basinError { try setting.probe.check(module, host: ModuleFixture.host) }
      #expect(error.kind == .badData && error.file == module.path)
      #expect(error.message.contains("crashed with signal 6 (Aborted): going down"), "\(error)")
    }
    // Without a program that could run: the second answer came from the record.
    var broken = setting.probe
    broken.program = "/nowhere/basin"
    #expect(try broken.outcome(of: module, host: ModuleFixture.host).passed == false)
    let failed = try basinError { try broken.outcome(of: module, host: ModuleFixture.host, fresh: true) }
    #expect(failed.file == "/nowhere/basin")
    // A failure is not believed for ever.
    broken.failureLifetime = 0
    #expect(throws: BasinError.self) { try broken.outcome(of: module, host: ModuleFixture.host) }
  }

  @Test("other ends")
  func otherEnds() throws {
    let exits = try Setting().outcome(
      "#include <stdlib.h>\n__attribute__((constructor)) static void start(void) { exit(0); }")
    #expect(exits.passed == false && exits.reason.contains("ended the process"))

    let symbol = try Setting().outcome("extern int not_there(void); int call(void) { return not_there(); }")
    #expect(symbol.reason.hasPrefix("failed with exit status 65: first line / "), "\(symbol.reason)")
    #expect(symbol.reason.contains("undefined symbol: not_there"))

    let fault = try Setting().outcome(
      "__attribute__((constructor)) static void start(void) { *(volatile int *)8 = 1; }")
    #expect(fault.reason.contains("crashed with signal 11"))
  }

  @Test("a module that hangs is killed, with what it started")
  func hangs() throws {
    let setting = try Setting(timeout: .milliseconds(500))
    let child = setting.fixture.folder + "/child"
    let start = ContinuousClock.now
    let outcome = try setting.outcome(
      """
      #include <unistd.h>
      #include <stdio.h>
      __attribute__((constructor)) static void start(void) {
        int child = fork();
        if (child) { FILE *file = fopen("\(child)", "w"); fprintf(file, "%d", child); fclose(file); }
        for (;;) { write(1, "noise noise noise\\n", 18); usleep(10); }
      }
      """)
    #expect(outcome.passed == false)
    // Compiled and killed; a limit of the test itself would count from before it has a thread.
    #expect(ContinuousClock.now - start < .seconds(60))
    #expect(outcome.reason.contains("did not finish within 0.5 s and was killed"), "\(outcome.reason)")
    let number = try #require(pid_t(try String(contentsOfFile: child, encoding: .utf8)))
    // It is a zombie at most, until whoever inherits it asks for its status.
    let status = (try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8)) ?? "gone Z"
    #expect(status.contains(" Z"), "\(status)")
  }

  @Test("without a cache folder it still works")
  func noCache() throws {
    let setting = try Setting()
    var probe = setting.probe
    probe.cacheFolder = "/dev/null/cache"
    let module = try setting.module("")
    try probe.check(module, host: ModuleFixture.host)
    try probe.check(module, host: ModuleFixture.host)
    #expect(setting.runCount == 2)
  }

  @Test("output of a child: both streams, no input, the last bytes only")
  func childProcess() throws {
    let result = try ChildProcess.run("/bin/sh", ["-c", "cat; echo out; echo err >&2; exit 3"], timeout: .seconds(10))
    #expect(result.ending == .exited(3))
    #expect(result.standardOutput == "out\n" && result.standardError == "err\n")
    let long = try ChildProcess.run(
      "/bin/sh", ["-c", "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done"], timeout: .seconds(60),
      outputLimit: 1000)
    #expect(long.standardOutput.utf8.count == 1000 && long.standardOutput.hasSuffix("line 19999\n"))
    // A grandchild that keeps the pipes open does not keep the caller.
    let clock = ContinuousClock()
    let time = try clock.measure {
      let result = try ChildProcess.run("/bin/sh", ["-c", "sleep 30 & exit 0"], timeout: .seconds(25))
      #expect(result.ending == .exited(0))
    }
    #expect(time < .seconds(20))
  }
}
