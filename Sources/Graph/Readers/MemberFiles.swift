import Foundation
import PluginAPI

/// The text files of a data set, read whole, from a folder or from an archive.
struct MemberFiles {
  struct Member {
    /// The path below the folder or inside the archive.
    let name: String
    let bytes: [UInt8]

    /// The last part of the path.
    var lastName: String { name.split(separator: "/").last.map(String.init) ?? name }
  }

  /// The folder or archive, for error messages.
  let path: String
  /// Whether ``path`` is a folder.
  let isFolder: Bool
  /// In rising order of their names.
  let members: [Member]

  /// The paths of the files that were read.
  var files: [String] { isFolder ? members.map { "\(path)/\($0.name)" } : [path] }

  /// Reads the files `wanted` says yes to; from a folder also those in folders directly below it.
  ///
  /// - Throws: ``BasinError``: `.missingInput` where there is nothing at the path, `.badData` for an archive that is damaged or
  ///   unpacks to very much more than it holds.
  init(_ path: String, where wanted: (String) -> Bool) throws(BasinError) {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw .missing("there is no such file or folder", file: path, advice: "Check the path")
    }
    var members: [Member] = []
    // All of it is held.
    var limit = UnpackingLimit(path, least: 64 << 20)
    func add(_ name: String, _ read: GraphArchive.Reader) throws(BasinError) {
      members.append(Member(name: name, bytes: try Self.bytes(of: name, &limit, read)))
    }
    if isFolder.boolValue {
      for name in Self.files(in: path) where wanted(name) {
        let file = try UnpackedFile(path + "/" + name)
        limit.grow(by: path + "/" + name)
        try add(name) { (buffer) throws(BasinError) in try file.read(into: buffer) }
      }
    } else {
      try GraphArchive.forEachFile(of: path) { (name, read) throws(BasinError) in
        // Finder's shadows of files, which bear the names of the real ones.
        guard !name.hasPrefix("__MACOSX/"), wanted(name) else { return }
        try add(name, read)
      }
    }
    self.path = path
    self.isFolder = isFolder.boolValue
    self.members = members.sorted { $0.name < $1.name }
  }

  private static func files(in folder: String) -> [String] {
    func names(_ folder: String) -> [String] {
      ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }
    return names(folder).flatMap { name -> [String] in
      var isFolder: ObjCBool = false
      let path = folder + "/" + name
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return [] }
      return isFolder.boolValue ? names(path).map { name + "/" + $0 } : [name]
    }
  }

  /// Memory grows with the data, not with a size that a header states.
  private static func bytes(
    of name: String, _ limit: inout UnpackingLimit, _ read: GraphArchive.Reader
  ) throws(BasinError) -> [UInt8] {
    var bytes: [UInt8] = []
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)
    defer { piece.deallocate() }
    while true {
      let count = try read(piece)
      guard count > 0 else { return bytes }
      try limit.spend(count, member: name)
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: piece[..<count]))
    }
  }
}
