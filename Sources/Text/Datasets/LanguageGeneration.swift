import PluginAPI

/// Words of a prompt as tokens, and tokens as text, for `basin generate`.
extension LanguageDataset: TextCodingDataset {
  /// Lines of words; a word the training text lacks becomes `<unk>`. An empty prompt is the end of a line, behind which
  /// anything may begin.
  public func promptTokens(_ text: String) throws -> [Int] {
    var tokens = words.encode(try SourceText(Array(text.utf8), file: "prompt", encoding: .utf8)).map { Int($0) }
    // The prompt's last line goes on.
    if tokens.count > 1, tokens.last == endToken { tokens.removeLast() }
    return tokens.isEmpty ? [0] : tokens
  }

  /// The words with a blank between them, a new line for each `<eos>`.
  public func text(_ tokens: [Int]) throws -> String {
    var lines = [[String]()]
    for token in tokens {
      guard words.tokens.indices.contains(token) else { throw BasinError.internalError("token \(token) of \(words.count)") }
      if token == 0 { lines.append([]) } else { lines[lines.count - 1].append(words.tokens[token]) }
    }
    return lines.map { $0.joined(separator: " ") }.joined(separator: "\n")
  }

  public var endToken: Int? { 0 }
}
