import PluginAPI

/// Reads the IDX format of MNIST and its family (Fashion-MNIST, KMNIST, EMNIST), plain or gzipped.
///
/// A file is a big-endian header (two zero bytes, the element type, the number of dimensions, one 32-bit size each) and
/// the values. Pictures are type 8 (unsigned byte) with three dimensions, labels type 8 with one.
public enum IDXReader {
  /// Finds a set under a data root: `image/NAME`, `NAME`, and a folder `raw` in either.
  ///
  /// Files are named `train-images-idx3-ubyte` and so on, with `-idx` or `.idx`, with or without `.gz`. Test files may
  /// be missing, both of them.
  ///
  /// - Parameters:
  ///   - prefix: what stands before these names (EMNIST: `emnist-balanced-`).
  ///   - folders: where to look, relative to `root`; nil: as above.
  ///   - areTransposed: whether the files hold columns where others hold rows (EMNIST).
  ///   - firstLabel: what the first class is called in the files.
  ///   - classNames: nil: the usual ones of that name.
  /// - Throws: `BasinError` of kind `missingInput` that lists the paths looked for, or `badData`.
  public static func load(
    _ name: String, root: String, prefix: String = "", folders: [String]? = nil, areTransposed: Bool = false,
    firstLabel: Int = 0, classNames: [String]? = nil
  ) throws -> PictureSplits {
    let root = DataRoot(path: root)
    let folders = folders ?? usualFolders(name)
    func find(_ stem: String, _ dimensions: Int) throws -> String? {
      root.file(names(prefix + stem, dimensions, in: folders))
    }
    func notFound(_ stem: String, _ dimensions: Int) -> BasinError {
      root.nothingFound(
        "the \(stem) file of \(name)", lookedFor: names(prefix + stem, dimensions, in: folders),
        advice: "Put the published IDX files there")
    }
    guard let trainPictures = try find("train-images", 3) else { throw notFound("train-images", 3) }
    guard let trainLabels = try find("train-labels", 1) else { throw notFound("train-labels", 1) }
    let testPictures = try find("t10k-images", 3) ?? find("test-images", 3)
    let testLabels = try find("t10k-labels", 1) ?? find("test-labels", 1)

    func read(_ pictures: String, _ labels: String) throws -> Parts {
      var parts = try readParts(pictures: pictures, labels: labels)
      if areTransposed { parts.transpose() }
      try parts.subtract(firstLabel, file: labels)
      return parts
    }
    let train = try read(trainPictures, trainLabels)
    var test: Parts?
    switch (testPictures, testLabels) {
    case (let pictures?, let labels?): test = try read(pictures, labels)
    case (nil, nil): test = nil
    case (nil, _?): throw notFound("t10k-images", 3)
    case (_?, nil): throw notFound("t10k-labels", 1)
    }
    if let test, (test.height, test.width) != (train.height, train.width) {
      throw BasinError.badData(
        "test pictures are \(test.height)x\(test.width), those of train \(train.height)x\(train.width)",
        file: testPictures)
    }
    let classNames = classNames ?? self.classNames(of: name, labels: train.labels + (test?.labels ?? []))
    return PictureSplits(
      train: try train.set(classNames, file: trainLabels), test: try test?.set(classNames, file: testLabels))
  }

  /// Reads one pair of files.
  ///
  /// - Parameter classNames: nil names the classes `0`, `1`, ... up to the largest label.
  public static func read(pictures: String, labels: String, classNames: [String]? = nil) throws -> PictureSet {
    let parts = try readParts(pictures: pictures, labels: labels)
    return try parts.set(classNames ?? self.classNames(of: "", labels: parts.labels), file: labels)
  }

  private struct Parts {
    var pixels, labels: [UInt8]
    var height, width: Int

    func set(_ classNames: [String], file: String?) throws -> PictureSet {
      try PictureSet(
        pixels: pixels, labels: labels.map(Int32.init), classNames: classNames, height: height, width: width,
        channels: 1, file: file)
    }

    mutating func transpose() {
      let area = height * width
      var turned = [UInt8](repeating: 0, count: pixels.count)
      for picture in stride(from: 0, to: pixels.count, by: area) {
        for y in 0..<height {
          for x in 0..<width { turned[picture + x * height + y] = pixels[picture + y * width + x] }
        }
      }
      pixels = turned
      (height, width) = (width, height)
    }

