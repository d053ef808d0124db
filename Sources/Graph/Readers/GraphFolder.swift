import Foundation
import PluginAPI

/// The files of a collection: in a folder, or in an archive.
enum GraphFolder {
  case folder(String)
  /// An archive, and the folder inside it (empty for all of it).
  case archive(String, inside: String)

  /// What a path leads to, which may go on inside an archive: `Letter.tar.gz/Letter/LOW`; nil for a plain file.
  ///
  /// - Returns: the folder, and the file in it that the path names.
  static func find(_ path: String) throws(BasinError) -> (folder: GraphFolder, file: String?)? {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      if isFolder.boolValue { return (.folder(path), nil) }
      return GraphArchive.isArchive(path) ? (.archive(path, inside: ""), nil) : nil
    }
    var parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    var inside: [String] = []
    while parts.count > 1, let last = parts.popLast() {
      if !last.isEmpty { inside.insert(last, at: 0) }
      let outer = parts.joined(separator: "/")
      guard FileManager.default.fileExists(atPath: outer, isDirectory: &isFolder) else { continue }
      guard !isFolder.boolValue, GraphArchive.isArchive(outer) else { break }
      // What is inside is a folder unless its name is that of a file.
      guard let name = inside.last, isListing(name) || isGraphFile(name) else {
        return (.archive(outer, inside: inside.joined(separator: "/")), nil)
      }
      return (.archive(outer, inside: inside.dropLast().joined(separator: "/")), name)
    }
    throw .missing("there is no such file", file: path, advice: "Check the path")
  }

  /// The files on disk that a path means: itself, all of a folder, or the archive it leads into.
  static func filesOnDisk(of path: String) throws(BasinError) -> [String] {
    guard let (folder, _) = try find(path) else { return [path] }
    switch folder {
    case .folder(let path): return try folder.files().map { "\(path)/\($0)" }
    case .archive(let outer, _): return [outer]
    }
  }

  static func isListing(_ name: String) -> Bool { name.lowercased().hasSuffix(".cxl") }

  static func isGraphFile(_ name: String) -> Bool {
    var name = name.lowercased()
    if name.hasSuffix(".gz") { name.removeLast(3) }
    return [".graphml", ".gexf", ".gxl", ".xml"].contains { name.hasSuffix($0) } && !GraphArchive.isArchive(name)
  }

  /// The name errors carry.
  var path: String {
    switch self {
    case .folder(let path): path
    case .archive(let path, let inside): inside.isEmpty ? path : path + "/" + inside
    }
  }

  /// The paths of all files below, relative to the folder, in rising order.
  func files() throws(BasinError) -> [String] {
    var files: [String] = []
    switch self {
    case .folder(let path):
      let walk = FileManager.default.enumerator(atPath: path)
      while let name = walk?.nextObject() as? String {
        let type = walk?.fileAttributes?[.type] as? FileAttributeType
        if type == .typeRegular || type == .typeSymbolicLink { files.append(name) }
      }
    case .archive(let path, let inside):
      try GraphArchive.forEachFile(of: path) { (name, _) throws(BasinError) in
        if let name = Self.relative(name, to: inside) { files.append(name) }
      }
    }
    return files.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Hands over the files of some names: in the order of the names from a folder, in the archive's from an archive,
  /// which is read
  /// through once.
  ///
  /// - Throws: ``BasinError`` of kind `.missingInput` for a name that is not there.
  func read(
    _ names: [String], _ body: (_ name: String, _ source: @escaping GraphDocuments.Source) throws(BasinError) -> Void
  ) throws(BasinError) {
    switch self {
    case .folder(let path):
      for name in names {
        let file = try UnpackedFile(path + "/" + name)
        try body(name) { (buffer) throws(BasinError) in try file.read(into: buffer) }
      }
    case .archive(let path, let inside):
      var wanted = Set(names)
      try GraphArchive.forEachFile(of: path) { (member, read) throws(BasinError) in
        guard let name = Self.relative(member, to: inside), wanted.remove(name) != nil else { return }
        try body(name, read)
      }
      if let missing = names.first(where: wanted.contains) {
        throw .missing(
          "there is no such file in the archive", file: self.path + "/" + missing, advice: "Check the listing")
      }
    }
  }

  private static func relative(_ name: String, to folder: String) -> String? {
    if folder.isEmpty { return name }
    return name.hasPrefix(folder + "/") ? String(name.dropFirst(folder.count + 1)) : nil
  }
}
