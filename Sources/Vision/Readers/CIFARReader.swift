import Foundation
import PluginAPI

/// Reads the binary versions of CIFAR-10 and CIFAR-100: records of one label byte (CIFAR-100: coarse, then fine) and
/// 3 x 32 x 32 bytes, a plane a colour.
public enum CIFARReader {
  /// Which of CIFAR-100's labels to use.
  public enum Labels: Sendable { case fine, coarse }

  /// Finds CIFAR-10 under a data root: the folder `cifar-10-batches-bin` (in `image/` or at the top) or the published
  /// archive `cifar-10-binary.tar.gz` in the same places.
  ///
  /// - Returns: 50,000 and 10,000 pictures of [32, 32, 3] if the files are the published ones.
  /// - Throws: `BasinError` of kind `missingInput` that lists the paths looked for, or `badData`.
  public static func loadCIFAR10(root: String) throws -> PictureSplits {
    let layout = Layout(
      set: "CIFAR-10", folder: "cifar-10-batches-bin", archive: "cifar-10-binary.tar.gz",
      train: (1...5).map { "data_batch_\($0).bin" }, test: "test_batch.bin", names: "batches.meta.txt", labelBytes: 1,
      labelOffset: 0, classes: 10,
      classNames: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"])
    return try load(layout, root: DataRoot(path: root))
  }

  /// Finds CIFAR-100 in the same way: the folder `cifar-100-binary` or the archive `cifar-100-binary.tar.gz`.
  public static func loadCIFAR100(root: String, labels: Labels = .fine) throws -> PictureSplits {
    let isFine = labels == .fine
    let layout = Layout(
      set: "CIFAR-100", folder: "cifar-100-binary", archive: "cifar-100-binary.tar.gz", train: ["train.bin"],
      test: "test.bin", names: isFine ? "fine_label_names.txt" : "coarse_label_names.txt", labelBytes: 2,
      labelOffset: isFine ? 1 : 0, classes: isFine ? 100 : 20, classNames: nil)
    return try load(layout, root: DataRoot(path: root))
  }

  private struct Layout {
    var set, folder, archive: String
    var train: [String]
    var test, names: String
    var labelBytes, labelOffset, classes: Int
    /// Used where the file of names is missing; nil: numbers.
    var classNames: [String]?

  }

  private static let side = 32

  private static func load(_ layout: Layout, root: DataRoot) throws -> PictureSplits {
    let folders = ["image/", ""].map { $0 + layout.folder }
    let archives = ["image/", ""].map { $0 + layout.archive }
    let advice = "Unpack the published binary version there, or put the archive there"
    let needed = layout.train + [layout.test]
    if let folder = root.folder(folders) {
      let absent = needed.filter { !DataRoot.isFile(folder + "/" + $0) }
      guard absent.isEmpty else {
        throw BasinError.missing(
          "\(layout.set) is not complete: looked for " + absent.map { folder + "/" + $0 }.joined(separator: ", "),
          file: folder, advice: advice)
      }
      return try splits(layout, source: folder) { name in
        let path = folder + "/" + name
        guard DataRoot.isFile(path) else { return nil }
        return try PossiblyGzippedFile(path).read(upTo: largestFile)
      }
    }
    guard let archive = root.file(archives) else {
      throw root.nothingFound(
        layout.set, lookedFor: folders.flatMap { folder in needed.map { folder + "/" + $0 } } + archives,
        advice: advice)
    }
    var members: [String: [UInt8]] = [:]
    let wanted = Set(needed + [layout.names])
    func lastPart(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? "" }
    try PictureArchive.forEachMember(of: archive, where: { wanted.contains(lastPart($0)) }) { member in
      if case .file(let path, let bytes) = member { members[lastPart(path)] = bytes }
    }
    let absent = needed.filter { members[$0] == nil }
    guard absent.isEmpty else {
      throw BasinError.badData(
        "the archive lacks " + absent.joined(separator: ", "), file: archive, advice: "Fetch the file again")
    }
    return try splits(layout, source: archive) { members[$0] }
  }

  /// The published files are at most 154 MB; more is not one of them.
  private static let largestFile = 1 << 30

  private static func splits(
    _ layout: Layout, source: String, content: (String) throws -> [UInt8]?
  ) throws -> PictureSplits {
    let classNames = try classNames(layout, source: source, text: content(layout.names))
    func set(_ names: [String]) throws -> PictureSet {
      var pixels: [UInt8] = []
      var labels: [Int32] = []
      for name in names {
        try append(content(name) ?? [], of: source + "/" + name, layout, &pixels, &labels)
      }
      return try PictureSet(
        pixels: pixels, labels: labels, classNames: classNames, height: side, width: side, channels: 3, file: source)
    }
    return PictureSplits(train: try set(layout.train), test: try set([layout.test]))
  }

  private static func append(
    _ bytes: [UInt8], of file: String, _ layout: Layout, _ pixels: inout [UInt8], _ labels: inout [Int32]
  ) throws {
    let plane = side * side
    let record = layout.labelBytes + 3 * plane
    guard !bytes.isEmpty, bytes.count.isMultiple(of: record) else {
      throw BasinError.badData(
        bytes.isEmpty
          ? "the file is empty" : "\(bytes.count) bytes are not a whole number of records of \(record) bytes",
        file: file, place: bytes.isEmpty ? nil : "record \(bytes.count / record)",
        advice: "The file is truncated or not the binary version: fetch it again")
    }
    let count = bytes.count / record
    for n in 0..<count {
      let label = bytes[n * record + layout.labelOffset]
      guard label < layout.classes else {
        throw BasinError.badData(
          "label \(label) is not in 0...\(layout.classes - 1)", file: file,
          place: "record \(n), byte \(n * record + layout.labelOffset)", advice: "Fetch the file again")
      }
      labels.append(Int32(label))
    }
    let start = pixels.count
    pixels.append(contentsOf: repeatElement(0, count: count * 3 * plane))
    pixels.withUnsafeMutableBufferPointer { pixels in
      bytes.withUnsafeBufferPointer { bytes in
        for n in 0..<count {
          let planes = n * record + layout.labelBytes
          let picture = start + n * 3 * plane
          for i in 0..<plane {
            for c in 0..<3 { pixels[picture + 3 * i + c] = bytes[planes + c * plane + i] }
          }
        }
      }
    }
  }

  private static func classNames(_ layout: Layout, source: String, text: [UInt8]?) throws -> [String] {
    guard let text else { return layout.classNames ?? (0..<layout.classes).map(String.init) }
    let names = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    guard names.count == layout.classes else {
      throw BasinError.badData(
        "\(names.count) class names instead of \(layout.classes)", file: source + "/" + layout.names)
    }
    return names
  }
}
