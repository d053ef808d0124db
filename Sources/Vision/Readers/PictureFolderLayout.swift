import PluginAPI

/// Which split and class each picture of an ImageFolder layout belongs to, told by its path alone.
struct PictureFolderLayout {
  enum Split: String { case train, validation, test }

  struct Entry {
    var split: Split
    var label: Int
    /// Position in the list of paths this was made from.
    var index: Int
  }

  /// Sorted; those of the training pictures.
  let classNames: [String]
  /// Sorted by path.
  let pictures: [Entry]

  /// - Parameters:
  ///   - pictures: relative paths of pictures.
  ///   - folders: relative paths of the folders seen, so that an empty class is noticed.
  ///   - source: folder or archive, for errors.
  init(pictures paths: [String], folders: [String], source: String) throws {
    guard !paths.isEmpty else {
      throw BasinError.badData("no pictures found", file: source, advice: "Expected \(PictureFolderReader.expected)")
    }
    var parts = paths.map { $0.split(separator: "/") }
    var folderParts = folders.map { $0.split(separator: "/") }.filter { !$0.contains(where: Self.isIgnored) }
    // A single folder above everything (the archive's own name) is no class.
    while let top = parts[0].first, Self.split(top) == nil,
      parts.allSatisfy({ $0.count >= 3 && $0[0] == top })
    {
      parts = parts.map { Array($0.dropFirst()) }
      folderParts = folderParts.filter { $0.first == top }.map { Array($0.dropFirst()) }
    }
    let splitLevel = parts.allSatisfy { $0.count >= 3 && Self.split($0[0]) != nil } ? 1 : 0
    if let index = parts.firstIndex(where: { $0.count < 2 + splitLevel }) {
      throw BasinError.badData(
        "a picture outside the folder of a class", file: source, place: paths[index],
        advice: "Expected \(PictureFolderReader.expected)")
    }
    func place(_ parts: [Substring]) -> (Split, String) {
      (splitLevel == 1 ? Self.split(parts[0]) ?? .train : .train, String(parts[splitLevel]))
    }
    let found = parts.map(place)
    let names = Set(found.lazy.filter { $0.0 == .train }.map(\.1)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    guard !names.isEmpty else {
      throw BasinError.badData(
        "there are no training pictures", file: source, advice: "Expected \(PictureFolderReader.expected)")
    }
    let labels = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })

    var entries: [Entry] = []
    for index in Self.sorted(paths) {
      let (split, name) = found[index]
      guard let label = labels[name] else {
        throw BasinError.badData(
          "class \"\(name)\" is in \(split.rawValue) but not in train", file: source, place: paths[index],
          advice: "Every class needs training pictures")
      }
      entries.append(Entry(split: split, label: label, index: index))
    }
    let filled = Set(found.map { [$0.0.rawValue, $0.1] })
    for folder in folderParts where folder.count == splitLevel + 1 {
      if splitLevel == 1, Self.split(folder[0]) == nil { continue }
      let (split, name) = place(folder)
      if !filled.contains([split.rawValue, name]) {
        throw BasinError.badData(
          "the folder of class \"\(name)\" holds no pictures", file: source,
          place: folder.joined(separator: "/"), advice: "Remove it or add JPEG or PNG pictures")
      }
    }
    classNames = names
    pictures = entries
  }

  private static func sorted(_ paths: [String]) -> [Int] {
    paths.indices.sorted { paths[$0].utf8.lexicographicallyPrecedes(paths[$1].utf8) }
  }

  static func split(_ name: Substring) -> Split? {
    switch name.lowercased() {
    case "train", "training": .train
    case "val", "valid", "validation": .validation
    case "test", "testing": .test
    default: nil
    }
  }

  /// Hidden files, AppleDouble files and the folder macOS puts them in.
  static func isIgnored(_ part: Substring) -> Bool { part.hasPrefix(".") || part == "__MACOSX" }

  /// Judges by the last part's extension; what a picture really is, its bytes tell later.
  static func isPicture(_ path: String) -> Bool {
    let parts = path.split(separator: "/")
    guard let name = parts.last, !parts.contains(where: isIgnored), let dot = name.lastIndex(of: ".") else {
      return false
    }
    return ["jpg", "jpeg", "jpe", "png"].contains(name[name.index(after: dot)...].lowercased())
  }
}
