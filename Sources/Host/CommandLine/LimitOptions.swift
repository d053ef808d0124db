import ArgumentParser

/// The limits of a benchmark's runs, as flags.
struct LimitOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Ends an attempt at a run after so long, such as 90s, 20m, 2h; off: never (default: off).", valueName: "time"))
  var timeLimit: String?
  @Option(
    help: ArgumentHelp("Ends a run that has more memory of its own, such as 800M or 4G; off: never (default: off).", valueName: "amount"))
  var memoryLimit: String?
  @Option(help: ArgumentHelp("Ends a run that makes no step for so long; off: never (default: 15m).", valueName: "time"))
  var stuckAfter: String?

  /// These limits over others.
  func over(_ other: RunLimits) throws -> RunLimits {
    var limits = other
    if let timeLimit { limits.time = try RunLimits.time(timeLimit, flag: "--time-limit") }
    if let memoryLimit { limits.memory = try RunLimits.memory(memoryLimit, flag: "--memory-limit") }
    if let stuckAfter { limits.silence = try RunLimits.time(stuckAfter, flag: "--stuck-after") }
    return limits
  }
}
