import Foundation
import Host
import PluginAPI
import Testing

/// Small libraries made by the C compiler that imitate modules; a folder of their own for each fixture.
///
/// The stamp is a weak reference where a library is to be loaded into the tests' process: its libPluginAPI, if it has
/// one, is the real one and does not define the stamp made up here.
final class ModuleFixture {
  static let host = ABIStamp(api: "0123456789abcdef", compiler: "fedcba9876543210", contract: 1, compilerName: "Swift 6.9")
  static let manifest =
    #"BASIN-MODULE-MANIFEST {\"name\":\"graph\",\"version\":\"0.1.0\",\"models\":[\"gcn\"]} END-BASIN-MODULE-MANIFEST"#

  let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "/basin-modules-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// `clang`, else `cc`; nil where there is neither.
  static let compiler: String? = {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let candidates = ["clang", "cc"].flatMap { name in folders.map { "\($0)/\(name)" } }
    return candidates.first { access($0, X_OK) == 0 }
  }()

  static var hasCompiler: Bool { compiler != nil }
  static let skipped: Comment = "skipped: no C compiler (clang or cc) in PATH"

  /// Compiles C source to `name` in the fixture's folder; its path.
  @discardableResult
  func compile(_ source: String, to name: String, _ flags: [String] = ["-shared", "-fPIC"]) throws -> String {
    let file = "\(folder)/\(name).c"
    try source.write(toFile: file, atomically: true, encoding: .utf8)
    let compiler = try #require(Self.compiler)
    let path = "\(folder)/\(name)"
    let arguments = [file, "-O1", "-w", "-o", path, "-L\(folder)"] + flags
    let result = try ChildProcess.run(compiler, arguments, timeout: .seconds(60))
    try #require(result.ending == .exited(0), "\(result.standardError)")
    return path
  }

  func compileAPI(stamp: ABIStamp = ModuleFixture.host) throws {
    try compile(
      "int \(stamp.symbolName) = 1;", to: "libPluginAPI.so", ["-shared", "-fPIC", "-Wl,-soname,libPluginAPI.so"])
  }

  /// The source of a complete module; parts can be left out or replaced.
  static func source(
    stamp: String? = host.symbolName, weak: Bool = false, manifest: String? = manifest,
    entry: String = "void *basin_module(void) { return &answer; }", more: String = ""
  ) -> String {
    """
    int answer = 42;
    \(stamp.map { "extern int \($0)\(weak ? " __attribute__((weak))" : "");\nint *stamp_use = &\($0);" } ?? "")
    \(manifest.map { "__attribute__((used)) static const char text[] = \"\($0)\";" } ?? "")
    \(entry)
    \(more)
    """
  }

  static let moduleFlags = [
    "-shared", "-fPIC", "-Wl,--no-as-needed", "-lPluginAPI", "-Wl,-rpath,$ORIGIN", "-Wl,--allow-shlib-undefined",
  ]

  /// A module, with its libPluginAPI beside it.
  func module(_ source: String = ModuleFixture.source(), name: String = "libGraph.so") throws -> String {
    if !FileManager.default.fileExists(atPath: folder + "/libPluginAPI.so") { try compileAPI() }
    return try compile(source, to: name, Self.moduleFlags)
  }

  func write(_ bytes: [UInt8], to name: String) throws -> String {
    let path = "\(folder)/\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  static func bytes(_ path: String) throws -> [UInt8] { try FileSnapshot(reading: path).bytes }
}

/// What `body` throws, as a ``BasinError``; fails the test where it throws nothing or something else.
func basinError<Result>(_ body: () throws -> Result) throws -> BasinError {
  do { _ = try body() } catch { return try #require(error as? BasinError, "\(error)") }
  throw try #require(nil as BasinError?, "nothing was thrown")
}

/// A small generator with a seed, so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
