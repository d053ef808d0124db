import Foundation
import PluginAPI
import Testing
import Vision

/// Data sets in the forms they are published in: CIFAR's python archives, EMNIST, STL-10, tar shards, turned photographs.
@Suite struct ReaderPublishedFormsTests {
  // MARK: CIFAR, python version

  /// A pickle as Python 2 wrote the published ones: {"data": an array of bytes, KEY: a list of numbers}.
  private func pickle(_ pictures: [UInt8], _ lists: [(String, [UInt8])]) -> [UInt8] {
    func short(_ text: String) -> [UInt8] { [0x55, UInt8(text.utf8.count)] + text.utf8 }  // SHORT_BINSTRING
    func number(_ value: Int) -> [UInt8] { [0x4a] + (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }  // BININT
    var bytes: [UInt8] = [0x80, 2] + Array("}(".utf8) + short("data")
    bytes += Array("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n".utf8) + [0x4b, 0, 0x85] + short("b") + [0x87, 0x52]
    bytes += Array("(".utf8) + number(1) + number(pictures.count / 3072) + number(3072) + [0x86]
    bytes += Array("cnumpy\ndtype\n".utf8) + short("u1") + [0x4b, 0, 0x4b, 1, 0x87, 0x52]
    bytes += Array("(".utf8) + number(3) + short("|") + Array("NNN".utf8) + number(-1) + number(-1) + number(0) + Array("tb".utf8)
    bytes += [0x89]  // C order
    bytes += [0x54] + (0..<4).map { UInt8(truncatingIfNeeded: pictures.count >> (8 * $0)) } + pictures + Array("tb".utf8)
    for (key, values) in lists { bytes += short(key) + Array("](".utf8) + values.flatMap { [0x4b, $0] } + Array("e".utf8) }
    return bytes + Array("u.".utf8)
  }

  private func meta(_ key: String, _ names: [String]) -> [UInt8] {
    func short(_ text: String) -> [UInt8] { [0x55, UInt8(text.utf8.count)] + text.utf8 }
    return [0x80, 2] + Array("}".utf8) + short(key) + Array("](".utf8) + names.flatMap(short) + Array("es.".utf8)
  }

  @Test func cifarPythonIsTheBinaryVersion() throws {
    let folder = try TemporaryFolder()
    var pictures: [[UInt8]] = [], tar = TarBuilder()
    for name in (1...5).map({ "data_batch_\($0)" }) + ["test_batch"] {
      let planes = scrambledBytes(2 * 3072, seed: UInt64(pictures.count + 1))
      pictures.append(planes)
      let labels: [UInt8] = [UInt8(pictures.count), 9]
      try folder.write("binary/cifar-10-batches-bin/\(name).bin", labels.indices.flatMap { [labels[$0]] + planes[($0 * 3072)..<(($0 + 1) * 3072)] })
      let content = pickle(planes, [("labels", labels)])
      try folder.write("python/image/cifar-10-batches-py/\(name)", content)
      tar.add("cifar-10-batches-py/\(name)", content)
    }
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]
    try folder.write("python/image/cifar-10-batches-py/batches.meta", meta("label_names", names))
    try folder.writeGzip("cifar-10-python.tar.gz", tar.finished)
    let binary = try CIFARReader.loadCIFAR10(root: folder.path + "/binary")
    let python = try CIFARReader.loadCIFAR10(root: folder.path + "/python")
    let archive = try CIFARReader.loadCIFAR10(root: folder.path)
    #expect(python.files.count == 7 && archive.files.count == 1)
    #expect(python.splits.train.classNames == names && archive.splits.train.classNames[2] == "bird")
    for other in [python, archive] {
      #expect(other.splits.train.pixels == binary.splits.train.pixels && other.splits.train.labels == binary.splits.train.labels)
      #expect(other.splits.test?.pixels == binary.splits.test?.pixels && other.splits.test?.labels == [6, 9])
    }
    // Cut off anywhere it is an error that names the file.
    let whole = pickle(pictures[0], [("labels", [1, 2])])
    for count in stride(from: 0, to: whole.count, by: 97) {
      let path = try folder.write("python/image/cifar-10-batches-py/data_batch_3", Array(whole[..<count]))
      let error = try basinError { _ = try CIFARReader.loadCIFAR10(root: folder.path + "/python") }
      #expect(error.kind == .badData && error.file == path)
    }
    for (lists, part) in [([("labels", [UInt8(1)])], "labels"), ([("fine_labels", [1, 2])], "labels"), ([("labels", [1, 12])], "12")] {
      try folder.write("python/image/cifar-10-batches-py/data_batch_3", pickle(pictures[0], lists))
      let error = try basinError { _ = try CIFARReader.loadCIFAR10(root: folder.path + "/python") }
      #expect(error.kind == .badData && error.description.contains(part), "\(error)")
    }
  }

