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
    try NewFolder(path: to).check()
  }

  /// The model's files, and those of what the run's data set learned or read, such as its tokenizer. A model without a form of
  /// its own is written as `model.safetensors` beside these.
  ///
  /// - Returns: The names of the files.
  /// - Throws: `BasinError` where neither model nor data set has such a form; nothing is left behind then.
  func write(_ run: PreparedRun) throws -> [String] {
    let model = run.model.module as? any FolderExportable
    guard tokenizer == nil || model != nil else {
      throw BasinError.usage("model \(run.configuration.model) takes no --tokenizer", advice: "Leave it out")
    }
    let companions = try model?.companionFiles(in: tokenizer) ?? []
    let copied = Set(companions.map { ($0 as NSString).lastPathComponent })
    var fitted = try tokenizer == nil ? run.dataset.exportedFiles().filter { !copied.contains($0.name) } : []
    if let model { fitted = try model.adapted(fitted) }
    let tensors = try run.copyTensors().map { ($0.name, try $0.tensor.to(.cpu)) }
    var files: [(name: String, data: Data)]
    if let model {
      files = try model.exportedFiles(
        Dictionary(uniqueKeysWithValues: tensors), labels: run.dataset.classNames, shardBytes: shardMegabytes * 1_000_000)
    } else {
      guard !fitted.isEmpty else {
        throw BasinError.usage(
          "model \(run.configuration.model) is not written as a folder", advice: "Leave --folder out for a safetensors file")
      }
      files = [("model.safetensors", try Safetensors.encode(tensors.sorted { $0.0 < $1.0 }, metadata: ["format": "pt"]))]
    }
    files += fitted
    for companion in companions {
      guard let data = FileManager.default.contents(atPath: companion) else {
        throw BasinError.missing("cannot be read", file: companion, advice: "Check its permissions")
      }
      files.append(((companion as NSString).lastPathComponent, data))
    }
    try NewFolder(path: to).write(files)
    return files.map(\.name)
  }
}
