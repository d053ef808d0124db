import Foundation
import PluginAPI

/// Turns running text into one stream of token numbers and back: the words between white space, or a subword tokenizer.
protocol RunningTextEncoder: Sendable {
  /// Different tokens.
  var vocabularyCount: Int { get }
  /// Ends a text, or a line of it; nil where there is no such token.
  var end: Int32? { get }
  /// The token for what is not known and how it is written; nil where everything is known.
  var unknown: (number: Int32, token: String)? { get }
  /// A whole text.
  func encode(_ source: SourceText) throws -> [Int32]
  /// What a text begins with that a model is to go on with, at least one token.
  func prompt(_ text: String) throws -> [Int32]
  func text(_ tokens: [Int32]) -> String
  /// The tokenizer for other programs.
  func exportedFiles() throws -> [(name: String, data: Data)]
}

extension RunningText.Words: RunningTextEncoder {
  var vocabularyCount: Int { count }
  var end: Int32? { 0 }
  var unknown: (number: Int32, token: String)? { (1, RunningText.unknown) }

  /// Lines of words; a word the training text lacks becomes `<unk>`. An empty prompt is the end of a line, behind which
  /// anything may begin.
  func prompt(_ text: String) throws -> [Int32] {
    var tokens = encode(try SourceText(Array(text.utf8), file: "prompt", encoding: .utf8))
    // The prompt's last line goes on.
    if tokens.count > 1, tokens.last == end { tokens.removeLast() }
    return tokens.isEmpty ? [0] : tokens
  }

  /// The words with a blank between them, a new line for each `<eos>`.
  func text(_ tokens: [Int32]) -> String {
    var lines = [[String]()]
    for token in tokens {
      if token == end { lines.append([]) } else { lines[lines.count - 1].append(self.tokens[Int(token)]) }
    }
    return lines.map { $0.joined(separator: " ") }.joined(separator: "\n")
  }

  func exportedFiles() throws -> [(name: String, data: Data)] { TokenizerExport.files(self) }
}

/// Subwords of a text as it stands in its file, line ends included, and no special tokens around it: what GPT-2 was trained on.
struct SubwordStream: RunningTextEncoder {
  let tokenizer: SubwordTokenizer
  /// Where it was read; nil: it was trained.
  let path: String?

  var vocabularyCount: Int { tokenizer.vocabularySize }
  var end: Int32? { tokenizer.specialTokens.end }

  var unknown: (number: Int32, token: String)? {
    // Over bytes everything is known, though GPT-2's files name a token for it.
    guard tokenizer.kind == .wordPiece, let number = tokenizer.specialTokens.unknown else { return nil }
    return tokenizer.token(number).map { (number, $0) }
  }

  func encode(_ source: SourceText) throws -> [Int32] {
    do {
      return try encode(source.string(source.start..<source.bytes.count))
    } catch var error as BasinError {
      error.file = error.file ?? source.file
      throw error
    }
  }

  /// The maximum keeps a file's own truncation out.
  private func encode(_ text: String) throws -> [Int32] {
    try tokenizer.encode([text], maximumLength: .max, addsSpecialTokens: false, threads: 1).ids
  }

  func prompt(_ text: String) throws -> [Int32] {
    let tokens = try encode(text)
    guard tokens.isEmpty else { return tokens }
    guard let first = tokenizer.specialTokens.beginning ?? end else {
      throw BasinError.usage("an empty prompt, and the tokenizer has no token that begins a text", advice: "Give some text")
    }
    return [first]
  }

  func text(_ tokens: [Int32]) -> String { tokenizer.decode(tokens, skipsSpecialTokens: false) }

  func exportedFiles() throws -> [(name: String, data: Data)] { try TokenizerExport.files(tokenizer, from: path) }
}
