import Foundation
import PluginAPI
import Yams

/// Opens the YAML files people write.
enum YAMLFile {
  /// The document in a file; nil for an empty one.
  ///
  /// - Throws: `BasinError` where the file is missing, not UTF-8, or not YAML.
  static func read(_ path: String) throws -> Node? {
    guard let data = FileManager.default.contents(atPath: path) else { throw BasinErrors.missingFile(path) }
    guard let text = String(data: data, encoding: .utf8) else {
      throw BasinError.badData("is not UTF-8 text", file: path, advice: "Write it as YAML in UTF-8")
    }
    do { return try Yams.compose(yaml: text) } catch {
      throw BasinError.badData("is not YAML: \(error)", file: path, advice: "Mend the file at that place")
    }
  }
}
