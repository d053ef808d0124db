import Foundation
import ResultStore

/// How one attempt at a run ended, in words and as stored.
struct RunAttempt: Sendable {
  let status: RunStatus
  /// nil for a finished one.
  let reason: String?
  let exitStatus: Int32?
  let signal: Int32?
  let seconds: Double
  let peakMemoryBytes: Int?
  /// UTC, ISO 8601.
  let startedAt: String
  let log: String

  /// - Parameter text: what the process said last.
  init(_ result: RunProcess.Result, isFinished: Bool, text: String?, limits: RunLimits, startedAt: String, log: String) {
    seconds = result.seconds
    peakMemoryBytes = result.peakMemoryBytes
    self.startedAt = startedAt
    self.log = log
    var exitStatus: Int32?
    var signal: Int32?
    let words = text.map { ": \($0)" } ?? ""
    switch result.ending {
    case .exited(0) where isFinished: (status, reason) = (.finished, nil)
    case .exited(let code):
      exitStatus = code
      // LibTorch's allocators say it in these words.
      let lacksMemory = text.map { $0.contains("can't allocate memory") || $0.contains("out of memory") || $0.contains("bad_alloc") } ?? false
      status = lacksMemory ? .outOfMemory : .refused
      reason = text ?? (code == 0 ? "ended without a summary" : "exit status \(code)")
    case .signalled(let number):
      signal = number
      status = .crashed
      reason = "ended by signal \(number) (\(String(cString: strsignal(number))))\(words)"
    case .timedOut(let seconds):
      status = .timedOut
      reason = "ended at the time limit of \(ProgressBar.time(seconds))"
    case .outOfMemory(let bytes):
      status = .outOfMemory
      reason =
        bytes > 0
        ? "ended at \(RunLimits.text(bytes: bytes)) of memory, the limit is \(RunLimits.text(bytes: limits.memory ?? 0))"
        : "ended by the system, which ran out of memory"
    case .stuck(let seconds):
      status = .stuck
      reason = "ended after \(ProgressBar.time(seconds)) without a step"
    case .notStarted(let why): (status, reason) = (.crashed, why)
    }
    self.exitStatus = exitStatus
    self.signal = signal
  }

  func stored(_ run: String, number: Int) -> StoredAttempt {
    StoredAttempt(
      run: run, number: number, status: status, reason: reason, exitStatus: exitStatus.map { Int($0) }, signal: signal.map { Int($0) },
      seconds: seconds, peakMemoryBytes: peakMemoryBytes, startedAt: startedAt, log: log)
  }
}

/// Times as the store has them.
enum Timestamp {
  static func now() -> String {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    var seconds = time.tv_sec
    var parts = tm()
    gmtime_r(&seconds, &parts)
    return String(
      format: "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
      parts.tm_min, parts.tm_sec, Int(time.tv_nsec / 1_000_000))
  }
}
