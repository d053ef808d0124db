import PluginAPI

/// Sentences about topics, made from a seed: the words of a sentence are mostly its topic's. The class is the topic.
///
/// Every sentence is a function of its split and number alone, so nothing is kept in memory.
public struct __Target__Dataset: Dataset {
  public struct DatasetOptions: Options {
    public var topics = 4
    public var words = 200
    public var length = 20
    public var train = 1000
    public var test = 400
    public var mixing = 0.7
    public var dataSeed = 0

    public init() {}

    // Name, property, range and help of each: `basin describe dataset __name__` shows them, `--set dataset.topics=8` sets one.
    public static var fields: [Field<Self>] {
      [
        Field("topics", \.topics, in: 2...20, "topics, which are the classes"),
        Field("words", \.words, in: 20...100_000, "different words"),
        Field("length", \.length, in: 4...1000, "the most words of a sentence; the fewest are 4"),
        Field("train", \.train, in: 8...10_000_000, "sentences to train on"),
        Field("test", \.test, in: 0...1_000_000, "sentences to test on; 0: a part of train is taken"),
        Field("mixing", \.mixing, in: 0...1, "part of the words that have nothing to do with the topic"),
        Field("dataSeed", \.dataSeed, in: 0...Int.max, "seed of the sentences; the run's seed does not touch them"),
      ]
    }
  }

  private let options: DatasetOptions
  private let random: Random

  /// Reads the data: here there is none. `source` has a data root or path where there is; `random` is the same in every run.
  public init(_ options: DatasetOptions, source: DataSource, random: Random) throws {
    self.options = options
    self.random = random[options.dataSeed]
  }

  public var facts: DatasetFacts<TokenBatch.Shape> {
    // Token 0 stands for no word: models that need sentences of one length fill them up with it.
    DatasetFacts(
      shape: TokenBatch.Shape(vocabulary: options.words + 1, length: options.length, padding: 0),
      task: .classification(classes: options.topics))
  }

  /// Nothing is published for validation: Basin holds out a part of the training sentences.
  public func count(_ split: Split) -> Int {
    switch split {
    case .train: options.train
    case .validation: 0
    case .test: options.test
    }
  }

  public func labels(_ split: Split) -> [Int32]? { (0..<count(split)).map { label($0) } }

  public func lengths(_ split: Split) -> [Int32]? { (0..<count(split)).map { Int32(length($0, split)) } }

  /// Sentences one behind the other, and their topics `[N]`.
  public func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: TokenBatch, target: Tensor) {
    (try TokenBatch(ids.map { sentence($0, split) }), try Tensor(ids.map { Int64(label($0)) }))
  }

  private func label(_ id: Int) -> Int32 { Int32(id % options.topics) }

  private func length(_ id: Int, _ split: Split) -> Int {
    4 + random[split.rawValue][id]["length"].integers(1, below: options.length - 3)[0]
  }

  private func sentence(_ id: Int, _ split: Split) -> [Int64] {
    let own = random[split.rawValue][id], count = length(id, split), topic = Int(label(id))
    return zip(own["words"].integers(count, below: options.words), own["mixed"].uniform(count)).map { word, chance in
      // Words belong to topics in turn.
      let near = word - word % options.topics + topic
      return Int64(1 + (Double(chance) < options.mixing || near >= options.words ? word : near))
    }
  }
}
