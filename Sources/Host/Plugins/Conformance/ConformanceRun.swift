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

  /// - Parameter progress: told of each result as soon as its child has ended.
  /// - Throws: `BasinError` where the library is no module, or the child cannot load it for a reason it can tell.
  func results() throws -> [ConformanceResult] {
    var results: [ConformanceResult] = []
    while true {
      let child = try ChildProcess.run(
        ThisProgram.path, arguments(after: results.count), timeout: timeout, outputLimit: 16 << 20)
      let report = ConformanceReport(child.standardOutput)
      results += report.results
      if case .exited(0) = child.ending, report.isComplete { return results }
      guard let running = report.running else {
        // It ended before the first check: it could not load the module, and says why, or was ended by it.
        guard report.planned == nil else { return results + [unfinished("it ended between two checks: \(reason(child))")] }
        guard case .exited(let status) = child.ending, let kind = BasinError.Kind(rawValue: status) else {
          return [unfinished("the module cannot be loaded: \(reason(child))")]
        }
        // What was asked for is wrong, not the module.
        if kind == .usage { throw BasinError(kind, message(child)) }
        return [unfinished(message(child))]
      }
      results.append(
        ConformanceResult(
          subject: running.subject, check: running.check, outcome: .failed, message: reason(child), seconds: running.seconds))
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

  enum Line: Codable {
    /// How many checks are to come.
    case planned(Int)
    case begun(subject: String, check: String, time: Double)
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

  private(set) var planned: Int?
  private(set) var results: [ConformanceResult] = []
  /// Begun and not ended.
  private(set) var running: (subject: String, check: String, seconds: Double)?
  private(set) var isComplete = false

  init(_ output: String) {
    for line in output.split(whereSeparator: \.isNewline) where line.hasPrefix(Self.mark) {
      guard let line = try? JSONDecoder().decode(Line.self, from: Data(line.dropFirst(Self.mark.count).utf8)) else { continue }
      switch line {
      case .planned(let count): planned = count
      case .begun(let subject, let check, let time): running = (subject, check, max(0, Clock.now() - time))
      case .ended(let result):
        results.append(result)
        running = nil
      case .complete: isComplete = true
      }
    }
  }
}
