/// A model that goes on with a sequence of tokens.
public protocol TextGenerator: Module {
  /// `samples` continuations of a prompt.
  ///
  /// Draw i of sample s comes from `random[s][i]`: the same whatever the number of samples.
  ///
  /// - Parameters:
  ///   - prompt: at least one token.
  ///   - count: the most tokens to add.
  ///   - end: a token that ends a continuation, itself not part of it.
  ///   - visit: called with the number of tokens each sample has so far; false ends early.
  /// - Returns: The added tokens of each sample.
  /// - Throws: `BasinError` of kind usage for a prompt without tokens, one that leaves no room, or a token out of range.
  func generate(
    after prompt: [Int], count: Int, sampling: Sampling, samples: Int, end: Int?, random: Random, visit: (Int) -> Bool
  ) throws -> [[Int]]
}

/// A data set whose examples are tokens of text, and which can turn text into tokens and back. Asked after `fit`.
public protocol TextCodingDataset: Dataset {
  /// The tokens of a text that a model is to go on with; none of them ends it.
  func promptTokens(_ text: String) throws -> [Int]
  /// The text of tokens.
  func text(_ tokens: [Int]) throws -> String
  /// The token that ends a text, if any.
  var endToken: Int? { get }
}

/// What the host may ask of a data set that turns text into tokens and back.
public protocol LoadedTextCoding {
  /// The tokens of a text that a model is to go on with.
  func promptTokens(_ text: String) throws -> [Int]
  /// The text of tokens.
  func text(_ tokens: [Int]) throws -> String
  /// The token that ends a text, if any.
  var endToken: Int? { get }
}

extension DatasetBox: LoadedTextCoding where D: TextCodingDataset {
  /// The tokens of a text that a model is to go on with.
  func promptTokens(_ text: String) throws -> [Int] { try dataset.promptTokens(text) }
  /// The text of tokens.
  func text(_ tokens: [Int]) throws -> String { try dataset.text(tokens) }
  var endToken: Int? { dataset.endToken }
}
