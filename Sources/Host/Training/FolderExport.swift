import Foundation
import PluginAPI

/// Writes a model as the folder that other programs read. The folder appears whole or not at all.
struct FolderExport {
  let to: String
  let tokenizer: String?
  let shardMegabytes: Int

  /// What can be known before the run is read.
  func check() throws {
    guard (1...1_000_000).contains(shardMegabytes) else {
      throw BasinError.usage("--shard-size cannot be \(shardMegabytes)", advice: "It takes 1 to 1000000")
    }
    if let content = try? FileManager.default.contentsOfDirectory(atPath: to), content.isEmpty { return }
    guard !FileManager.default.fileExists(atPath: to) else {
      throw BasinError(.cannotCreate, "is there already", file: to, advice: "Name a new folder")
    }
  }

  /// - Returns: The names of the files.
  /// - Throws: `BasinError` for a model that has no such form; nothing is left behind then.
  func write(_ run: PreparedRun) throws -> [String] {
    guard let model = run.model.module as? any FolderExportable else {
      throw BasinError.usage(
        "model \(run.configuration.model) is not written as a folder", advice: "Leave --folder out for a safetensors file")
    }
    let companions = try model.companionFiles(in: tokenizer)
    // What the training examples taught, where no files lie anywhere.
    let fitted = companions.isEmpty ? try run.dataset.exportedFiles() : []
    let tensors = try run.copyTensors().map { ($0.name, try $0.tensor.to(.cpu)) }
    let files = try model.exportedFiles(
      Dictionary(uniqueKeysWithValues: tensors), labels: run.dataset.classNames, shardBytes: shardMegabytes * 1_000_000) + fitted
    let path = URL(fileURLWithPath: to).standardizedFileURL.path
    let temporary = "\(path).part-\(getpid())"
    do {
      try AtomicFile.makeFolder(temporary)
      for (name, data) in files { try AtomicFile.write(data, to: "\(temporary)/\(name)") }
      for companion in companions {
        guard let data = FileManager.default.contents(atPath: companion) else {
          throw BasinError.missing("cannot be read", file: companion, advice: "Check its permissions")
        }
        try AtomicFile.write(data, to: "\(temporary)/\((companion as NSString).lastPathComponent)")
      }
      // An empty folder of that name gives way.
      guard rename(temporary, path) == 0 else { throw BasinErrors.system("cannot be put into place", file: to) }
    } catch {
      try? FileManager.default.removeItem(atPath: temporary)
      throw error
    }
    return files.map(\.name) + companions.map { ($0 as NSString).lastPathComponent }
  }
}
