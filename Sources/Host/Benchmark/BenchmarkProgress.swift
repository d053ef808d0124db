import Foundation
import PluginAPI
import Statistics
import Synchronization

/// What a person sees while a benchmark runs: on a terminal one line that keeps up to date, elsewhere a line for each run
/// that ends.
final class BenchmarkProgress: Sendable {
  private struct Working {
    let members: [Int]
    let started: Double
    let heartbeat: String
  }

  private struct State {
    /// By the run that is trained.
    var working: [Int: Working] = [:]
    /// Seconds that trajectories of a case took.
    var seconds: [BenchmarkPlan.Case: [Double]] = [:]
    /// Trajectories of a case that are not done.
    var open: [BenchmarkPlan.Case: Int] = [:]
    var done = 0
    /// Done in this call.
    var ended = 0
    var retried = 0
    var failed = 0
    var isStopped = false
  }

  private let plan: BenchmarkPlan
  private let runs: [BenchmarkPlan.Run]
  private let shownPart: String
  private let isBar, isQuiet: Bool
  private let begin = Clock.now()
  private let state: Mutex<State>

  /// - Parameter kept: runs of an earlier call.
  init(_ plan: BenchmarkPlan, trajectories: [Trajectory], kept: Int, shownPart: String, quiet: Bool) {
    self.plan = plan
    self.shownPart = shownPart
    let runs = plan.runs
    self.runs = runs
    isQuiet = quiet
    isBar = !quiet && isatty(STDERR_FILENO) == 1
    var first = State()
    first.done = kept
    for trajectory in trajectories { first.open[runs[trajectory.leader].benchmark, default: 0] += 1 }
    state = Mutex(first)
  }

  /// Draws the line until ``stop()``.
  func start() {
    guard isBar else { return }
    Thread.detachNewThread {
      while self.draw() { usleep(250_000) }
    }
  }

  /// Takes the line away: what is printed afterwards stays clean.
  func stop() {
    state.withLock { state in
      guard !state.isStopped else { return }
      state.isStopped = true
      clear()
    }
  }

  var finished: Int { state.withLock { $0.done - $0.failed } }

  // MARK: Events

  func began(_ trajectory: Trajectory, heartbeat: String) {
    state.withLock { state in
      let started = state.working[trajectory.leader]?.started ?? Clock.now()
      state.working[trajectory.leader] = Working(members: trajectory.members, started: started, heartbeat: heartbeat)
    }
  }

  func failedOnce(_ trajectory: Trajectory, _ methods: String, _ attempt: RunAttempt) {
    state.withLock { state in
      state.retried += 1
      if trajectory.members.count > 1 {
        state.working[trajectory.leader] = nil
        state.open[runs[trajectory.leader].benchmark, default: 1] += trajectory.members.count - 1
      }
      guard !isQuiet else { return }
      clear()
      let run = runs[trajectory.leader]
      Terminal.say(
        "basin: \(run.benchmark.title) \(methods) seed \(run.seed) is tried again (\(attempt.status.rawValue): \(attempt.reason ?? ""))")
    }
  }

  func ended(_ trajectory: Trajectory, _ outcomes: [(Int, BenchmarkPool.Outcome)]) {
    state.withLock { state in
      let item = runs[trajectory.leader].benchmark
      let seconds = state.working.removeValue(forKey: trajectory.leader).map { Clock.now() - $0.started } ?? 0
      state.open[item, default: 1] -= 1
      state.seconds[item, default: []].append(seconds)
      for (index, outcome) in outcomes {
        state.done += 1
        state.ended += 1
        var text = ""
        switch outcome {
        case .finished(let summary):
          let accuracy = BenchmarkResults.accuracy(summary, of: shownPart).map {
            abs($0) <= 1 ? String(format: "%.2f %%, ", 100 * $0) : String(format: "%.2f, ", $0)
          } ?? ""
          text = "\(runs[index].title): \(accuracy)" + String(format: "%.1f s", seconds)
          if outcomes.count > 1 { text += " for \(outcomes.count) runs" }
          guard !isBar, !isQuiet else { continue }
        case .failed(let failure):
          state.failed += 1
          text = "\(runs[index].title) failed: \(failure.words)"
        }
        clear()
        let count = isQuiet ? "" : "\(state.done)/\(runs.count) "
        Terminal.say(
          "basin: \(count)\(text)" + (isBar || isQuiet ? "" : left(state).map { ", \(ProgressBar.time($0)) left" } ?? ""))
      }
    }
  }

  // MARK: The line

  private func draw() -> Bool {
    state.withLock { state in
      guard !state.isStopped else { return false }
      let width = 16, filled = width * state.done / max(runs.count, 1)
      var text = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
      text += " \(state.done)/\(runs.count) runs"
      if Interruption.isRequested {
        text += ", stopping: what runs writes a checkpoint"
      } else {
        if state.ended > 1 { text += String(format: "  %.1f/min", 60 * Double(state.ended) / max(Clock.now() - begin, 1e-3)) }
        if let left = left(state) { text += "  \(ProgressBar.time(left)) left" }
        if state.retried > 0 { text += "  \(state.retried) retried" }
        if state.failed > 0 { text += "  \(state.failed) failed" }
        text += state.working.sorted { $0.key < $1.key }.map { index, working in
          let run = runs[index]
          let methods = working.members.count > 1 ? "\(run.method) +\(working.members.count - 1)" : run.method
          let part = part(working)
          return "  \(run.benchmark.dataset) \(methods) \(run.seed)" + (part > 0 ? String(format: " (%.0f %%)", 100 * part) : "")
        }.joined()
      }
      clear()
      // A line that wraps could not be taken back.
      FileHandle.standardError.write(Data(String(text.prefix(max(Self.columns - 1, 10))).utf8))
      return true
    }
  }

  /// Seconds until the end; nil while nothing is known about some case.
  private func left(_ state: State) -> Double? {
    let now = Clock.now()
    var each = state.seconds.mapValues { SampleStatistics($0).mean }
    var rests: [Int: Double] = [:]
    for (index, working) in state.working {
      // Projected from its own steps, once they say something.
      let part = part(working), item = runs[index].benchmark
      guard part > 0.1 else { continue }
      rests[index] = (now - working.started) / part * max(1 - part, 0)
      if each[item] == nil { each[item] = (now - working.started) / part }
    }
    var total = 0.0, longest = 0.0
    var waiting = state.open
    for (index, working) in state.working {
      let item = runs[index].benchmark
      waiting[item, default: 1] -= 1
      guard let rest = rests[index] ?? each[item].map({ max($0 - (now - working.started), 0) }) else { return nil }
      total += rest
      longest = max(longest, rest)
    }
    for (item, count) in waiting where count > 0 {
      guard let seconds = each[item] else { return nil }
      total += seconds * Double(count)
      longest = max(longest, seconds)
    }
    return max(total / Double(plan.jobs), longest)
  }

  /// How much of its steps a run has done, 0...1.
  private func part(_ working: Working) -> Double {
    guard let reading = Heartbeat.Reading(file: working.heartbeat), reading.steps > 0 else { return 0 }
    return Double(reading.step) / Double(reading.steps)
  }

  private func clear() { if isBar { FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8)) } }

  private static var columns: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
