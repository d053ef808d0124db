import Foundation

/// One line on a terminal that shows how far a run is, its rate and the time that remains; silent elsewhere.
final class ProgressBar {
  private let isShown: Bool
  private let total: Int
  private let start: Double
  private let first: Int
  private var last = 0.0

  init(total: Int, from first: Int, quiet: Bool) {
    isShown = !quiet && isatty(STDERR_FILENO) == 1
    self.total = total
    self.first = first
    start = Clock.now()
  }

  /// - Parameter text: what to say beside the bar: epoch, loss, accuracy.
  func update(step: Int, examplesPerStep: Double, _ text: @autoclosure () -> String) {
    guard isShown else { return }
    let now = Clock.now()
    guard now - last > 0.1 || step == total else { return }
    last = now
    let rate = Double(step - first) / max(now - start, 1e-9)
    let remaining = rate > 0 ? Double(total - step) / rate : 0
    let width = 20
    let filled = total > 0 ? width * step / total : width
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    write("\r\u{1B}[2K\(bar) \(text())  \(Self.number(rate * examplesPerStep)) examples/s  \(Self.time(remaining)) left")
  }

  /// Takes the line away, so that other output starts clean.
  func clear() { if isShown { write("\r\u{1B}[2K") } }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  static func number(_ value: Double) -> String {
    value >= 10_000 ? String(format: "%.1fk", value / 1000) : String(format: value >= 100 ? "%.0f" : "%.1f", value)
  }

  static func time(_ seconds: Double) -> String {
    let s = Int(seconds.rounded())
    return s >= 3600 ? String(format: "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60) : String(format: "%d:%02d", s / 60, s % 60)
  }
}

enum Clock {
  /// Seconds on a clock that never jumps.
  static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
