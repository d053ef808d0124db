import Foundation
import PluginAPI

/// Reads a folder or a tar file (compressed or not) of JPEG and PNG pictures in the ImageFolder layout: a folder a
/// class, and if wanted the folders `train`, `val` and `test` above them.
///
/// Files that are no pictures, hidden files, AppleDouble (`._name`) and `__MACOSX` are passed over. Classes are sorted
/// by name, pictures by path: the order does not depend on the disk or on the archive.
public enum PictureFolderReader {
  /// Reads all pictures as RGB, [count, height, width, 3].
  ///
  /// - Parameters:
  ///   - path: a folder, or a tar file.
  ///   - size: the side of the square pictures wanted. nil keeps the size of the pictures where it is the same for all,
  ///     and makes them 32x32 where it is not. Pictures of the right size pass unchanged; others are scaled (triangle
  ///     filter) to cover the square, and the middle is cut out.
  ///   - threads: how many threads decode.
  /// - Returns: everything as `train` where there is no level of splits.
  /// - Throws: `BasinError` of kind `missingInput` (no such path) or `badData`: no pictures, a class without pictures,
  ///   a class that train lacks, a damaged picture or archive.
  public static func load(_ path: String, size: Int? = nil, threads: Int = 2) throws -> PictureSplits {
    try load(path, storage: PictureStorage(side: size, threads: threads))
  }

  /// Reads all pictures, decoded or not, as `storage` says.
  ///
  /// - Throws: as ``load(_:size:threads:)``; where pictures stay encoded, only their headers are looked at.
  public static func load(_ path: String, storage: PictureStorage) throws -> PictureSplits {
    if let size = storage.side, !(1...4096).contains(size) {
      throw BasinError.usage("a picture size of \(size): expected 1...4096")
    }
    let listing = try DataRoot.isFolder(path) ? folderListing(path) : archiveListing(path)
    let layout = try PictureFolderLayout(pictures: listing.pictures.map(\.path), folders: listing.folders, source: path)
    var lists: [PictureFolderLayout.Split: (pictures: [StoredPicture], labels: [Int32])] = [:]
    for entry in layout.pictures {
      lists[entry.split, default: ([], [])].pictures.append(listing.pictures[entry.index])
      lists[entry.split]?.labels.append(Int32(entry.label))
    }
    let sets = try storage.sets(lists, classNames: layout.classNames, file: path)
    guard let train = sets[.train] else {
      throw BasinError.badData("there are no training pictures", file: path, advice: "Expected \(expected)")
    }
    return PictureSplits(train: train, validation: sets[.validation], test: sets[.test])
  }

  /// All pictures of a folder or archive, or the one file, in whatever layout; sorted by path.
  static func pictures(at path: String) throws -> [StoredPicture] {
    if DataRoot.isFile(path), PictureFolderLayout.isPicture(path) {
      let parts = path.split(separator: "/", omittingEmptySubsequences: false)
      let folder = parts.dropLast().joined(separator: "/")
      return [StoredPicture(source: parts.count == 1 ? "." : folder, path: String(parts.last ?? ""), bytes: nil)]
    }
    let listing = try DataRoot.isFolder(path) ? folderListing(path) : archiveListing(path)
    return listing.pictures.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  static let expected = "CLASS/picture.jpg or train/CLASS/picture.jpg (JPEG or PNG)"

  private typealias Listing = (pictures: [StoredPicture], folders: [String])

  private static func archiveListing(_ path: String) throws -> Listing {
    var listing: Listing = ([], [])
    try PictureArchive.forEachMember(of: path, where: { PictureFolderLayout.isPicture($0) }) { member in
      switch member {
      case .folder(let name): listing.folders.append(name)
      case .file(let name, let bytes): listing.pictures.append(StoredPicture(source: path, path: name, bytes: bytes))
      }
    }
    return listing
  }

  private static func folderListing(_ root: String) throws -> Listing {
    var listing: Listing = ([], [])
    func walk(_ folder: String, depth: Int) throws {
      // A link to a folder above would go round for ever.
      guard depth <= 16 else {
        throw BasinError.badData("folders nested deeper than 16", file: root + "/" + folder)
      }
      let names: [String]
      do {
        names = try FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? root : root + "/" + folder)
      } catch {
        throw BasinError(
          .inputOutput, "cannot list the folder: \(error.localizedDescription)", file: root + "/" + folder)
      }
      for name in names where !PictureFolderLayout.isIgnored(name[...]) {
        let path = folder.isEmpty ? name : folder + "/" + name
        if DataRoot.isFolder(root + "/" + path) {
          listing.folders.append(path)
          try walk(path, depth: depth + 1)
        } else if PictureFolderLayout.isPicture(path) {
          listing.pictures.append(StoredPicture(source: root, path: path, bytes: nil))
        }
      }
    }
    try walk("", depth: 0)
    return listing
  }
}
