import Foundation
import PluginAPI

/// The whole state of a run after some step, as a folder of safetensors files and a JSON file; it appears by one rename.
struct Checkpoint {
  var state: JSONValue
  /// File name (without extension) to tensors.
  var groups: [String: [(name: String, tensor: Tensor)]]

  static let stateFile = "state.json"

  func write(to directory: RunDirectory, step: Int, keep: Int) throws -> String {
    try AtomicFile.makeFolder(directory.checkpoints)
    let name = "step-" + String(repeating: "0", count: max(0, 9 - "\(step)".count)) + "\(step)"
    let final = "\(directory.checkpoints)/\(name)"
    let temporary = "\(directory.checkpoints)/.\(name).part-\(getpid())"
    do {
      try AtomicFile.makeFolder(temporary)
      for (group, tensors) in groups.sorted(by: { $0.key < $1.key }) {
        try AtomicFile.write(Safetensors.encode(tensors), to: "\(temporary)/\(group).safetensors")
      }
      try AtomicFile.write(state.data(), to: "\(temporary)/\(Self.stateFile)")
      // The same step again (a resumed run that stops at once): the old one has the same content.
      if FileManager.default.fileExists(atPath: final) { try? FileManager.default.removeItem(atPath: final) }
      guard rename(temporary, final) == 0 else { throw BasinErrors.system("cannot be put into place", file: final) }
    } catch {
      try? FileManager.default.removeItem(atPath: temporary)
      throw error
    }
    for old in Self.all(in: directory).dropLast(keep) { try? FileManager.default.removeItem(atPath: old) }
    return final
  }

  /// Folders of complete checkpoints, oldest first.
  static func all(in directory: RunDirectory) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.checkpoints)) ?? []
    return names.filter { $0.hasPrefix("step-") }.sorted().map { "\(directory.checkpoints)/\($0)" }
  }

  static func read(_ folder: String) throws -> Checkpoint {
    let state = try JSONValue.read("\(folder)/\(stateFile)")
    var groups: [String: [(name: String, tensor: Tensor)]] = [:]
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names where name.hasSuffix(".safetensors") {
      let tensors = try Safetensors.read("\(folder)/\(name)").tensors
      groups[String(name.dropLast(".safetensors".count))] = tensors.map { ($0.key, $0.value) }
    }
    return Checkpoint(state: state, groups: groups)
  }

  /// The newest checkpoint that can be read; damaged ones are named in `notes`.
  static func newest(in directory: RunDirectory, notes: inout [String]) -> Checkpoint? {
    for folder in all(in: directory).reversed() {
      do { return try read(folder) } catch { notes.append("\(error); trying the one before") }
    }
    return nil
  }

  // MARK: Tensors of a model

  /// Copies tensors by path into a model's.
  ///
  /// - Throws: `BasinError` for a tensor that is missing, left over, or of another shape.
  static func load(_ tensors: [(name: String, tensor: Tensor)], into targets: [NamedTensor], file: String) throws {
    let found = Dictionary(tensors, uniquingKeysWith: { $1 })
    for target in targets {
      guard let tensor = found[target.path] else {
        let nearest = nearestName(to: target.path, among: Array(found.keys)).map { "; it has \($0)" } ?? ""
        throw BasinError.badData("has no tensor \(target.path)\(nearest)", file: file, advice: "It is of another model")
      }
      guard tensor.shape == target.tensor.shape else {
        throw BasinError.badData(
          "tensor \(target.path) has shape \(tensor.shape), the model's has \(target.tensor.shape)", file: file,
          advice: "It is of another model, or of one with other options")
      }
      try target.tensor.copy(from: tensor)
    }
    let known = Set(targets.map(\.path))
    if let extra = found.keys.sorted().first(where: { !known.contains($0) }) {
      throw BasinError.badData("has tensor \(extra), which the model lacks", file: file, advice: "It is of another model")
    }
  }
}
