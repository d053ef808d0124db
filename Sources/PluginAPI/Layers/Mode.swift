/// What a forward pass is for.
public enum Mode {
  /// Dropout on, batch statistics, running statistics updated, pictures augmented.
  case train(RandomStream)
  /// Dropout off, running statistics.
  case evaluate
  /// Every normalization layer normalizes by its batch and hands the batch's moments to the collector; dropout as the
  /// collector says.
  case estimateStatistics(MomentCollector)

  /// Whether dropout and the like are on.
  public var isTraining: Bool { random != nil }

  /// Randomness for this pass, in training only.
  public var random: RandomStream? {
    switch self {
    case .train(let random): random
    case .evaluate: nil
    case .estimateStatistics(let collector): collector.random
    }
  }
}
