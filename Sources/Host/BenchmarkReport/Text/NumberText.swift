import Foundation

/// Numbers as a reader wants them. The minus is U+2212, which is as wide as the plus.
enum NumberText {
  /// With so many decimals; fast, for tables of ten thousand rows.
  static func fixed(_ value: Double, _ digits: Int, plus: Bool = false) -> String {
    guard value.isFinite else { return value.isNaN ? "–" : value > 0 ? "∞" : "−∞" }
    let power = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000][min(max(digits, 0), 6)]
    let scaled = (abs(value) * Double(power)).rounded()
    guard scaled < 9e15 else { return String(format: "%.4g", value) }
    let units = Int(scaled)
    let sign = units == 0 ? "" : value < 0 ? "−" : plus ? "+" : ""
    guard power > 1 else { return sign + "\(units)" }
    let decimals = "\(units % power)"
    return sign + "\(units / power)." + String(repeating: "0", count: min(max(digits, 0), 6) - decimals.utf8.count) + decimals
  }

  /// A p value.
  static func probability(_ p: Double) -> String { p < 0.0001 ? "<0.0001" : fixed(p, p < 0.01 ? 4 : 3) }

  /// `p = 0.031`, `p < 0.0001`.
  static func pEquals(_ p: Double) -> String { p < 0.0001 ? "p < 0.0001" : "p = " + probability(p) }

  /// Up to four decimals: `0.0625`, `0.5`.
  static func trimmed(_ value: Double) -> String {
    var text = fixed(value, 4)
    while text.hasSuffix("0") { text.removeLast() }
    return text.hasSuffix(".") ? String(text.dropLast()) : text
  }

  static func seconds(_ seconds: Double) -> String {
    guard seconds.isFinite else { return "–" }
    if seconds < 0.001 { return seconds == 0 ? "0 s" : "<1 ms" }
    if seconds < 1 { return fixed(seconds * 1000, 0) + " ms" }
    if seconds < 10 { return fixed(seconds, 2) + " s" }
    if seconds < 120 { return fixed(seconds, 1) + " s" }
    let minutes = Int((seconds / 60).rounded())
    if minutes < 120 { return fixed(seconds / 60, 1) + " min" }
    return "\(minutes / 60) h \(minutes % 60) min"
  }

  static func bytes(_ bytes: Double) -> String {
    guard bytes.isFinite else { return "–" }
    if bytes < 1e9 { return fixed(bytes / 1e6, bytes < 1e7 ? 1 : 0) + " MB" }
    return fixed(bytes / 1e9, 2) + " GB"
  }

  static func count(_ number: Int, _ one: String, _ many: String? = nil) -> String {
    "\(number) " + (number == 1 ? one : many ?? one + "s")
  }

  /// `a`, `a and b`, `a, b and c`.
  static func list(_ items: [String]) -> String {
    guard let last = items.last, items.count > 1 else { return items.first ?? "" }
    return items.dropLast().joined(separator: ", ") + " and " + last
  }
}
