import Foundation
import PluginAPI

/// A prompt as tokens, and tokens as text, for `basin generate`.
extension LanguageDataset: TextCodingDataset, ExportedDataset {
  public func promptTokens(_ text: String) throws -> [Int] { try encoder.prompt(text).map(Int.init) }

  public func text(_ tokens: [Int]) throws -> String {
    if let wrong = tokens.first(where: { !(0..<encoder.vocabularyCount).contains($0) }) {
      throw BasinError.internalError("token \(wrong) of \(encoder.vocabularyCount)")
    }
    return encoder.text(tokens.map(Int32.init))
  }

  public var endToken: Int? { encoder.end.map(Int.init) }

  /// The tokenizer, and the token that ends a text for programs that generate.
  public func exportedFiles() throws -> [(name: String, data: Data)] {
    var files = try encoder.exportedFiles()
    if let end = encoder.end {
      files.append(("generation_config.json", Data(JSONNode.object([("eos_token_id", .number(Int(end)))]).written())))
    }
    return files
  }
}
