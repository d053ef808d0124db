import Foundation
import PluginAPI

/// Where a data set may lie under a data root, and what was looked for if it does not.
struct DataRoot {
  let path: String

  /// The first folder among `names` (relative to the root) that exists.
  func folder(_ names: [String]) -> String? {
    names.map(join).first(where: Self.isFolder)
  }

  /// The first file among `names` (relative to the root) that exists.
  func file(_ names: [String]) -> String? {
    names.map(join).first(where: Self.isFile)
  }

  func join(_ name: String) -> String {
    path.hasSuffix("/") ? path + name : path + "/" + name
  }

  /// The error for a set that is nowhere: it lists every path that was tried.
  func nothingFound(_ set: String, lookedFor names: [String], advice: String) -> BasinError {
    .missing("\(set) not found: looked for " + names.map(join).joined(separator: ", "), advice: advice)
  }

  static func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory.boolValue
  }

  static func isFile(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory.boolValue
  }
}
