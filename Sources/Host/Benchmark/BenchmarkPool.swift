import Foundation
import PluginAPI
import Synchronization

/// Runs a benchmark's runs in processes of their own, several at a time: one that fails takes none of the others with it.
final class BenchmarkPool: Sendable {
  enum Outcome: Sendable {
    case finished(JSONValue)
    case failed(String)
  }

  private struct State {
    var next = 0
    var outcomes: [Int: Outcome] = [:]
    var running: [Int32: String] = [:]
  }

  private let program: String
  private let runs: [BenchmarkPlan.Run]
  private let folder: String
  private let dataRoot: String?
  private let threads: Int
  private let plugins: [String]
  private let state = Mutex(State())

  init(program: String, runs: [BenchmarkPlan.Run], folder: String, dataRoot: String?, threads: Int, plugins: [String]) {
    self.program = program
    self.runs = runs
    self.folder = folder
    self.dataRoot = dataRoot
    self.threads = threads
    self.plugins = plugins
  }

  /// - Throws: `Interrupted` after Ctrl-C.
  func run(jobs: Int, progress: @escaping @Sendable (_ done: Int, _ total: Int, _ last: BenchmarkPlan.Run, Outcome) -> Void) throws -> [Outcome] {
    DispatchQueue.concurrentPerform(iterations: min(jobs, max(runs.count, 1))) { _ in
      while let index = take() {
        let outcome = one(runs[index])
        guard !Interruption.isRequested else { return }
        let done = state.withLock { state in
          state.outcomes[index] = outcome
          return state.outcomes.count
        }
        progress(done, runs.count, runs[index], outcome)
      }
    }
    if Interruption.isRequested { throw Interrupted(checkpoint: nil) }
    let outcomes = state.withLock { $0.outcomes }
    return runs.indices.map { outcomes[$0] ?? .failed("was not run") }
  }

  private func take() -> Int? {
    state.withLock { state in
      guard state.next < runs.count, !Interruption.isRequested else { return nil }
      defer { state.next += 1 }
      return state.next
    }
  }

  private func one(_ run: BenchmarkPlan.Run) -> Outcome {
    let directory = RunDirectory(path: "\(folder)/runs/\(run.name)")
    if directory.isFinished, let summary = try? JSONValue.read(directory.summary) { return .finished(summary) }
    let log = "\(folder)/logs/\(run.name).log"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    var arguments = ["train", "--quiet"]
    if directory.holdsRun {
      arguments += ["--resume", directory.path]
    } else {
      arguments += run.request(dataRoot: dataRoot, threads: threads) + ["--out", directory.path]
      for plugin in plugins { arguments += ["--plugin", plugin] }
    }
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    guard FileManager.default.createFile(atPath: log, contents: nil), let errors = FileHandle(forWritingAtPath: log) else {
      return .failed("its log \(log) cannot be written")
    }
    process.standardError = errors
    do { try process.run() } catch { return .failed("cannot be started: \(error)") }
    while process.isRunning {
      usleep(5000)
      if Interruption.isRequested {
        // The terminal told its own group already; a child in another one is told here.
        if getpgid(process.processIdentifier) != getpgrp() { process.interrupt() }
        process.waitUntilExit()
      }
    }
    try? errors.close()
    if process.terminationStatus == 0, let summary = try? JSONValue.read(directory.summary) { return .finished(summary) }
    let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    let last = text.split(separator: "\n").last.map(String.init) ?? "no message"
    let how = process.terminationReason == .uncaughtSignal ? "signal \(process.terminationStatus)" : "status \(process.terminationStatus)"
    return .failed("\(how): \(last)")
  }
}
