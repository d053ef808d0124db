import Foundation
import PluginAPI

/// What a run of a benchmark may use before it is ended. Limits keep one run from holding up the others; they change no result,
/// and are no part of what a run is known by.
struct RunLimits: Codable, Hashable, Sendable {
  /// Seconds of one attempt.
  var time: Double?
  /// Bytes of memory of the run's own (anonymous pages, in memory or swapped out): not the libraries it has loaded.
  var memory: Int?
  /// Seconds without a step, a batch evaluated or a batch for statistics.
  var silence: Double? = 900

  /// `90s`, `5m`, `1.5h`; `off` for none.
  static func time(_ text: String, flag: String) throws -> Double? {
    text == "off" ? nil : try CheckpointInterval.seconds(text, flag: flag)
  }

  /// `800M`, `2G`, `1.5GiB`, or a number of bytes; `off` for none.
  static func memory(_ text: String, flag: String) throws -> Int? {
    guard text != "off" else { return nil }
    let units: [(String, Double)] = [("k", 1024), ("m", 1_048_576), ("g", 1_073_741_824), ("t", 1_099_511_627_776)]
    var digits = text.lowercased()
    for ending in ["ib", "b"] where digits.hasSuffix(ending) && digits.count > ending.count {
      digits.removeLast(ending.count)
      break
    }
    var factor = 1.0
    if let unit = units.first(where: { digits.hasSuffix($0.0) }) {
      digits.removeLast()
      factor = unit.1
    }
    guard let number = Double(digits), number > 0, number * factor < 1e18 else {
      throw BasinError.usage("\(flag) cannot be '\(text)'", advice: "It takes an amount such as 800M or 2G, or off")
    }
    return Int(number * factor)
  }

  /// `1.5 GiB`
  static func text(bytes: Int) -> String {
    bytes >= 1 << 30 ? String(format: "%.1f GiB", Double(bytes) / 1_073_741_824) : String(format: "%.0f MiB", Double(bytes) / 1_048_576)
  }
}
