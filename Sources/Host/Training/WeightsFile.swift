import Foundation
import PluginAPI

/// Finds weights: in a run's folder, in a checkpoint, or a safetensors file.
enum WeightsFile {
  enum Choice: String, CaseIterable { case last, best, averaged }

  static func find(_ path: String, _ choice: Choice) throws -> String {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { throw BasinErrors.missingFile(path) }
    guard isFolder.boolValue else { return path }
    let directory = RunDirectory(path: path)
    if directory.holdsRun {
      let file = "\(directory.weights)/\(choice.rawValue).safetensors"
      if FileManager.default.fileExists(atPath: file) { return file }
      if choice == .last, let newest = Checkpoint.all(in: directory).last { return newest + "/model.safetensors" }
      let have = ((try? FileManager.default.contentsOfDirectory(atPath: directory.weights)) ?? []).filter { $0.hasSuffix(".safetensors") }
        .map { String($0.dropLast(12)) }.sorted()
      let why = choice == .best ? "train with --select best" : choice == .averaged ? "train with a method that averages" : "finish the run with --resume"
      throw BasinError.missing(
        "the run has no \(choice.rawValue) weights", file: file,
        advice: have.isEmpty ? "To get them, \(why)" : "It has \(have.joined(separator: ", ")); to get these, \(why)")
    }
    let model = "\(path)/\(choice == .best ? "best" : "model").safetensors"
    guard FileManager.default.fileExists(atPath: model) else {
      throw BasinError.missing("is neither a run nor a checkpoint", file: path, advice: "Give a folder that --out named, or a .safetensors file")
    }
    return model
  }
}
