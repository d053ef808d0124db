import Foundation

/// One line on a terminal: how much of a file has come, how fast, how long it will still take. Silent elsewhere.
final class FetchProgress {
  private let name: String
  private let total: Int?
  private let isShown: Bool
  private var start = Clock.now()
  private var first = 0
  private var last = 0.0

  init(_ name: String, total: Int?, quiet: Bool) {
    self.name = name
    self.total = total
    isShown = !quiet && isatty(STDERR_FILENO) == 1
  }

  /// A transfer begins behind the first `bytes`: the rate is that of what comes now.
  func begin(at bytes: Int) {
    start = Clock.now()
    first = bytes
  }

  func update(_ bytes: Int, _ what: String = "") {
    guard isShown else { return }
    let now = Clock.now()
    guard now - last > 0.1 else { return }
    last = now
    let rate = Double(bytes - first) / max(now - start, 1e-3)
    var text = "\(name)\(what.isEmpty ? "" : " (\(what))")  \(Self.size(bytes))"
    if let total {
      let width = 20, filled = min(width, total > 0 ? Int(Double(width) * Double(bytes) / Double(total)) : width)
      let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
      text = "\(bar) \(text) of \(Self.size(total))"
    }
    text += "  \(Self.size(Int(rate)))/s"
    if let total, rate > 0 { text += "  \(ProgressBar.time(Double(max(0, total - bytes)) / rate)) left" }
    FileHandle.standardError.write(Data("\r\u{1B}[2K\(text)".utf8))
  }

  /// Takes the line away.
  func clear() { if isShown { FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8)) } }

  /// `162.2 MiB`, `512 bytes`.
  static func size(_ bytes: Int) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
    var value = Double(bytes), unit = 0
    while value >= 1024, unit < units.count - 1 {
      value /= 1024
      unit += 1
    }
    return unit == 0 ? "\(bytes) bytes" : String(format: "%.1f ", value) + units[unit]
  }
}
