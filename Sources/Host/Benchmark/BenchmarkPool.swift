import Foundation
import PluginAPI
import ResultStore
import Synchronization

/// Runs a benchmark's trajectories in processes of their own, several at a time: one that fails, hangs or wants too much memory
/// takes none of the others with it. What ends is in the store at once.
///
/// A run that fails is tried once more: a trajectory that several runs shared run by run; what was begun afresh from its last
/// checkpoint; what went on from a checkpoint, or ran into the time limit, from its beginning.
final class BenchmarkPool: Sendable {
  enum Outcome: Sendable {
    case finished(JSONValue)
    case failed(Failure)
  }

  struct Failure: Sendable {
    let kind: RunStatus
    let reason: String
    /// The exit status; nil where it was ended or could not be started.
    let status: Int32?
    /// How each attempt ended, in words; the last is `reason`.
    var attempts: [String] = []

    /// What it was and why; a refusal tells all by itself.
    var words: String { kind == .refused ? reason : "\(kind.rawValue), \(reason)" }
  }

  private struct State {
    var next = 0
    var outcomes: [Int: Outcome] = [:]
    var error: (any Error)?
  }

  private let program: String
  private let runs: [PlannedRun]
  private let trajectories: [Trajectory]
  private let jobs: Int
  private let folder: String
  private let limits: RunLimits
  private let store: ResultStore
  private let progress: BenchmarkProgress
  private let state = Mutex(State())
  /// What the runs have as their input: it ends when this process does, in whichever way, and they with it.
  private let lifeline: Pipe

  init(
    program: String, runs: [PlannedRun], trajectories: [Trajectory], jobs: Int, folder: String, limits: RunLimits, store: ResultStore,
    progress: BenchmarkProgress
  ) {
    self.program = program
    self.runs = runs
    self.trajectories = trajectories
    self.jobs = jobs
    self.folder = folder
    self.limits = limits
    self.store = store
    self.progress = progress
    lifeline = Lifeline.pipe()
  }

  /// - Returns: outcomes by the runs' places.
  /// - Throws: `Interrupted` after Ctrl-C, when every process has written its checkpoint and ended; `BasinError` where results
  ///   cannot be stored.
  func run() throws -> [Int: Outcome] {
    // Not `concurrentPerform`, which makes no more threads than there are cores.
    let group = DispatchGroup()
    for _ in 0..<min(jobs, max(trajectories.count, 1)) {
      group.enter()
      Thread.detachNewThread {
        defer { group.leave() }
        while let trajectory = self.take() {
          do { try self.work(trajectory) } catch is Interrupted { return } catch { self.state.withLock { $0.error = $0.error ?? error } }
        }
      }
    }
    group.wait()
    if let error = state.withLock({ $0.error }) { throw error }
    if Interruption.isRequested { throw Interrupted(checkpoint: nil) }
    return state.withLock { $0.outcomes }
  }

  private func take() -> Trajectory? {
    state.withLock { state in
      guard state.next < trajectories.count, state.error == nil, !Interruption.isRequested else { return nil }
      defer { state.next += 1 }
      return trajectories[state.next]
    }
  }

  // MARK: Trying

  private func work(_ trajectory: Trajectory) throws {
    let first = try attempt(trajectory, number: 1)
    if first.attempt.status == .finished { return try keep(trajectory, [first.attempt], seconds: first.attempt.seconds) }
    let names = trajectory.members.map { runs[$0].run.method }.joined(separator: ", ")
    progress.failedOnce(trajectory, names, first.attempt)
    if !trajectory.observers.isEmpty {
      try runFolder(trajectory.leader).clear()
      for member in trajectory.members {
        let alone = Trajectory(leader: member, observers: [])
        progress.began(alone, heartbeat: heartbeat(member))
        try again(alone, after: first.attempt, share: first.attempt.seconds / Double(trajectory.members.count))
      }
      return
    }
    if first.isResumed || first.attempt.status == .timedOut { try runFolder(trajectory.leader).clear() }
    try again(trajectory, after: first.attempt, share: first.attempt.seconds)
  }

  /// - Parameter share: the seconds of the first attempt that this run is charged.
  private func again(_ trajectory: Trajectory, after first: RunAttempt, share: Double) throws {
    let second = try attempt(trajectory, number: 2).attempt
    let attempts = [first, second]
    if second.status == .finished { return try keep(trajectory, attempts, seconds: share + second.seconds) }
    let run = runs[trajectory.leader]
    let failure = Failure(
      kind: second.status, reason: second.reason ?? "no message", status: second.exitStatus,
      attempts: attempts.map { "\($0.status.rawValue): \($0.reason ?? "no message")" })
    try record(
      [RunRecord.failed(run, attempts: attempts, wallSeconds: share + second.seconds, folder: "runs/\(run.run.name)")],
      run.environment)
    ended([(trajectory.leader, .failed(failure))], trajectory)
  }

