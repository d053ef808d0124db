import PluginAPI
import Testing
import Vision

@Suite struct ReaderIDXTests {
  private func header(_ type: UInt8, _ sizes: [Int]) -> [UInt8] {
    [0, 0, type, UInt8(sizes.count)]
      + sizes.flatMap { size in [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> $0) } }
  }

  private func pictures(_ count: Int, _ side: Int = 2) -> [UInt8] {
    header(8, [count, side, side]) + (0..<(count * side * side)).map { UInt8(truncatingIfNeeded: $0) }
  }

  private func labels(_ values: [UInt8]) -> [UInt8] { header(8, [values.count]) + values }

  @Test func plainAndGzippedFilesGiveTheSameValues() throws {
    let folder = try TemporaryFolder()
    try folder.write("mnist/train-images-idx3-ubyte", pictures(3))
    try folder.write("mnist/train-labels-idx1-ubyte", labels([7, 0, 9]))
    try folder.writeGzip("mnist/t10k-images-idx3-ubyte.gz", pictures(2))
    try folder.writeGzip("mnist/t10k-labels-idx1-ubyte.gz", labels([1, 2]))
    let splits = try IDXReader.load("mnist", root: folder.path)
    #expect(splits.train.pixels == (0..<12).map { UInt8($0) })
    #expect(splits.train.labels == [7, 0, 9])
    #expect(splits.train.classNames == (0..<10).map(String.init))
    #expect((splits.train.height, splits.train.width, splits.train.channels) == (2, 2, 1))
    #expect(splits.test?.pixels == (0..<8).map { UInt8($0) })
    #expect(splits.test?.labels == [1, 2])
    #expect(splits.validation == nil)
  }

  @Test func lookingInTheImageFolderAndForOtherNames() throws {
    let folder = try TemporaryFolder()
    try folder.write("image/fashion-mnist/raw/train-images.idx3-ubyte", pictures(1))
    try folder.write("image/fashion-mnist/raw/train-labels.idx1-ubyte", labels([9]))
    let splits = try IDXReader.load("fashion-mnist", root: folder.path)
    #expect(splits.train.classNames[9] == "Ankle boot")
    #expect(splits.test == nil)
  }

  @Test func missingFilesAreListed() throws {
    let folder = try TemporaryFolder()
    let error = try basinError { _ = try IDXReader.load("kmnist", root: folder.path) }
    #expect(error.kind == .missingInput)
    for path in ["image/kmnist/train-images-idx3-ubyte.gz", "/kmnist/raw/train-images.idx3-ubyte"] {
      #expect(error.message.contains(path))
    }
    try folder.write("kmnist/train-images-idx3-ubyte", pictures(1))
    let second = try basinError { _ = try IDXReader.load("kmnist", root: folder.path) }
    #expect(second.kind == .missingInput && second.message.contains("kmnist/train-labels-idx1-ubyte"))
    try folder.write("kmnist/train-labels-idx1-ubyte", labels([0]))
    try folder.write("kmnist/t10k-labels-idx1-ubyte", labels([0]))
    let third = try basinError { _ = try IDXReader.load("kmnist", root: folder.path) }
    #expect(third.kind == .missingInput && third.message.contains("t10k-images-idx3-ubyte"))
  }

  @Test func damageIsNamed() throws {
    let folder = try TemporaryFolder()
    let good = try folder.write("labels", labels([0, 1, 2]))
    func error(_ bytes: [UInt8]) throws -> BasinError {
      let file = try folder.write("pictures", bytes)
      return try basinError { _ = try IDXReader.read(pictures: file, labels: good) }
    }
    let cases: [([UInt8], String)] = [
      ([], "an empty file"), ([0, 0, 8], "wrong magic number"), (labels([0, 1, 2]), "found 00000801"),
      (header(13, [3, 2, 2]), "wrong magic number"), (Array(pictures(3).prefix(9)), "header is cut short"),
      (Array(pictures(3).dropLast()), "announces 12 values, the file holds 11"), (pictures(3) + [0], "goes on after"),
      (pictures(2), "3 labels for the 2 pictures"), (header(8, [0, 2, 2]), "size 0 is 0"),
      (header(8, [0xffff_ffff, 0xffff_ffff, 0xffff_ffff]), "impossible size"),
      (header(8, [0xffff_ffff, 0xffff, 1]), "the file holds 0"),
    ]
    for (bytes, text) in cases {
      let error = try error(bytes)
      #expect(error.kind == .badData)
      #expect(error.message.contains(text), "\(error)")
      #expect(error.file != nil)
    }
  }

  @Test func labelsOutsideTheClassesAreNamed() throws {
    let folder = try TemporaryFolder()
    try folder.write("mnist/train-images-idx3-ubyte", pictures(2))
    try folder.write("mnist/train-labels-idx1-ubyte", labels([3, 10]))
    let error = try basinError { _ = try IDXReader.load("mnist", root: folder.path) }
    #expect(error.kind == .badData)
    #expect(error.message.contains("label 10 is not in 0...9"))
    #expect(error.place == "picture 1")
  }

  @Test(arguments: ["short", "checksum", "middle"]) func damagedGzipIsNoticed(_ damage: String) throws {
    let folder = try TemporaryFolder()
    let count = 400
    let content = header(8, [count, 8, 8]) + scrambledBytes(count * 64)
    let whole = try folder.writeGzip("whole.gz", content)
    let packed = try #require(Array(contentsOfFile: whole))
    var bytes = packed
    switch damage {
    case "short": bytes.removeLast(bytes.count / 2)
    case "checksum": bytes[bytes.count - 8] ^= 1
    default: bytes[bytes.count / 2] ^= 0x40
    }
    let good = try folder.write("labels", labels([UInt8](repeating: 1, count: count)))
    #expect(try IDXReader.read(pictures: whole, labels: good).count == count)
    let file = try folder.write("damaged.gz", bytes)
    let error = try basinError { _ = try IDXReader.read(pictures: file, labels: good) }
    #expect(error.kind == .badData)
    #expect(error.message.contains("gzip"), "\(error)")
    #expect(error.file == file)
  }

  @Test(.enabled(if: sharedData != nil, "needs ../shared/data")) func mnist() throws {
    let root = try #require(sharedData)
    let splits = try IDXReader.load("mnist", root: root)
    #expect(splits.train.count == 60000)
    #expect(splits.test?.count == 10000)
    #expect(splits.train.classCounts() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    #expect(splits.train.labels.prefix(5) == [5, 0, 4, 1, 9])
    let (mean, deviation) = splits.train.statistics()
    #expect(abs(mean[0] - 0.1307) < 1e-4 && abs(deviation[0] - 0.3081) < 1e-4)
  }
}
