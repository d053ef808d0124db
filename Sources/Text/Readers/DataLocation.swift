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
  /// - Throws: `BasinError` (`.missingInput`) that lists everything that was looked for.
  func find(_ groups: [[String]]) throws -> [String] {
    var tried: [String] = []
    for folder in folders {
      for group in groups {
        let paths = group.map { Self.join(Self.join(root, folder), $0) }
        if paths.allSatisfy(Self.isFile) { return paths }
        tried.append(paths.joined(separator: " with "))
      }
    }
    throw BasinError.missing(
      "\(dataset) is not there; looked for \(tried.joined(separator: ", "))", file: root,
      advice: "Set --data-root, or put the files in one of these places")
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
