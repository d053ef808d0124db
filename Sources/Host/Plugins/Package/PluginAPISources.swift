import Foundation
import PluginAPI

/// The sources of PluginAPI that plug-ins are built against, and the folder that all builds share.
///
/// The running program was built in a checkout, and its PluginAPI is the only one whose types are the program's: so plug-ins
/// are built against that checkout.
struct PluginAPISources {
  static let variable = "BASIN_PLUGIN_API"

  /// The folder of PluginAPI's package.
  let folder: String
  /// The build folder of all plug-ins: PluginAPI is compiled there once for all of them, and never in a plug-in's own folder.
  let scratch: String

  /// - Parameter path: the folder of PluginAPI's package where it is not to be found from the program.
  /// - Throws: `BasinError` of kind missingInput where there is none.
  init(_ path: String? = nil) throws {
    let environment = ProcessInfo.processInfo.environment
    if let path = path ?? environment[Self.variable].flatMap({ $0.isEmpty ? nil : $0 }) {
      guard let folder = FileSnapshot.resolve(path), Self.isPackage(folder) else {
        throw BasinError.missing(
          "is not the package of PluginAPI", file: path, advice: "Name the folder Sources/PluginAPI of a checkout of Basin")
      }
      self.init(folder: folder)
      return
    }
    var parent = ModuleSearch.folderOfThisProgram()
    while parent.count > 1 {
      parent = (parent as NSString).deletingLastPathComponent
      let folder = (parent == "/" ? "" : parent) + "/Sources/PluginAPI"
      if Self.isPackage(folder) {
        self.init(folder: folder)
        return
      }
    }
    throw BasinError.missing(
      "the sources of PluginAPI are not in a folder above the program", file: ModuleSearch.folderOfThisProgram(),
      advice: "Give --plugin-api DIR or set \(Self.variable): the folder Sources/PluginAPI of the checkout that this program was built in"
    )
  }

  private init(folder: String) {
    self.folder = folder
    // The checkout's own build folder, where the tests build the plug-ins of the checkout too.
    let checkout = ((folder as NSString).deletingLastPathComponent as NSString).deletingLastPathComponent
    if access(checkout + "/.build", W_OK) == 0, access(checkout + "/Package.swift", F_OK) == 0 {
      scratch = checkout + "/.build/plugins"
    } else {
      scratch = CacheFolder.path + "/plugins-" + ContentHash.sha256.digest(of: Array(folder.utf8)).prefix(16)
    }
  }

  private static func isPackage(_ folder: String) -> Bool {
    access(folder + "/Package.swift", R_OK) == 0 && access(folder + "/ABI/include/BasinABI.h", R_OK) == 0
  }

  /// `./basin` of the checkout, where there is one; else the running program.
  var program: String {
    let checkout = ((folder as NSString).deletingLastPathComponent as NSString).deletingLastPathComponent
    return access(checkout + "/basin", X_OK) == 0 ? checkout + "/basin" : ThisProgram.path
  }

  // MARK: Whether they are the program's

  /// - Throws: `BasinError` of kind badData where the sources are not those that the program was built from: what is built
  ///   against them would be refused.
  func checkThatTheyAreOurs() throws {
    let host = try Catalog.hostStamp()
    guard host.api != ABIStamp.unstamped else { return }
    let sources = try stamp()
    guard sources != host.api else { return }
    throw BasinError.badData(
      "PluginAPI's sources (\(sources)) are not those this program was built from (\(host.api)), so it would refuse the plug-in",
      file: folder, advice: "Run ./basin in the checkout: it builds Basin again first")
  }

  /// The hash of the sources, as `setup/stamp.sh` makes it: of a line `HASH  ./PATH` a file, in the order of paths.
  func stamp() throws -> String {
    let endings = [".swift", ".h", ".c", ".cpp", ".modulemap"]
    let paths = try files().filter { path in endings.contains { path.hasSuffix($0) } && !path.hasSuffix(".generated.h") }
    let hash = SHA256Stream()
    for path in paths {
      let digest = try ContentHash.sha256.digest(of: FileSnapshot(reading: folder + "/" + path).bytes)
      Array("\(digest)  ./\(path)\n".utf8).withUnsafeBytes { hash.update($0) }
    }
    return String(hash.finish().prefix(16))
  }

  /// All files but those of builds, by their relative paths in the order of bytes.
  private func files() throws -> [String] {
    guard let enumerator = FileManager.default.enumerator(atPath: folder) else { throw BasinErrors.missingFile(folder) }
    var paths: [String] = []
    while let path = enumerator.nextObject() as? String {
      if (path as NSString).lastPathComponent == ".build" {
        enumerator.skipDescendants()
      } else if enumerator.fileAttributes?[.type] as? FileAttributeType == .typeRegular {
        paths.append(path)
      }
    }
    return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// SwiftPM looks for new files in the package it builds, not in those that one depends on: its plan is thrown away where
  /// PluginAPI has other files than when it was made. As `setup/build.sh` does it.
  func forgetOldPlan() throws {
    try AtomicFile.makeFolder(scratch)
    let record = scratch + "/plugin-api-files"
    let now = Data((try files().map { "./\($0)\n" }.joined()).utf8)
    guard FileManager.default.contents(atPath: record) != now else { return }
    unlink(scratch + "/release.yaml")
    try AtomicFile.write(now, to: record)
  }
}
