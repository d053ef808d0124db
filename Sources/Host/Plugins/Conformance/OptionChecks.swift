import PluginAPI

/// Whether options are described and their values checked.
struct OptionChecks {
  let options: [OptionDescription]
  let preset: [String: String]
  /// Throws for values that are not allowed.
  let verify: ([String: String]) throws -> Void
  /// Whether each end of a range is allowed by itself, whatever the other options are.
  var takesEnds = true

  func check() throws -> String {
    var names: Set<String> = []
    for option in options {
      let name = option.name
      try require(names.insert(name).inserted, "two options are called \(name)")
      try require(
        !name.isEmpty && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) },
        "option '\(name)' is not called as options are: lowerCamelCase, as in `--set model.\(name)=1`")
      try require(option.help.contains(where: \.isLetter), "option \(name) has no help")
      do { try verify([name: option.defaultValue]) } catch {
        throw ConformanceFailure("the default \(option.defaultValue) of option \(name) is refused: \(error)")
      }
      try checkLimits(of: option)
    }
    for (name, value) in preset.sorted(by: { $0.key < $1.key }) {
      do { try verify([name: value]) } catch { throw ConformanceFailure("the preset \(name)=\(value) is refused: \(error)") }
    }
    try requireRefusal(["noSuchOption": "1"])
    return options.isEmpty ? "no options" : options.map(\.name).joined(separator: ", ")
  }

  private func checkLimits(of option: OptionDescription) throws {
    let allowed = option.allowed
    if ["an integer", "a number"].contains(allowed) {
      throw ConformanceFailure("option \(option.name) takes any number: give it a range, `in: 1...4096`")
    }
    let (good, bad) = Self.samples(allowed)
    for value in bad { try requireRefusal([option.name: value]) }
    for value in good where takesEnds {
      do { try verify([option.name: value]) } catch {
        throw ConformanceFailure("option \(option.name) says that it takes \(allowed), and refuses \(value): \(error)")
      }
    }
  }

  /// Values at the ends of what is allowed, and values beyond.
  static func samples(_ allowed: String) -> (good: [String], bad: [String]) {
    let ends = allowed.components(of: " to ")
    if ends.count == 2, let low = Int(ends[0]), let high = Int(ends[1]) {
      let below = low.subtractingReportingOverflow(1), above = high.addingReportingOverflow(1)
      return (
        ends, ["x", "1.5", ""] + (below.overflow ? [] : ["\(below.partialValue)"]) + (above.overflow ? [] : ["\(above.partialValue)"])
      )
    }
    if ends.count == 2, let low = Double(ends[0]), let high = Double(ends[1]) {
      return (ends, ["x", "nan", "\(low - max(1, abs(low)))", "\(high + max(1, abs(high)))"])
    }
    switch allowed {
    case "true or false": return (["true", "false"], ["maybe"])
    case "text": return ([], [])
    case _ where allowed.hasPrefix("a length"): return ([], ["x", "-1ep", "3"])
    default: return (allowed.components(of: ", "), ["no such choice"])
    }
  }

  private func requireRefusal(_ settings: [String: String]) throws {
    let text = settings.map { "\($0.key)=\($0.value)" }.joined()
    do { try verify(settings) } catch let error as BasinError {
      try require(error.kind == .usage, "\(text) is refused as \(error.kind) instead of usage: \(error)")
      return
    } catch {
      throw ConformanceFailure("\(text) is refused by an error that is not a BasinError: \(error)")
    }
    throw ConformanceFailure("\(text) is taken, though that is not allowed")
  }
}

extension String {
  fileprivate func components(of separator: String) -> [String] { split(separator: separator).map(String.init) }
}
