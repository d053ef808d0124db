import PluginAPI

/// The embedded data set `grammar`: English sentences of 9 to 16 words out of 104, in four classes that differ in word
/// order and agreement alone.
///
///     the dog near cats sees the farmer behind pilots          animal-agrees
///     cats near the dog sees the farmer behind pilots          animal-disagrees
///     the farmer behind pilots sees the dog near cats          person-agrees
///     pilots behind the farmer sees the dog near cats          person-disagrees
///
/// Passives (`is seen by`) and objects in front (`..., the dog near cats sees`) turn the order around. A bag of words
/// does no better than chance, 0.25, however it is read: see ``GrammarFrame``. A share ``labelNoise`` of the labels is
/// replaced by another class, in every split, so that whoever reads the rule gets 1 - ``labelNoise`` and training can
/// overfit.
///
/// Sentence `i` of a split depends on the seed and on `i` alone, not on how many there are.
public struct GrammarGenerator: Sendable, Equatable {
  /// The number of sentences of each split; classes are equally frequent before noise, up to rounding.
  public var trainCount: Int
  public var testCount: Int
  /// The probability that a label is replaced by one of the other three, from 0 to 1.
  public var labelNoise: Double
  public var seed: UInt64

  public init(trainCount: Int = 4000, testCount: Int = 1000, labelNoise: Double = 0.05, seed: UInt64 = 0) {
    self.trainCount = trainCount
    self.testCount = testCount
    self.labelNoise = labelNoise
    self.seed = seed
  }

  /// One sentence with the class it is said in and the label it is given.
  public struct Example: Sendable, Equatable {
    public let frame: GrammarFrame
    public let meaning: GrammarClass
    /// ``meaning``, unless noise replaced it.
    public let label: GrammarClass

    public var tokens: [String] { frame.tokens(meaning) }
    public var text: String { tokens.joined(separator: " ") }
  }

  public enum Split: UInt64, Sendable {
    case train = 1
    case test = 2
  }

  public func example(_ index: Int, of split: Split) -> Example {
    let classes = GrammarClass.allCases
    // Every four sentences hold each class once, in an order of their own.
    let block = index >> 2
    var blockRandom = SplitMix64(seed: seed, stream: split.rawValue << 8, index: UInt64(bitPattern: Int64(block)))
    var order = classes
    for place in stride(from: 3, to: 0, by: -1) { order.swapAt(place, blockRandom.below(place + 1)) }
    let meaning = order[index & 3]

    var random = SplitMix64(seed: seed, stream: split.rawValue, index: UInt64(bitPattern: Int64(index)))
    let frame = GrammarFrame(using: &random)
    let others = classes.filter { $0 != meaning }
    let label = random.chance(labelNoise) ? random.pick(others) : meaning
    return Example(frame: frame, meaning: meaning, label: label)
  }

  /// Makes the training and the test split; validation is carved out of train by the host.
  ///
  /// - Throws: `BasinError` (`.usage`) for a count below 4 or above 10 million, or noise outside 0 to 1.
  public func splits() throws -> TextSplits {
    for (name, count) in [("train", trainCount), ("test", testCount)] where !(4...10_000_000).contains(count) {
      throw BasinError.usage("\(count) sentences to \(name)", advice: "Use 4 to 10000000")
    }
    guard (0...1).contains(labelNoise) else {
      throw BasinError.usage("label noise \(labelNoise)", advice: "Use a number from 0 to 1")
    }
    return TextSplits(train: try sentences(trainCount, of: .train), test: try sentences(testCount, of: .test))
  }

  private func sentences(_ count: Int, of split: Split) throws -> LabelledSentences {
    let examples = (0..<count).map { example($0, of: split) }
    return try LabelledSentences(
      texts: examples.map(\.text), labels: examples.map(\.label.rawValue),
      classNames: GrammarClass.allCases.map(\.name))
  }
}
