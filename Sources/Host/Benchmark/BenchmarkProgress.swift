import Foundation
import PluginAPI
import Statistics
import Synchronization

/// What a person sees while a benchmark runs: on a terminal one line that keeps up to date, elsewhere a line for each run
/// that ends.
final class BenchmarkProgress: Sendable {
  private struct State {
    /// Times at which runs began.
    var running: [Int: Double] = [:]
    /// Seconds that runs of a case took.
    var seconds: [BenchmarkPlan.Case: [Double]] = [:]
    var done: Set<Int> = []
    var kept = 0
    var failed = 0
    var isStopped = false
  }

  private let plan: BenchmarkPlan
  private let runs: [BenchmarkPlan.Run]
  private let folder: String
  private let isBar, isQuiet: Bool
  private let state = Mutex(State())

  init(_ plan: BenchmarkPlan, folder: String, quiet: Bool) {
    self.plan = plan
    runs = plan.runs
    self.folder = folder
    isQuiet = quiet
    isBar = !quiet && isatty(STDERR_FILENO) == 1
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

  var finished: Int { state.withLock { $0.done.count - $0.failed } }

  // MARK: Events

  /// A run of an earlier call is taken as it is.
  func kept(_ index: Int) {
    state.withLock { state in
      state.done.insert(index)
      state.kept += 1
    }
  }

  func started(_ index: Int) { state.withLock { $0.running[index] = Clock.now() } }

  func ended(_ index: Int, _ outcome: BenchmarkPool.Outcome) {
    state.withLock { state in
      let seconds = state.running.removeValue(forKey: index).map { Clock.now() - $0 } ?? 0
      state.done.insert(index)
      var text = ""
      switch outcome {
      case .finished(let summary):
        state.seconds[runs[index].benchmark, default: []].append(seconds)
        let accuracy = BenchmarkResults.accuracy(summary).map {
          abs($0) <= 1 ? String(format: "%.2f %%, ", 100 * $0) : String(format: "%.2f, ", $0)
        } ?? ""
        text = "\(runs[index].title): \(accuracy)" + String(format: "%.1f s", seconds)
        guard !isBar, !isQuiet else { return }
      case .failed(let failure):
        state.failed += 1
        text = "\(runs[index].title) failed: \(failure.reason)"
      }
      clear()
      let count = isQuiet ? "" : "\(state.done.count)/\(runs.count) "
      Terminal.say(
        "basin: \(count)\(text)" + (isBar || isQuiet ? "" : left(state).map { ", \(ProgressBar.time($0)) left" } ?? ""))
    }
  }

  // MARK: The line

  private func draw() -> Bool {
    state.withLock { state in
      guard !state.isStopped else { return false }
      let width = 16, filled = width * state.done.count / max(runs.count, 1)
      var text = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
      text += " \(state.done.count)/\(runs.count) runs"
      if Interruption.isRequested {
        text += ", stopping: what runs writes a checkpoint"
      } else {
        if let left = left(state) { text += "  \(ProgressBar.time(left)) left" }
        if state.failed > 0 { text += "  \(state.failed) failed" }
        text += state.running.keys.sorted().map { index in
          let epoch = epoch(index)
          return "  \(runs[index].benchmark.dataset) \(runs[index].method) \(runs[index].seed)"
            + (epoch > 0 ? " (\(epoch)/\(runs[index].benchmark.epochs))" : "")
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
    for (index, start) in state.running {
      // Projected from its own epochs, once they say something.
      let part = Double(epoch(index)) / Double(runs[index].benchmark.epochs)
      guard part > 0.1 else { continue }
      rests[index] = (now - start) / part * max(1 - part, 0)
      if each[runs[index].benchmark] == nil { each[runs[index].benchmark] = (now - start) / part }
    }
    var total = 0.0, longest = 0.0
    for index in runs.indices where !state.done.contains(index) {
      guard let seconds = each[runs[index].benchmark] else { return nil }
      let rest = rests[index] ?? max(seconds - (state.running[index].map { now - $0 } ?? 0), 0)
      total += rest
      longest = max(longest, rest)
    }
    return max(total / Double(plan.jobs), longest)
  }

  /// The epochs a run has finished: the lines of its metrics.
  private func epoch(_ index: Int) -> Int {
    let path = RunDirectory(path: "\(folder)/runs/\(runs[index].name)").metrics
    return FileManager.default.contents(atPath: path)?.reduce(0) { $0 + ($1 == 0x0A ? 1 : 0) } ?? 0
  }

  private func clear() { if isBar { FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8)) } }

  private static var columns: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
