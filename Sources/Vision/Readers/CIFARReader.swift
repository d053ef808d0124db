import Foundation
import PluginAPI

/// Reads CIFAR-10 and CIFAR-100. The binary versions are records of one label byte (CIFAR-100: coarse, then fine) and
/// 3 x 32 x 32 bytes, a plane a colour; the python versions are pickled dictionaries of the same.
public enum CIFARReader {
  /// Which of CIFAR-100's labels to use.
  public enum Labels: Sendable { case fine, coarse }

  /// Finds CIFAR-10 under a data root: the folder `cifar-10-batches-bin` or the published archive `cifar-10-binary.tar.gz`, or
  /// of the python version `cifar-10-batches-py` or `cifar-10-python.tar.gz`, each in `image/` or at the top.
  ///
  /// - Returns: 50,000 and 10,000 pictures of [32, 32, 3] if the files are the published ones, and the files read.
  /// - Throws: `BasinError` of kind `missingInput` that lists the paths looked for, or `badData`.
  public static func loadCIFAR10(root: String) throws -> (splits: PictureSplits, files: [String]) {
    let layout = Layout(
      set: "CIFAR-10", places: [("cifar-10-batches-bin", "cifar-10-binary.tar.gz"), ("cifar-10-batches-py", "cifar-10-python.tar.gz")],
      train: (1...5).map { "data_batch_\($0)" }, test: "test_batch", names: "batches.meta.txt", labelBytes: 1, labelOffset: 0,
      pickled: .init(labels: "labels", namesFile: "batches.meta", names: "label_names"), classes: 10,
      classNames: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"])
    return try load(layout, root: DataRoot(path: root))
  }

  /// Finds CIFAR-100 in the same way: `cifar-100-binary`, `cifar-100-binary.tar.gz`, `cifar-100-python` or
  /// `cifar-100-python.tar.gz`.
  public static func loadCIFAR100(root: String, labels: Labels = .fine) throws -> (splits: PictureSplits, files: [String]) {
    let isFine = labels == .fine
    let kind = isFine ? "fine" : "coarse"
    let layout = Layout(
      set: "CIFAR-100", places: [("cifar-100-binary", "cifar-100-binary.tar.gz"), ("cifar-100-python", "cifar-100-python.tar.gz")],
      train: ["train"], test: "test", names: "\(kind)_label_names.txt", labelBytes: 2, labelOffset: isFine ? 1 : 0,
      pickled: .init(labels: "\(kind)_labels", namesFile: "meta", names: "\(kind)_label_names"), classes: isFine ? 100 : 20,
      classNames: nil)
    return try load(layout, root: DataRoot(path: root))
  }

  struct Layout {
    var set: String
    /// Folder and archive of the binary version, then of the python version.
    var places: [(folder: String, archive: String)]
    /// Names of files, in the binary version with `.bin` behind.
    var train: [String]
    var test, names: String
    var labelBytes, labelOffset: Int
    /// What the python version calls its parts.
    var pickled: Pickled
    var classes: Int
    /// Used where the file of names is missing; nil: numbers.
    var classNames: [String]?

    struct Pickled { var labels, namesFile, names: String }

    func files(isPickled: Bool) -> (train: [String], test: String, names: String) {
      isPickled ? (train, test, pickled.namesFile) : (train.map { $0 + ".bin" }, test + ".bin", names)
    }
  }

  private static let side = 32

  private static func load(_ layout: Layout, root: DataRoot) throws -> (splits: PictureSplits, files: [String]) {
    let advice = "Unpack a published version there, put its archive there, or run `basin data fetch`"
    var lookedFor: [String] = []
    for (version, place) in layout.places.enumerated() {
      let isPickled = version == 1
      let names = layout.files(isPickled: isPickled)
      let needed = names.train + [names.test]
      let folders = ["image/", ""].map { $0 + place.folder }, archives = ["image/", ""].map { $0 + place.archive }
      if let folder = root.folder(folders) {
        func path(_ name: String) -> String? { ["", ".gz"].map { "\(folder)/\(name)\($0)" }.first(where: DataRoot.isFile) }
        let absent = needed.filter { path($0) == nil }
        guard absent.isEmpty else {
          throw BasinError.missing(
            "\(layout.set) is not complete: looked for " + absent.map { folder + "/" + $0 }.joined(separator: ", "),
            file: folder, advice: advice)
        }
        let splits = try splits(layout, isPickled: isPickled, source: folder) { name in
          try path(name).map { try PossiblyGzippedFile($0).read(upTo: largestFile) }
        }
        return (splits, (needed + [names.names]).compactMap(path))
      }
      if let archive = root.file(archives) {
        let members = try PictureArchive.members(of: archive, named: Set(needed + [names.names]))
        let absent = needed.filter { members[$0] == nil }
        guard absent.isEmpty else {
          throw BasinError.badData(
            "the archive lacks " + absent.joined(separator: ", "), file: archive, advice: "Fetch the file again")
        }
        return (try splits(layout, isPickled: isPickled, source: archive) { members[$0] }, [archive])
      }
      lookedFor += folders.map { $0 + "/" } + archives
    }
    throw root.nothingFound(layout.set, lookedFor: lookedFor, advice: advice)
  }

  /// The published files are at most 154 MB; more is not one of them.
  private static let largestFile = 1 << 30

  private static func splits(
    _ layout: Layout, isPickled: Bool, source: String, content: (String) throws -> [UInt8]?
  ) throws -> PictureSplits {
    let files = layout.files(isPickled: isPickled)
    let classNames =
      isPickled
      ? try CIFARPickle.classNames(layout, content(files.names), file: source + "/" + files.names)
      : try classNames(layout, source: source, text: content(files.names))
    func set(_ names: [String]) throws -> PictureSet {
      var pixels: [UInt8] = []
      var labels: [Int32] = []
      for name in names {
        let file = source + "/" + name
        var bytes = try content(name) ?? []
        if isPickled { bytes = try CIFARPickle.records(layout, bytes, file: file) }
        try append(bytes, of: file, layout, &pixels, &labels)
      }
      return try PictureSet(
        pixels: pixels, labels: labels, classNames: classNames, height: side, width: side, channels: 3, file: source)
    }
    return PictureSplits(train: try set(files.train), test: try set([files.test]))
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
