import Foundation
import PluginAPI
import Synchronization

/// Runs a benchmark's runs in processes of their own, several at a time: one that fails takes none of the others with it.
final class BenchmarkPool: Sendable {
  enum Outcome: Sendable {
    case finished(JSONValue)
    case failed(Failure)
  }

  struct Failure: Sendable {
    let reason: String
    /// The exit status; nil where it was ended by a signal or could not be started.
    let status: Int32?
  }

  private struct State {
    var next = 0
    var outcomes: [Int: Outcome] = [:]
  }

  private let program: String
  private let plan: BenchmarkPlan
  private let runs: [BenchmarkPlan.Run]
  private let folder: String
  private let progress: BenchmarkProgress
  private let state = Mutex(State())
  /// What the runs have as their input: it ends when this process does, in whichever way, and they with it.
  private let lifeline = Pipe()

  init(program: String, plan: BenchmarkPlan, folder: String, progress: BenchmarkProgress) {
    self.program = program
    self.plan = plan
    runs = plan.runs
    self.folder = folder
    self.progress = progress
  }

  /// - Throws: `Interrupted` after Ctrl-C, when every process has written its checkpoint and ended.
  func run() throws -> [Outcome] {
    for index in runs.indices {
      guard let summary = finished(runs[index]) else { continue }
      state.withLock { $0.outcomes[index] = .finished(summary) }
      progress.kept(index)
    }
    // Not `concurrentPerform`, which makes no more threads than there are cores.
    let group = DispatchGroup()
    for _ in 0..<min(plan.jobs, max(runs.count, 1)) {
      group.enter()
      Thread.detachNewThread {
        defer { group.leave() }
        while let index = self.take() {
          self.progress.started(index)
          let outcome = self.one(self.runs[index])
          guard !Interruption.isRequested else { return }
          self.state.withLock { $0.outcomes[index] = outcome }
          self.progress.ended(index, outcome)
        }
      }
    }
    group.wait()
    if Interruption.isRequested { throw Interrupted(checkpoint: nil) }
    let outcomes = state.withLock { $0.outcomes }
    return runs.indices.map { outcomes[$0] ?? .failed(Failure(reason: "was not run", status: nil)) }
  }

  private func take() -> Int? {
    state.withLock { state in
      while state.next < runs.count, state.outcomes[state.next] != nil { state.next += 1 }
      guard state.next < runs.count, !Interruption.isRequested else { return nil }
      defer { state.next += 1 }
      return state.next
    }
  }

  private func directory(_ run: BenchmarkPlan.Run) -> RunDirectory { RunDirectory(path: "\(folder)/runs/\(run.name)") }

  private func finished(_ run: BenchmarkPlan.Run) -> JSONValue? {
    let directory = directory(run)
    return directory.isFinished ? try? JSONValue.read(directory.summary) : nil
  }

  private func one(_ run: BenchmarkPlan.Run) -> Outcome {
    let directory = directory(run)
    let log = "\(folder)/logs/\(run.name).log"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments =
      ["train", "--quiet", "--until-input-ends"]
      + (directory.holdsRun
        ? ["--resume", directory.path]
        : plan.request(run.benchmark, method: run.method, seed: run.seed).arguments + ["--out", directory.path])
    process.standardInput = lifeline.fileHandleForReading
    process.standardOutput = FileHandle.nullDevice
    guard FileManager.default.createFile(atPath: log, contents: nil), let errors = FileHandle(forWritingAtPath: log)
    else {
      return .failed(Failure(reason: "its log \(log) cannot be written", status: nil))
    }
    process.standardError = errors
    do { try process.run() } catch { return .failed(Failure(reason: "cannot be started: \(error)", status: nil)) }
    while process.isRunning {
      usleep(5000)
      if Interruption.isRequested {
        // The terminal told its own group already; a child in another one is told here.
        if getpgid(process.processIdentifier) != getpgrp() { process.interrupt() }
        process.waitUntilExit()
      }
    }
    try? errors.close()
    if process.terminationStatus == 0, let summary = finished(run) { return .finished(summary) }
    let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
    var reason = text.split(separator: "\n").last.map(String.init) ?? "no message"
    for prefix in ["basin: ", "error: "] where reason.hasPrefix(prefix) {
      reason = String(reason.dropFirst(prefix.count))
    }
    if process.terminationReason == .uncaughtSignal {
      return .failed(Failure(reason: "ended by signal \(process.terminationStatus): \(reason)", status: nil))
    }
    return .failed(Failure(reason: reason, status: process.terminationStatus))
  }
}