  @Test func cifar100Python() throws {
    let folder = try TemporaryFolder()
    for name in ["train", "test"] {
      try folder.write(
        "cifar-100-python/\(name)", pickle(scrambledBytes(3072), [("coarse_labels", [19]), ("fine_labels", [99])]))
    }
    try folder.write("cifar-100-python/meta", meta("coarse_label_names", (0..<20).map { "group\($0)" }))
    #expect(try CIFARReader.loadCIFAR100(root: folder.path, labels: .coarse).splits.train.classNames[19] == "group19")
    let error = try basinError { _ = try CIFARReader.loadCIFAR100(root: folder.path) }
    #expect(error.file?.hasSuffix("cifar-100-python/meta") == true)
    try FileManager.default.removeItem(atPath: folder.path + "/cifar-100-python/meta")
    #expect(try CIFARReader.loadCIFAR100(root: folder.path).splits.test?.labels == [99])
  }

  // MARK: EMNIST and STL-10

  @Test func emnistIsTransposedAndItsPartsHaveTheirClasses() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path + "/image/emnist/gzip", withIntermediateDirectories: true)
    func write(_ part: String, _ labels: [UInt8]) throws {
      let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, UInt8(labels.count), 0, 0, 0, 2, 0, 0, 0, 3]
      for split in ["train", "test"] {
        try folder.writeGzip(
          "image/emnist/gzip/emnist-\(part)-\(split)-images-idx3-ubyte.gz", header + (0..<(6 * labels.count)).map { UInt8($0) })
        try folder.writeGzip(
          "image/emnist/gzip/emnist-\(part)-\(split)-labels-idx1-ubyte.gz", [0, 0, 8, 1, 0, 0, 0, UInt8(labels.count)] + labels)
      }
    }
    func load(_ part: EMNIST.Part) throws -> LoadedPictures {
      var options = EMNIST.SourceOptions()
      options.part = part
      return try EMNIST.load(options, DataSource(name: "emnist", root: folder.path))
    }
    try write("balanced", [0, 46])
    let balanced = try load(.balanced)
    #expect(balanced.files.count == 4)
    let train = balanced.splits.train
    #expect((train.height, train.width) == (3, 2) && train.labels == [0, 46])
    #expect(train.pixels == [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11])
    #expect(train.classNames.count == 47 && train.classNames[46] == "t" && train.classNames[10] == "A")
    try write("letters", [1, 26])
    let letters = try load(.letters)
    #expect(letters.splits.test?.labels == [0, 25] && letters.splits.train.classNames.count == 26)
    try write("byclass", [61, 36])
    #expect(try load(.byclass).splits.train.classNames[36...61].joined() == "abcdefghijklmnopqrstuvwxyz")
    try write("letters", [0, 26])
    #expect(try basinError { _ = try load(.letters) }.description.contains("begin at 1"))
    let absent = try basinError { _ = try load(.digits) }
    #expect(absent.kind == .missingInput && absent.description.contains("emnist-digits-train-images"))
  }

  @Test func stl10PlanesAreColumnByColumn() throws {
    let folder = try TemporaryFolder()
    let side = 96, picture = 3 * side * side
    // Element (channel, x, y) of picture n.
    func stored(_ count: Int, seed: UInt64) -> [UInt8] { scrambledBytes(count * picture, seed: seed) }
    let train = stored(2, seed: 1), test = stored(1, seed: 2)
    func write(_ labels: [UInt8], _ pixels: [UInt8], to prefix: String = "stl10_binary") throws {
      for (name, bytes) in [("train_X", pixels), ("train_y", labels), ("test_X", test), ("test_y", [10])] {
        try folder.write("\(prefix)/\(name).bin", bytes)
      }
    }
    try write([1, 10], train)
    let (splits, files) = try STL10Reader.load(root: folder.path)
    #expect(files.count == 4 && splits.train.labels == [0, 9] && splits.test?.labels == [9])
    #expect(splits.train.classNames[7] == "monkey" && splits.train.height == 96)
    for (n, channel, y, x) in [(0, 0, 0, 1), (1, 2, 17, 90), (1, 1, 95, 3)] {
      #expect(
        splits.train.pixels[((n * side + y) * side + x) * 3 + channel] == train[n * picture + (channel * side + x) * side + y])
    }
    for (labels, pixels, part) in [
      ([1, 11], train, "11"), ([0, 1], train, "label 0"), ([1], train, "1 labels"), ([1, 2], Array(train.dropLast()), "whole number"),
    ] as [([UInt8], [UInt8], String)] {
      try write(labels, pixels)
      let error = try basinError { _ = try STL10Reader.load(root: folder.path) }
      #expect(error.kind == .badData && error.description.contains(part), "\(error)")
    }
    #expect(try basinError { _ = try STL10Reader.load(root: "/nowhere") }.description.contains("stl10_binary.tar.gz"))
  }

  // MARK: Orientation

  @Test(arguments: 1...8, [true, false]) func photographsAreTurnedAsExifSays(orientation: Int, bigEndian: Bool) throws {
    func two(_ value: Int) -> [UInt8] { bigEndian ? [UInt8(value >> 8), UInt8(value & 255)] : [UInt8(value & 255), UInt8(value >> 8)] }
    func four(_ value: Int) -> [UInt8] { bigEndian ? two(0) + two(value) : two(value) + two(0) }
    let tiff = Array((bigEndian ? "MM" : "II").utf8) + two(42) + four(8) + two(2)
      + two(0x010f) + two(2) + four(1) + four(0)  // the maker
      + two(0x0112) + two(3) + four(1) + two(orientation) + two(0) + four(0)
    let marker = Array("Exif\0\0".utf8) + tiff
    let length = marker.count + 2
    let turned = TestJPEG.quarters.prefix(2) + [0xff, 0xe1, UInt8(length >> 8), UInt8(length & 255)] + marker + TestJPEG.quarters.dropFirst(2)
    let plain = try PictureDecoder.decode(TestJPEG.quarters, file: nil)
    let (pixels, size) = try PictureDecoder.decode(Array(turned), file: nil)
    let (height, width) = (plain.size.height, plain.size.width)
    #expect(size == (orientation < 5 ? plain.size : PictureSize(height: width, width: height)))
    // Where the stored element (row, column) is to be seen, by the standard's words on row 0 and column 0.
    func shown(_ row: Int, _ column: Int) -> (Int, Int) {
      let (bottom, right) = (height - 1 - row, width - 1 - column)
      return switch orientation {
      case 2: (row, right)  // row 0 is the top, column 0 the right side
      case 3: (bottom, right)
      case 4: (bottom, column)
      case 5: (column, row)  // row 0 is the left side, column 0 the top
      case 6: (column, bottom)  // row 0 is the right side
      case 7: (right, bottom)
      case 8: (right, row)
      default: (row, column)
      }
    }
    for row in 0..<height {
      for column in 0..<width {
        let (y, x) = shown(row, column)
        let stored = (row * width + column) * 3, seen = (y * size.width + x) * 3
        #expect(pixels[seen..<(seen + 3)].elementsEqual(plain.pixels[stored..<(stored + 3)]))
      }
    }
    // Damaged directories are passed over; they never crash.
    for at in 20..<(20 + marker.count) {
      var damaged = Array(turned)
      damaged[at] = 0xff
      _ = try? PictureDecoder.decode(damaged, file: nil)
    }
  }

  // MARK: Shards

  private func shard(_ examples: [(key: String, label: String?, shade: UInt8)]) -> [UInt8] {
    var tar = TarBuilder()
    for (key, label, shade) in examples {
      tar.add(key + ".png", makePNG(height: 2, width: 2, [UInt8](repeating: shade, count: 12)))
      tar.add(key + ".json", Array("{}".utf8))
      if let label { tar.add(key + ".cls", Array((label + "\n").utf8)) }
    }
    return tar.finished
  }

  @Test func shardsOfAFolderAndOfAPattern() throws {
    let folder = try TemporaryFolder()
    try folder.write("s/train-000.tar", shard([("a/0001", "2", 10), ("a/0002", "0", 20)]))
    try folder.writeGzip("s/train-001.tar.gz", shard([("0003", "1", 30)]))
    try folder.write("s/val-000.tar", shard([("0004", "1", 40)]))
    let splits = try PictureShardReader.load(folder.path + "/s")
    #expect(splits.train.labels == [2, 0, 1] && splits.validation?.labels == [1] && splits.test == nil)
    #expect(splits.train.classNames == ["0", "1", "2"] && splits.train.pixels[12] == 20 && splits.train.pixels[24] == 30)
    try folder.write("s/classes.txt", Array("zero\none\ntwo\n".utf8))
    #expect(try PictureShardReader.load(folder.path + "/s").train.classNames[2] == "two")

    try folder.write("p/data-08.tar", shard([("1", "dog", 1)]))
    try folder.write("p/data-09.tar", shard([("1", "cat", 2)]))
    try folder.write("p/data-10.tar", shard([("1", "dog", 3)]))
    let pattern = try PictureShardReader.load(folder.path + "/p/data-{08..10}.tar", size: 4)
    #expect(pattern.train.classNames == ["cat", "dog"] && pattern.train.labels == [1, 0, 1] && pattern.train.height == 4)
    let absent = try basinError { _ = try PictureShardReader.load(folder.path + "/p/data-{08..11}.tar") }
    #expect(absent.kind == .missingInput && absent.file?.hasSuffix("data-11.tar") == true)
    for pattern in ["{}.tar", "{1}.tar", "{2..1}.tar", "{0..9", "{-5..1}.tar", "{0..99999999}.tar"] {
      #expect(try basinError { _ = try PictureShardReader.load(folder.path + "/" + pattern) }.kind == .usage)
    }
  }

  @Test func damagedShardsAreNamed() throws {
    let folder = try TemporaryFolder()
    func error(_ part: String, _ kind: BasinError.Kind = .badData) throws {
      let error = try basinError { _ = try PictureShardReader.load(folder.path) }
      #expect(error.kind == kind && error.description.contains(part), "\(error)")
    }
    try error("no shards", .missingInput)
    let whole = shard([("0001", "1", 10)])
    try folder.write("train-0.tar", shard([("0001", nil, 10)]))
    try error("0001.png")
    try folder.write("train-0.tar", Array(whole.dropLast(1024)))
    try error("end marker")
    try folder.write("train-0.tar", whole)
    try folder.write("other.tar", whole)
    try error("other.tar")
    try FileManager.default.removeItem(atPath: folder.path + "/other.tar")
    try folder.write("test-0.tar", shard([("0001", "7", 10)]))
    try error("class \"7\"")
    try folder.write("test-0.tar", shard([("0001", "1", 1), ("0001", "1", 1)]))
    try error("second picture")
    try FileManager.default.removeItem(atPath: folder.path + "/test-0.tar")
    for label in ["99999999", "-1"] {
      try folder.write("train-0.tar", shard([("0001", label, 10)]))
      try error("Number them from 0")
    }
    var tar = TarBuilder()
    tar.add("17.cls", Array("0".utf8))
    tar.add("17.jpg", Array(TestJPEG.colour.dropLast(30)))
    try folder.write("train-0.tar", tar.finished)
    try error("17.jpg")
  }
}
