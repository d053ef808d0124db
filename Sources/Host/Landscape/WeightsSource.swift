import Foundation
import PluginAPI

/// Weights by the file they are in, and what the file held when they were chosen.
struct WeightsSource: Codable, Hashable {
  var name, file, sha256: String

  /// The files behind `paths` with short names that differ: the run's folder, or what the file is called.
  static func named(_ paths: [String], _ choice: WeightsFile.Choice) throws -> [WeightsSource] {
    var names: Set<String> = []
    let short = withoutCommonBeginning(paths.map(shortName))
    return try zip(paths, short).map { path, short in
      let file = URL(fileURLWithPath: try WeightsFile.find(path, choice)).standardizedFileURL.path
      var name = short
      if RunDirectory(path: path).holdsRun, choice != .last { name += " \(choice.rawValue)" }
      if name.count > 24 { name = "..." + name.suffix(21) }
      let base = name
      var number = 2
      while !names.insert(name).inserted {
        name = "\(base) \(number)"
        number += 1
      }
      return WeightsSource(name: name, file: file, sha256: digest(try bytes(file)))
    }
  }

  /// Long names without the words they all begin with: `backbone-0` and `pswa-0` for two runs of a benchmark's case.
  private static func withoutCommonBeginning(_ names: [String]) -> [String] {
    guard let first = names.first, Set(names).count > 1, names.contains(where: { $0.count > 24 }) else { return names }
    let common = names.dropFirst().reduce(first[...]) { $0.commonPrefix(with: $1)[...] }
    guard let end = common.lastIndex(of: "-") else { return names }
    let length = common.distance(from: common.startIndex, to: end) + 1
    let rest = names.map { String($0.dropFirst(length)) }
    return rest.contains("") ? names : rest
  }

  /// `a` for runs/a, `a averaged` for runs/a/weights/averaged.safetensors.
  private static func shortName(_ path: String) -> String {
    let url = URL(fileURLWithPath: path).standardizedFileURL
    let name = url.deletingPathExtension().lastPathComponent
    let folder = url.deletingLastPathComponent()
    let run = folder.deletingLastPathComponent()
    guard folder.lastPathComponent == "weights", RunDirectory(path: run.path).holdsRun else { return name }
    return "\(run.lastPathComponent) \(name)"
  }

  private static func bytes(_ file: String) throws -> Data {
    guard let data = FileManager.default.contents(atPath: file) else { throw BasinErrors.missingFile(file) }
    return data
  }

  private static func digest(_ data: Data) -> String { ContentHash.sha256.digest(of: [UInt8](data)) }

  /// - Throws: `BasinError` where the file does not hold what it did.
  func read() throws -> [(name: String, tensor: Tensor)] {
    let data = try Self.bytes(file)
    guard Self.digest(data) == sha256 else {
      throw BasinError.badData(
        "holds other weights than at the beginning", file: file, advice: "Begin anew in another --out")
    }
    return try Safetensors.decode(data, file: file).tensors.map { ($0.key, $0.value) }
  }

  /// Makes the weights those of the run's model.
  func load(into run: PreparedRun) throws { try Checkpoint.load(read(), into: run.tensors, file: file) }
}
