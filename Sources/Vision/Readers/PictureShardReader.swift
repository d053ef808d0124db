import Foundation
import PluginAPI

/// Reads tar shards in the WebDataset layout: files of one example lie beside each other and share the name up to its first
/// dot, `000017.jpg` (or `.jpeg`, `.png`) and `000017.cls`, which holds the class, a number or a name. Other files are passed
/// over.
///
/// Shards are those of a folder, sorted by name, or what a pattern such as `train-{0000..0009}.tar` names. A shard whose name
/// begins with train, val or test is of that split; where no name does, all are of train. Class names are the lines of
/// `classes.txt` beside the shards if it is there, else the numbers or the sorted names.
public enum PictureShardReader {
  /// Reads all pictures as RGB, [count, height, width, 3].
  ///
  /// - Parameter size: as of ``PictureFolderReader``.
  /// - Throws: `BasinError` of kind `missingInput` (no shard) or `badData` that names the shard and the file in it.
  public static func load(_ path: String, size: Int? = nil, threads: Int = 2) throws -> PictureSplits {
    try load(path, storage: PictureStorage(side: size, threads: threads))
  }

  /// Reads all pictures, decoded or not, as `storage` says.
  ///
  /// - Throws: as ``load(_:size:threads:)``; where pictures stay encoded, only their headers are looked at.
  public static func load(_ path: String, storage: PictureStorage) throws -> PictureSplits {
    let shards = try shards(path)
    var examples: [PictureFolderLayout.Split: [Example]] = [:]
    let splits = shards.map { split(of: $0) }
    let areNamed = splits.contains { $0 != nil }
    for (shard, split) in zip(shards, splits) {
      if areNamed, split == nil {
        throw BasinError.badData(
          "some shards say their split and this one does not", file: shard, advice: "Begin its name with train, val or test")
      }
      examples[split ?? .train, default: []] += try Self.examples(shard)
    }
    guard let train = examples[.train], !train.isEmpty else {
      throw BasinError.badData("there are no training pictures", file: path, advice: "Expected shards of NAME.jpg and NAME.cls")
    }
    let names = try classNames(train, beside: shards[0])
    let labels = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let lists = try examples.mapValues { examples in
      (pictures: examples.map(\.picture), labels: try examples.map { example in
        // A number is a class's place also where classes have names.
        guard let label = labels[example.label] ?? Int(example.label).flatMap({ names.indices.contains($0) ? $0 : nil }) else {
          throw BasinError.badData(
            "class \"\(example.label)\" is not among the \(names.count) classes", file: example.picture.source,
            place: example.picture.path, advice: "Classes are those of train, or of classes.txt")
        }
        return Int32(label)
      })
    }
    let sets = try storage.sets(lists, classNames: names, file: path)
    guard let trainSet = sets[.train] else { throw BasinError.internalError("no training set of \(path)") }
    return PictureSplits(train: trainSet, validation: sets[.validation], test: sets[.test])
  }

  private struct Example {
    var picture: StoredPicture
    var label: String
  }

  /// The files that `load` reads.
  static func shards(_ path: String) throws -> [String] {
    var found: [String]
    if DataRoot.isFolder(path) {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
      found = names.filter { name in
        !name.hasPrefix(".") && [".tar", ".tar.gz", ".tgz"].contains { name.hasSuffix($0) }
      }.sorted().map { path + "/" + $0 }
    } else {
      found = try expanded(path)
      if let absent = found.first(where: { !DataRoot.isFile($0) }) {
        throw BasinError.missing("the shard is not there", file: absent, advice: "Check the pattern")
      }
    }
    guard !found.isEmpty else {
      throw BasinError.missing("no shards", file: path, advice: "Expected a folder with .tar files, or a pattern such as train-{0000..0009}.tar")
    }
    return found
  }

  /// `a-{08..10}.tar` is a-08.tar, a-09.tar and a-10.tar.
  private static func expanded(_ pattern: String) throws -> [String] {
    guard let open = pattern.firstIndex(of: "{") else { return [pattern] }
    let rest = pattern[pattern.index(after: open)...]
    guard let close = rest.firstIndex(of: "}"), let dots = rest.range(of: "..") , dots.upperBound <= close,
      let first = Int(rest[..<dots.lowerBound]), let last = Int(rest[dots.upperBound..<close]), 0...last ~= first,
      last - first < 1_000_000
    else {
      throw BasinError.usage("'\(pattern)' is no pattern of shards", advice: "Write it as train-{0000..0009}.tar")
    }
    let width = rest[..<dots.lowerBound].count
    let tails = try expanded(String(rest[rest.index(after: close)...]))
    return (first...last).flatMap { number in
      let digits = String(number)
      return tails.map { pattern[..<open] + String(repeating: "0", count: max(0, width - digits.count)) + digits + $0 }
    }
  }

  private static func split(of shard: String) -> PictureFolderLayout.Split? {
    let name = shard.split(separator: "/").last ?? ""
    return PictureFolderLayout.split(name.prefix { $0.isLetter })
  }

  private static func examples(_ shard: String) throws -> [Example] {
    var order: [Substring] = []
    var pictures: [Substring: StoredPicture] = [:]
    var labels: [Substring: String] = [:]
    func parts(_ path: String) -> (key: Substring, kind: Substring) {
      let start = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
      guard let dot = path[start...].firstIndex(of: ".") else { return (path[...], "") }
      return (path[..<dot], path[path.index(after: dot)...])
    }
    let kinds: Set = ["jpg", "jpeg", "png", "cls"]
    try PictureArchive.forEachMember(of: shard, where: { kinds.contains(parts($0).kind.lowercased()) }) { member in
      guard case .file(let path, let bytes) = member else { return }
      let (key, kind) = parts(path)
      if kind == "cls" {
        labels[key] = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
      } else {
        guard pictures.updateValue(StoredPicture(source: shard, path: path, bytes: bytes), forKey: key) == nil else {
          throw BasinError.badData("a second picture of the example \(key)", file: shard, place: path)
        }
        order.append(key)
      }
    }
    return try order.map { key in
      guard let picture = pictures[key], let label = labels[key], !label.isEmpty else {
        throw BasinError.badData(
          "the picture has no class", file: shard, place: pictures[key]?.path, advice: "Put its class into \(key).cls in the same shard")
      }
      return Example(picture: picture, label: label)
    }
  }

  private static func classNames(_ train: [Example], beside shard: String) throws -> [String] {
    let file = (shard as NSString).deletingLastPathComponent + "/classes.txt"
    if let data = FileManager.default.contents(atPath: file) {
      let names = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
      guard !names.isEmpty, Set(names).count == names.count else {
        throw BasinError.badData("holds no class, or one twice", file: file, advice: "Write a class a line")
      }
      return names
    }
    let labels = Set(train.map(\.label))
    let numbers = labels.compactMap { Int($0) }
    guard numbers.count == labels.count else { return labels.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) } }
    // A number that a damaged file declares reserves no memory.
    guard let last = numbers.max(), let first = numbers.min(), first >= 0, last < 1_000_000 else {
      throw BasinError.badData("classes are \(numbers.min() ?? 0) to \(numbers.max() ?? 0)", file: shard, advice: "Number them from 0")
    }
    return (0...last).map(String.init)
  }
}