    mutating func subtract(_ first: Int, file: String) throws {
      guard first > 0 else { return }
      if let index = labels.firstIndex(where: { $0 < first }) {
        throw BasinError.badData("label \(labels[index]): classes begin at \(first) here", file: file, place: "byte \(8 + index)")
      }
      for index in labels.indices { labels[index] -= UInt8(first) }
    }
  }

  private static func readParts(pictures: String, labels: String) throws -> Parts {
    let (sizes, pixels) = try readValues(pictures, dimensions: 3)
    let (counts, values) = try readValues(labels, dimensions: 1)
    guard sizes[0] == counts[0] else {
      throw BasinError.badData(
        "\(counts[0]) labels for the \(sizes[0]) pictures of \(pictures)", file: labels, place: "byte 4",
        advice: "The two files do not belong together, or one is damaged")
    }
    return Parts(pixels: pixels, labels: values, height: sizes[1], width: sizes[2])
  }

  /// Reads header and values of a file of unsigned bytes.
  private static func readValues(_ path: String, dimensions: Int) throws -> (sizes: [Int], values: [UInt8]) {
    let file = try PossiblyGzippedFile(path)
    let header = try file.read(upTo: 4 + 4 * dimensions)
    guard header.count >= 4, header[0] == 0, header[1] == 0, header[2] == 8, header[3] == UInt8(dimensions) else {
      let found = header.prefix(4).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
      throw BasinError.badData(
        "wrong magic number: expected 0000080\(dimensions) (unsigned bytes, \(dimensions) dimensions), found "
          + (found.isEmpty ? "an empty file" : found), file: path, place: "byte 0",
        advice: "Is it an IDX file of \(dimensions == 1 ? "labels" : "pictures")")
    }
    guard header.count == 4 + 4 * dimensions else {
      throw BasinError.badData("the header is cut short", file: path, place: "byte \(header.count)")
    }
    let sizes = (0..<dimensions).map { k in
      header[(4 + 4 * k)..<(8 + 4 * k)].reduce(0) { $0 << 8 | Int($1) }
    }
    var total = 1
    for (k, size) in sizes.enumerated() {
      let (product, overflow) = total.multipliedReportingOverflow(by: size)
      guard size > 0, !overflow else {
        throw BasinError.badData(
          size > 0 ? "impossible size: \(sizes)" : "size \(k) is 0: there are no values", file: path,
          place: "byte \(4 + 4 * k)")
      }
      total = product
    }
    let values = try file.read(upTo: total)
    guard values.count == total else {
      throw BasinError.badData(
        "the header announces \(total) values, the file holds \(values.count)", file: path,
        place: "byte \(file.offset)", advice: "The file is truncated: fetch it again")
    }
    guard try file.isAtEnd() else {
      throw BasinError.badData(
        "data goes on after the \(total) values the header announces", file: path,
        place: "byte \(header.count + total)")
    }
    return (sizes, values)
  }

  static func usualFolders(_ name: String) -> [String] { ["image/\(name)", name, "image/\(name)/raw", "\(name)/raw"] }

  /// The files that `load` reads.
  static func files(prefix: String = "", folders: [String], root: String) -> [String] {
    let root = DataRoot(path: root)
    func find(_ stem: String, _ dimensions: Int) -> String? { root.file(names(prefix + stem, dimensions, in: folders)) }
    return [
      find("train-images", 3), find("train-labels", 1), find("t10k-images", 3) ?? find("test-images", 3),
      find("t10k-labels", 1) ?? find("test-labels", 1),
    ].compactMap { $0 }
  }

  private static func names(_ stem: String, _ dimensions: Int, in folders: [String]) -> [String] {
    folders.flatMap { folder in
      ["-", "."].flatMap { mark in
        ["", ".gz"].map { "\(folder)/\(stem)\(mark)idx\(dimensions)-ubyte\($0)" }
      }
    }
  }

  private static func classNames(of set: String, labels: [UInt8]) -> [String] {
    switch set {
    case "fashion-mnist":
      ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
    case "mnist", "kmnist", "qmnist": (0..<10).map(String.init)
    default: (0...Int(labels.max() ?? 0)).map(String.init)
    }
  }
}
