import PluginAPI

/// Linear warm-up in front of any schedule: the rate climbs from 0 for `length`, then the other schedule runs over what
/// is left of the run.
struct Warmup: Sendable {
  let length: Landmark

  /// - Throws: `BasinError` of kind usage for a warm-up of the whole run.
  init(_ length: Landmark, of owner: String) throws {
    if length.unit == .duration, length.value >= 1 {
      throw BasinError.usage(
        "\(owner): a warm-up of \(length) leaves nothing of the run", advice: "Set schedule.warmup below 1dur")
    }
    self.length = length
  }

  /// The factor at `progress`, where `other` gives it by the fraction of the run after the warm-up that is over, 0...1.
  func then(at progress: Progress, _ other: (Double) -> Double) -> Double {
    let total = progress.run.steps
    let steps = length.value == 0 ? 0 : length.steps(in: progress.run)
    if progress.step < steps { return Double(progress.step) / Double(steps) }
    guard total > steps else { return other(total == 0 ? 0 : 1) }
    return other(min(Double(progress.step - steps) / Double(total - steps), 1))
  }
}

extension Field {
  /// The option `warmup`, which every schedule has.
  static func warmup(_ path: WritableKeyPath<O, Landmark> & Sendable) -> Field {
    Field("warmup", path, "linear climb from 0 before the schedule begins: 5ep, 300st or 0.1dur")
  }
}
