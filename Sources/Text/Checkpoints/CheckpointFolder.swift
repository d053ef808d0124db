import Foundation
import PluginAPI

/// A folder as Hugging Face's `save_pretrained` writes it: config.json and weights, in one file or in several.
struct CheckpointFolder {
  let path: String
  let configuration: ConfigurationFile

  /// Reads config.json alone.
  init(_ path: String) throws {
    self.path = path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
      throw BasinError.missing(
        "there is no such folder", file: path, advice: "Give the folder that has config.json and the weights")
    }
    let file = path + "/config.json"
    guard FileManager.default.fileExists(atPath: file) else {
      throw BasinError.missing(
        "the checkpoint has no config.json", file: path, advice: "Give a folder that save_pretrained wrote")
    }
    configuration = try ConfigurationFile.read(file)
  }

  /// The names the weights may have, the first that is there winning.
  static let weightNames = [
    "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
  ]

  /// The file that holds the weights or lists their parts.
  private func weightsFile() throws -> String {
    for name in Self.weightNames where FileManager.default.fileExists(atPath: "\(path)/\(name)") { return "\(path)/\(name)" }
    throw BasinError.missing(
      "the checkpoint has no weights", file: path, advice: "It should hold one of \(Self.weightNames.joined(separator: ", "))")
  }

  /// All tensors by the names of the file, as they are stored, and the file to name in errors.
  ///
  /// - Throws: `BasinError` for a file that is damaged, or parts that do not hold what their index says.
  func tensors() throws -> (tensors: [String: Tensor], file: String) {
    let file = try weightsFile()
    guard file.hasSuffix(".index.json") else { return (try Self.read(file), file) }
    let index = try JSONDocument.read(file)
    guard let map = try index.dictionary("weight_map") else { throw index.failure("weight_map", "is missing") }
    var parts: [String: Set<String>] = [:]
    for (name, value) in map {
      guard let part = value as? String, !part.isEmpty, !part.contains("/"), part != "..", part != "." else {
        throw index.failure("weight_map", "tensor \"\(name)\" has no name of a file in this folder")
      }
      parts[part, default: []].insert(name)
    }
    let absent = parts.keys.filter { !FileManager.default.fileExists(atPath: "\(path)/\($0)") }.sorted()
    guard absent.isEmpty else {
      throw BasinError.missing(
        "parts of the checkpoint are not there: \(absent.joined(separator: ", "))", file: file,
        advice: "Fetch them into the same folder")
    }
    var all: [String: Tensor] = [:]
    for (part, names) in parts.sorted(by: { $0.key < $1.key }) {
      let tensors = try Self.read("\(path)/\(part)")
      let missing = names.subtracting(tensors.keys).sorted(), extra = Set(tensors.keys).subtracting(names).sorted()
      guard missing.isEmpty, extra.isEmpty else {
        let lists = [("lacks", missing), ("also holds", extra)].filter { !$0.1.isEmpty }
        throw BasinError.badData(
          "does not hold what the index says: it "
            + lists.map { "\($0) \($1.joined(separator: ", "))" }.joined(separator: "; it "), file: "\(path)/\(part)",
          advice: "Fetch all parts and the index again")
      }
      all.merge(tensors) { $1 }
    }
    return (all, file)
  }

  private static func read(_ file: String) throws -> [String: Tensor] {
    if file.hasSuffix(".bin") { return try TorchArchive.read(file) }
    let data: Data
    do {
      // Mapped: a checkpoint may take half of the memory.
      data = try Data(contentsOf: URL(fileURLWithPath: file), options: .alwaysMapped)
    } catch {
      throw BasinError.missing("cannot be read", file: file, advice: "Check its permissions")
    }
    return try Safetensors.decode(data, file: file).tensors
  }
}