  /// - Throws: `Interrupted` where it ended for Ctrl-C; `BasinError` where files cannot be made.
  private func attempt(_ trajectory: Trajectory, number: Int) throws -> (attempt: RunAttempt, isResumed: Bool) {
    let run = runs[trajectory.leader]
    let place = runFolder(trajectory.leader)
    let isResumed = try place.claim(trajectory.members.map { runs[$0].identity.hash })
    let log = "logs/\(run.run.name)\(number == 1 ? "" : "-\(number)").log"
    let beat = heartbeat(trajectory.leader)
    unlink(beat)
    progress.began(trajectory, heartbeat: beat)
    let startedAt = Timestamp.now()
    var result = RunProcess.Result(ending: .exited(0), seconds: 0, peakMemoryBytes: nil)
    // One that ended just before an earlier call did is only taken over.
    if !place.directory.isFinished {
      result = RunProcess(
        program: program,
        arguments: ["train", "--quiet", "--until-input-ends", "--heartbeat", beat]
          + (isResumed ? ["--resume", place.path] : request(trajectory).arguments + ["--out", place.path]),
        input: lifeline.fileHandleForReading.fileDescriptor, log: "\(folder)/\(log)", heartbeat: beat, limits: limits
      ).run()
    }
    unlink(beat)
    let isFinished = place.directory.isFinished
    if Interruption.isRequested, !isFinished { throw Interrupted(checkpoint: nil) }
    var attempt = RunAttempt(
      result, isFinished: isFinished, text: Self.lastWords("\(folder)/\(log)"), limits: limits, startedAt: startedAt, log: log)
    if attempt.status == .finished, let why = try changedData(run, place.directory) {
      try place.clear()
      result.ending = .exited(BasinError.Kind.badData.exitStatus)
      attempt = RunAttempt(result, isFinished: false, text: why, limits: limits, startedAt: startedAt, log: log)
    }
    return (attempt, isResumed)
  }

  private func request(_ trajectory: Trajectory) -> RunRequest {
    var request = runs[trajectory.leader].request
    guard !trajectory.observers.isEmpty else { return request }
    let own = request[.observe].map { [$0] } ?? []
    request[.observe] = (own + trajectory.observers.map(\.text)).joined(separator: ",")
    return request
  }

  private func runFolder(_ index: Int) -> RunFolder { RunFolder(path: "\(folder)/runs/\(runs[index].run.name)") }

  private func heartbeat(_ index: Int) -> String { "\(folder)/logs/\(runs[index].run.name).beat" }

  /// The hash a run is known by is that of the data before it began.
  private func changedData(_ run: PlannedRun, _ directory: RunDirectory) throws -> String? {
    guard case .files(let planned) = run.identity.data, let found = try JSONValue.read(directory.summary)["data"]?["sha256"]?.text,
      found != planned
    else { return nil }
    return "the data changed while the benchmark ran; --resume runs it with the new ones"
  }

  /// The last line of what a run said, without who says it.
  private static func lastWords(_ log: String) -> String? {
    guard let file = FileHandle(forReadingAtPath: log) else { return nil }
    defer { try? file.close() }
    let size = (try? file.seekToEnd()) ?? 0
    try? file.seek(toOffset: size > 65_536 ? size - 65_536 : 0)
    let text = String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self)
    let lines = text.split(separator: "\n")
    // After a crash Swift adds pages about threads and registers.
    let cause = lines.first { $0.contains("Fatal error: ") || $0.contains("Program crashed: ") }
    guard var line = (cause ?? lines.last).map(String.init) else { return nil }
    if let words = line.range(of: "Program crashed: ") { line = String(line[words.upperBound...]) }
    for prefix in ["basin: ", "error: "] where line.hasPrefix(prefix) { line = String(line.dropFirst(prefix.count)) }
    return line
  }

  // MARK: Keeping

  private func keep(_ trajectory: Trajectory, _ attempts: [RunAttempt], seconds: Double) throws {
    let source = runFolder(trajectory.leader).directory
    let shared = try SharedOutcome(trajectory, runs, source: source)
    let count = trajectory.members.count
    var ended: [ResultStore.Ended] = []
    var outcomes: [(Int, Outcome)] = []
    for member in trajectory.members {
      let run = runs[member]
      let place = runFolder(member)
      try shared.makeFolder(of: member, at: place.path)
      let summary = shared.summary(of: member)
      ended.append(
        try RunRecord.finished(
          run, summary: summary, metrics: place.directory.metrics, attempts: attempts, wallSeconds: seconds / Double(count),
          sharedBy: count, trajectory: member == trajectory.leader ? nil : runs[trajectory.leader].identity.hash, folder: "runs/\(run.run.name)"))
      outcomes.append((member, .finished(summary)))
    }
    var environment = runs[trajectory.leader].environment
    if case .finished(let summary)? = outcomes.first?.1 { environment.libtorch = summary["versions"]?["libtorch"]?.text }
    try record(ended, environment)
    self.ended(outcomes, trajectory)
  }

  private func record(_ ended: [ResultStore.Ended], _ environment: StoredEnvironment) throws {
    do { try store.record(ended, environment: environment) } catch let error as StoreError { throw BasinError(error) }
  }

  private func ended(_ outcomes: [(Int, Outcome)], _ trajectory: Trajectory) {
    state.withLock { state in for (index, outcome) in outcomes { state.outcomes[index] = outcome } }
    progress.ended(trajectory, outcomes)
  }
}

extension BasinError {
  /// What is wrong with a file of results, with the exit status for it.
  init(_ error: StoreError) {
    let kind: Kind =
      switch error.kind {
      case .missing: .missingInput
      case .foreign, .newer, .corrupted: .badData
      case .busy: .cannotCreate
      case .inputOutput: .inputOutput
      }
    self.init(kind, error.message, file: error.file, advice: error.advice)
  }
}
