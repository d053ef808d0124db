import PluginAPI

/// A data set of sentences with one label each. A conforming type reads its ``corpus`` in `init`; the rest is here.
public protocol TextDataset: Dataset where Input == TokenBatch {
  /// The name for reports: `trec`.
  var format: String { get }
  var corpus: TextCorpus { get set }
}

extension TextDataset {
  /// The vocabulary's size is known after `fit(training:)`; before, the special tokens are counted alone.
  public var facts: DatasetFacts<TokenBatch.Shape> {
    let shape = TokenBatch.Shape(
      vocabulary: corpus.vocabulary?.count ?? Vocabulary.specialTokens.count, length: corpus.encoding.maximumLength,
      padding: Int(Vocabulary.padding))
    let names = corpus.splits.classNames
    return DatasetFacts(shape: shape, task: .classification(classes: names.count), classNames: names)
  }

  public func count(_ split: Split) -> Int { corpus.sentences(split)?.count ?? 0 }

  public func labels(_ split: Split) -> [Int32]? { corpus.sentences(split)?.labels }

  public func lengths(_ split: Split) -> [Int32]? { corpus.lengths(split) }

  public func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: TokenBatch, target: Tensor) {
    try corpus.batch(ids, of: split)
  }

  public mutating func fit(training: [Int]) throws { try corpus.fit(training: training) }

  public var files: [String] { corpus.splits.files }

  public func inspection() throws -> DataInspection { try corpus.inspection(format: format) }
}
