import Foundation
import PluginAPI

/// Runs the checks of one module in child processes: one that crashes or hangs costs that check alone, and is told.
struct ConformanceRun {
  let library: String
  /// Other values of `--plugin`.
  let plugins: [String]
  let settings: ConformanceSettings
  /// For all checks that one child makes; what is left when it is over is killed.
  var timeout = Duration.seconds(1800)
  /// Told what is going on.
  var observe: (Progress) -> Void = { _ in }

  enum Progress {
    /// What is to be checked, in this order; again where a child takes over from one that crashed.
    case planned([ConformanceReport.Check])
    case begun(ConformanceReport.Check)
    case ended(ConformanceResult)
  }

  /// - Throws: `BasinError` where the library is no module, or the child cannot load it for a reason it can tell; ``Interrupted``.
  func results() throws -> [ConformanceResult] {
    var results: [ConformanceResult] = []
    func add(_ result: ConformanceResult) {
      results.append(result)
      observe(.ended(result))
    }
    while true {
      var report = ConformanceReport()
      let child = try ChildProcess.run(ThisProgram.path, arguments(after: results.count), timeout: timeout) { bytes in
        for line in report.read(bytes) {
          switch line {
          case .planned(let checks): observe(.planned(checks))
          case .begun(let check, _): observe(.begun(check))
          case .ended(let result): add(result)
          case .complete: break
          }
        }
      }
      if case .exited(0) = child.ending, report.isComplete { return results }
      if let (check, time) = report.running {
        add(
          ConformanceResult(
            subject: check.subject, check: check.check, outcome: .failed, message: reason(child), seconds: max(0, Clock.now() - time)))
        continue
      }
      // It ended before the first check: it could not load the module, and says why, or was ended by it.
      if report.hasBegun {
        add(unfinished("it ended between two checks: \(reason(child))"))
      } else if case .exited(let status) = child.ending, let kind = BasinError.Kind(rawValue: status) {
        // What was asked for is wrong, not the module.
        if kind == .usage { throw BasinError(kind, message(child)) }
        add(unfinished(message(child)))
      } else {
        add(unfinished("the module cannot be loaded: \(reason(child))"))
      }
      return results
    }
  }

  private func unfinished(_ message: String) -> ConformanceResult {
    ConformanceResult(subject: "module", check: "loading", outcome: .failed, message: message, seconds: 0)
  }

  private func arguments(after done: Int) -> [String] {
    var arguments = ["__check", library, "--after", "\(done)", "--steps", "\(settings.steps)"]
    for plugin in plugins { arguments += ["--plugin", plugin] }
    for name in settings.only.sorted() { arguments += ["--only", name] }
    for (key, value) in settings.settings.sorted(by: { $0.key < $1.key }) { arguments += ["--set", "\(key)=\(value)"] }
    if let dataset = settings.dataset { arguments += ["--dataset", dataset] }
    if let root = settings.dataRoot { arguments += ["--data-root", root] }
    return arguments
  }

  private func reason(_ child: ChildProcess.Result) -> String {
    let said = child.lastWords.isEmpty ? "" : ": \(child.lastWords)"
    switch child.ending {
    case .timedOut: return "it did not end in time and was killed\(said)"
    case .crashed(let signal): return "it crashed with signal \(signal) (\(String(cString: strsignal(signal))))\(said)"
    case .exited(let status): return "it ended the process with status \(status)\(said)"
    }
  }

  private func message(_ child: ChildProcess.Result) -> String {
    let words = child.lastWords
    for prefix in ["basin: error: "] where words.hasPrefix(prefix) { return String(words.dropFirst(prefix.count)) }
    return words
  }
}

/// What a child tells of its checks, a JSON line each; a module may print other lines among them.
struct ConformanceReport {
  static let mark = "basin-check: "

  struct Check: Codable, Hashable, Sendable {
    let subject, check: String
  }

  enum Line: Codable {
    /// All checks, those that another child has made too.
    case planned([Check])
    case begun(Check, time: Double)
    case ended(ConformanceResult)
    case complete

    func print() throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys]
      let text = "\n\(ConformanceReport.mark)\(String(decoding: try encoder.encode(self), as: UTF8.self))\n"
      // Not `print`, whose buffer a crash takes with it.
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }
  }

  private(set) var hasBegun = false
  /// Begun, when, and not ended.
  private(set) var running: (check: Check, time: Double)?
  private(set) var isComplete = false
  /// What stands behind the last line's end.
  private var rest: [UInt8] = []
  /// What another writes without ending a line is not kept.
  private static let longest = 1 << 20

  /// Takes more of what a child has written, and gives the lines that are whole with it.
  mutating func read(_ bytes: [UInt8]) -> [Line] {
    var parts = (rest + bytes).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let last = parts.removeLast()
    rest = last.count > Self.longest ? [] : Array(last)
    let lines = parts.compactMap { part -> Line? in
      guard part.starts(with: Self.mark.utf8) else { return nil }
      return try? JSONDecoder().decode(Line.self, from: Data(part.dropFirst(Self.mark.utf8.count)))
    }
    for line in lines {
      switch line {
      case .planned: hasBegun = true
      case .begun(let check, let time): running = (check, time)
      case .ended: running = nil
      case .complete: isComplete = true
      }
    }
    return lines
  }
}
