import Foundation
import PluginAPI

/// Finds the files of a data set under a data root that may be laid out in several usual ways.
struct DataLocation {
  /// For the error message: `TREC`.
  let dataset: String
  let root: String
  /// Folders relative to `root`, the preferred one first.
  let folders: [String]

  /// The first folder and group of names of which every file is there.
  ///
  /// - Parameter groups: File names that belong together, such as a training and a test file.
  /// - Throws: `BasinError` (`.missingInput`) that names what is missing where a part is there, or lists everything that was
  ///   looked for.
  func find(_ groups: [[String]]) throws -> [String] {
    var tried: [String] = []
    for folder in folders {
      for group in groups {
        let paths = group.map { Self.join(Self.join(root, folder), $0) }
        if paths.allSatisfy(Self.isFile) { return paths }
        tried.append(paths.joined(separator: " with "))
      }
    }
    throw incomplete(groups)
      ?? BasinError.missing(
        "\(dataset) is not there; looked for \(tried.joined(separator: ", "))", file: root,
        advice: "Set --data-root, or put the files in one of these places")
  }

  /// The error for a folder that has some files of a group and lacks others, of several the one that lacks the fewest; nil
  /// where no file is there at all.
  func incomplete(_ groups: [[String]]) -> BasinError? {
    var best: (folder: String, present: [String], absent: [String])?
    for folder in folders {
      let place = Self.join(root, folder)
      for group in groups {
        let present = group.filter { Self.isFile(Self.join(place, $0)) }
        let absent = group.filter { !present.contains($0) }
        guard !present.isEmpty, !absent.isEmpty, absent.count < best?.absent.count ?? Int.max else { continue }
        best = (place, present, absent)
      }
    }
    guard let best else { return nil }
    let absent = best.absent.joined(separator: " and ") + (best.absent.count == 1 ? " is" : " are")
    return BasinError.missing(
      "\(dataset) is not complete: \(absent) missing beside \(best.present.joined(separator: " and "))", file: best.folder,
      advice: "Put what is missing there, or set --data-root")
  }

  static func join(_ folder: String, _ name: String) -> String {
    if folder.isEmpty || folder == "." { return name }
    if name.isEmpty || name == "." { return folder }
    return folder.hasSuffix("/") ? folder + name : folder + "/" + name
  }

  static func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
  }

  static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }
}
