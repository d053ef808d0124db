import PluginAPI

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How much the next sample counts in a running average: avg += weight (w - avg).
public enum AverageWeight: Hashable, Sendable {
  /// The mean of all samples: 1 / (n + 1) after n samples.
  case mean
  /// An exponential moving average, avg = d avg + (1 - d) w: 1 - d, with d = min(decay, (1 + n) / (10 + n)) where it warms up.
  case exponential(decay: Double, warmup: Bool)
  /// Polynomial-decay averaging (Shamir and Zhang 2013): (power + 1) / (n + 1 + power), so that sample k weighs about
  /// k^power. Power 0 is the mean.
  case polynomial(power: Double)

  /// The weight of a sample after `n` others, 0...1; the first replaces whatever was there.
  public func next(after n: Int) -> Double {
    if n == 0 { return 1 }
    let n = Double(n)
    return switch self {
    case .mean: 1 / (n + 1)
    case .exponential(let decay, let warmup): 1 - (warmup ? min(decay, (1 + n) / (10 + n)) : decay)
    case .polynomial(let power): (power + 1) / (n + 1 + power)
    }
  }
}
