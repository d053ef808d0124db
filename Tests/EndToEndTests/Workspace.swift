import Foundation
import Testing

/// A folder of a test's own, in which the program runs; it goes away with the test.
class Workspace {
  let path: String
  /// Added to the program's environment.
  var environment: [String: String] = [:]

  init() throws {
    let base = (NSTemporaryDirectory() as NSString).standardizingPath
    path = "\(base)/basin-end-to-end-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path + "/home", withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  // MARK: Running

  /// The tests' environment without what would make the outcome depend on the machine: data, plug-ins, caches.
  private var fullEnvironment: [String: String] {
    var result = ProcessInfo.processInfo.environment.filter {
      !$0.key.hasPrefix("BASIN_") || $0.key == "BASIN_LIBTORCH_SHIM"
    }
    result["XDG_DATA_HOME"] = path + "/home"
    result["BASIN_CACHE"] = path + "/home/cache"
    // A crash shall end as a signal, at once.
    result["SWIFT_BACKTRACE"] = "enable=no"
    result["LC_ALL"] = "C.UTF-8"
    return result.merging(environment) { $1 }
  }

  func start(_ arguments: [String]) throws -> RunningProgram {
    try RunningProgram(BuiltProgram.path, arguments, environment: fullEnvironment, in: path)
  }

  func run(_ arguments: [String], timeout: Duration = .seconds(240)) throws -> Outcome {
    try start(arguments).finish(timeout: timeout)
  }

  /// Runs another program (`mount`) here.
  func run(program: String, _ arguments: [String]) throws -> Outcome {
    try RunningProgram(program, arguments, environment: fullEnvironment, in: path).finish()
  }

  /// Runs it, expects the exit status, and hands the outcome on.
  @discardableResult
  func run(
    _ arguments: [String], expecting status: Int32, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    let outcome = try run(arguments)
    #expect(outcome.ending == .exited(status), "\(outcome)", sourceLocation: sourceLocation)
    return outcome
  }

  /// Runs it with `--json` and gives the one document it prints.
  func json(_ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation) throws -> Document {
    let outcome = try run(arguments + ["--json"], expecting: 0, sourceLocation: sourceLocation)
    return try #require(Document(outcome.output), "not one JSON document: \(outcome)", sourceLocation: sourceLocation)
  }

  /// Expects a refusal: the status, each of `words` in what it says, nothing on standard output, and no crash.
  @discardableResult
  func refused(
    _ arguments: [String], _ status: Int32, saying words: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    let outcome = try run(arguments, expecting: status, sourceLocation: sourceLocation)
    for word in words {
      #expect(outcome.errors.contains(word), "'\(word)' is not in: \(outcome)", sourceLocation: sourceLocation)
    }
    #expect(outcome.output.isEmpty, "\(outcome)", sourceLocation: sourceLocation)
    return outcome
  }

  /// Programs that were started here, and what they have started.
  var processes: [pid_t] {
    ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }.filter {
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\($0)/cwd")) == path
    }
  }

  // MARK: Files

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: self(name)) }

  func data(_ name: String) throws -> Data {
    try #require(FileManager.default.contents(atPath: self(name)), "\(name) is not there")
  }

  func write(_ data: Data, to name: String) throws {
    let url = URL(fileURLWithPath: self(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
  }

  func write(_ text: String, to name: String) throws { try write(Data(text.utf8), to: name) }

  /// Names in a folder, sorted; empty where there is none.
  func names(in folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: self(folder))) ?? []).sorted()
  }

  /// Every file below a folder, by its relative path.
  func tree(_ folder: String) -> [String] {
    (FileManager.default.enumerator(atPath: self(folder))?.compactMap { $0 as? String } ?? []).sorted()
  }

  /// What a run computed: the bytes of its weights and metrics by file.
  func results(of run: String) throws -> [String: Data] {
    var result = ["metrics.jsonl": try data("\(run)/metrics.jsonl")]
    for name in names(in: "\(run)/weights") { result[name] = try data("\(run)/weights/\(name)") }
    return result
  }
}
