#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How the next token is drawn from a model's logits.
public struct Sampling: Sendable, Equatable {
  /// What logits are divided by; 0: the likeliest token is taken.
  public var temperature = 1.0
  /// Only the likeliest so many tokens are drawn from (Fan et al. 2018); 0: all.
  public var topK = 0
  /// Only the fewest likeliest tokens that together have this probability are drawn from (Holtzman et al. 2020); 1: all.
  public var topP = 1.0

  public init(temperature: Double = 1, topK: Int = 0, topP: Double = 1) {
    (self.temperature, self.topK, self.topP) = (temperature, topK, topP)
  }

  /// - Throws: `BasinError` of kind usage for a value that has no meaning.
  public func check() throws {
    guard temperature >= 0, temperature.isFinite else {
      throw BasinError.usage("a temperature of \(temperature)", advice: "Use 0 (the likeliest token) or more")
    }
    guard topK >= 0 else { throw BasinError.usage("top-k of \(topK)", advice: "Use 1 or more, or 0 for all tokens") }
    guard topP > 0, topP <= 1 else {
      throw BasinError.usage("top-p of \(topP)", advice: "Use a probability above 0, at most 1")
    }
  }

  /// The tokens that may be drawn, likeliest first, and their probabilities, which sum to 1.
  ///
  /// Temperature comes first, then top-k, then top-p of what is left. Equal logits stand in the order of their numbers.
  public func distribution(_ logits: [Float]) -> (tokens: [Int], probabilities: [Double]) {
    guard temperature > 0, !logits.isEmpty else {
      let best = logits.indices.max { logits[$0] < logits[$1] || (logits[$0] == logits[$1] && $0 > $1) }
      return (best.map { [$0] } ?? [], best == nil ? [] : [1])
    }
    let greatest = Double(logits.max() ?? 0)
    var tokens = Array(logits.indices)
    tokens.sort { logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1 }
    if topK > 0 { tokens.removeLast(max(0, tokens.count - topK)) }
    var weights = tokens.map { exp((Double(logits[$0]) - greatest) / temperature) }
    if topP < 1 {
      let wanted = topP * weights.reduce(0, +)
      var sum = 0.0, kept = 0
      while kept < weights.count, kept == 0 || sum < wanted {
        sum += weights[kept]
        kept += 1
      }
      tokens.removeLast(tokens.count - kept)
      weights.removeLast(weights.count - kept)
    }
    let total = weights.reduce(0, +)
    return (tokens, weights.map { $0 / total })
  }

  /// One token.
  ///
  /// - Parameter draw: uniform in [0, 1).
  public func token(_ logits: [Float], draw: Double) -> Int {
    let (tokens, probabilities) = distribution(logits)
    var sum = 0.0
    for (token, probability) in zip(tokens, probabilities) {
      sum += probability
      if draw < sum { return token }
    }
    return tokens.last ?? 0
  }
}
