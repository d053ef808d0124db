import Foundation
import PluginAPI

extension Vocabulary {
  /// Writes a vocabulary as plain UTF-8 lines, a token a line; the line's number, from 0, is the token's. The file
  /// appears whole or not at all. The tokenizer's options are not part of it.
  ///
  /// - Throws: `BasinError` (`.cannotCreate`).
  public func write(to path: String) throws {
    let data = Data(tokens.joined(separator: "\n").utf8 + [0x0A])
    do {
      try data.write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw BasinError(
        .cannotCreate, "cannot be written: \(error.localizedDescription)", file: path,
        advice: "Check that the folder is there and may be written to")
    }
  }

  /// Reads what ``write(to:)`` wrote.
  ///
  /// - Throws: `BasinError`: `.missingInput`, `.inputOutput`, or `.badData` with the line.
  public init(contentsOf path: String, tokenizer: Tokenizer = Tokenizer()) throws {
    try self.init(SourceText(contentsOf: path, encoding: .utf8), tokenizer: tokenizer)
  }

  /// - Throws: `BasinError` (`.badData`) with the line.
  public init(_ source: SourceText, tokenizer: Tokenizer = Tokenizer()) throws {
    do {
      try self.init(tokens: source.lines().map(source.string), tokenizer: tokenizer)
    } catch var error as BasinError {
      error.file = source.file
      if let place = error.place, let number = Int(place.drop { !$0.isNumber }) { error.place = "line \(number + 1)" }
      throw error
    }
  }
}
