import Foundation
import PluginAPI
import TestClock
import Testing
import Vision

@Suite struct ReaderPictureFolderTests {
  private func png(_ value: UInt8, _ side: Int = 2) -> [UInt8] {
    makePNG(height: side, width: side, [UInt8](repeating: value, count: side * side * 3))
  }

  @Test func folderOfClassesIsReadInTheOrderOfNames() throws {
    let folder = try TemporaryFolder()
    let pixels: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 250, 251, 252]
    try folder.write("dog/b.png", makePNG(height: 2, width: 2, pixels))
    try folder.write("dog/a.PNG", png(40))
    try folder.write("cat/z.png", png(50))
    try folder.write("cat/._z.png", [1, 2, 3])
    try folder.write("cat/notes.txt", [1])
    try folder.write(".hidden/x.png", [1])
    try folder.write("__MACOSX/cat/y.png", [1])
    let splits = try PictureFolderReader.load(folder.path)
    #expect(splits.train.classNames == ["cat", "dog"])
    #expect(splits.train.labels == [0, 1, 1])
    #expect(splits.train.pixels == [UInt8](repeating: 50, count: 12) + [UInt8](repeating: 40, count: 12) + pixels)
    #expect(splits.validation == nil && splits.test == nil)
  }

  @Test func tarGivesWhatTheFolderGives() throws {
    let folder = try TemporaryFolder()
    var tar = TarBuilder()
    tar.add("./", [], type: "5")
    let long = String(repeating: "long", count: 40) + ".png"
    for (name, value) in [("train/a/1.png", 1), ("train/b/2.png", 2), ("valid/b/3.png", 3), ("test/a/4.png", 4)] {
      try folder.write("set/" + name, png(UInt8(value)))
      tar.add("./set/" + name, png(UInt8(value)))
    }
    try folder.write("set/train/b/" + long, png(5))
    tar.add("././@LongLink", Array(("set/train/b/" + long).utf8) + [0], type: "L")
    tar.add("set/train/b/longlong", png(5))
    tar.add("set/train/a/._1.png", [9])
    tar.add("__MACOSX/set/train/a/._1.png", [9])
    let record = " path=set/train/\u{e9}t\u{e9}/6.png\n"
    let length = record.utf8.count + 2
    tar.add("PaxHeaders/6.png", Array("\(length)\(record)".utf8), type: "x")
    tar.add("set/train/6.png", png(6))
    try folder.write("set/train/\u{e9}t\u{e9}/6.png", png(6))
    let plain = try folder.write("set.tar", tar.finished)
    let packed = try folder.writeGzip("set.tgz", tar.finished)
    let fromFolder = try PictureFolderReader.load(folder.path + "/set")
    #expect(fromFolder.train.classNames == ["a", "b", "\u{e9}t\u{e9}"])
    #expect(fromFolder.train.labels == [0, 1, 1, 2])
    #expect(fromFolder.train.pixels.indices.filter { $0 % 12 == 0 }.map { fromFolder.train.pixels[$0] } == [1, 2, 5, 6])
    #expect(fromFolder.validation?.labels == [1] && fromFolder.validation?.pixels.first == 3)
    #expect(fromFolder.test?.labels == [0] && fromFolder.test?.pixels.first == 4)
    for archive in [plain, packed] {
      let splits = try PictureFolderReader.load(archive)
      #expect(splits.train.classNames == fromFolder.train.classNames)
      #expect(splits.train.labels == fromFolder.train.labels)
      #expect(splits.train.pixels == fromFolder.train.pixels)
      #expect(splits.validation?.pixels == fromFolder.validation?.pixels)
      #expect(splits.test?.pixels == fromFolder.test?.pixels)
    }
  }

  @Test func sizes() throws {
    let folder = try TemporaryFolder()
    try folder.write("a/1.png", png(10, 3))
    try folder.write("b/2.png", png(20, 3))
    #expect(try PictureFolderReader.load(folder.path).train.height == 3)
    let scaled = try PictureFolderReader.load(folder.path, size: 8).train
    #expect(scaled.height == 8 && scaled.width == 8)
    #expect(scaled.pixels == [UInt8](repeating: 10, count: 192) + [UInt8](repeating: 20, count: 192))
    try folder.write("b/3.png", png(30, 5))
    let mixed = try PictureFolderReader.load(folder.path, threads: 3).train
    #expect(mixed.height == 32 && mixed.width == 32 && mixed.count == 3)
    let wrong = try basinError { _ = try PictureFolderReader.load(folder.path, size: 0) }
    #expect(wrong.kind == .usage)
  }

  @Test func layoutsThatDoNotFitAreNamed() throws {
    let cases: [([String], [String], String)] = [
      ([], ["a"], "no pictures found"), (["1.png"], [], "outside the folder of a class"),
      (["a/1.png", "2.png"], [], "outside the folder of a class"),
      (["a/1.png"], ["b"], "the folder of class \"b\" holds no pictures"),
      (["train/a/1.png", "train/b/1.png", "test/a/2.png"], ["test/b"], "\"b\" holds no pictures"),
      (["train/a/1.png", "test/c/2.png"], [], "class \"c\" is in test but not in train"),
      (["test/a/1.png", "test/b/2.png"], [], "no training pictures"),
    ]
    for (pictures, folders, text) in cases {
      let folder = try TemporaryFolder()
      for name in pictures { try folder.write(name, png(1)) }
      for name in folders {
        try FileManager.default.createDirectory(
          atPath: folder.path + "/" + name, withIntermediateDirectories: true)
      }
      let error = try basinError { _ = try PictureFolderReader.load(folder.path) }
      #expect(error.kind == .badData && error.message.contains(text), "\(error)")
      #expect(error.file == folder.path)
    }
    let missing = try basinError { _ = try PictureFolderReader.load("/nowhere/at/all") }
    #expect(missing.kind == .missingInput && missing.file == "/nowhere/at/all")
  }

  @Test func damagedPicturesAreNamed() throws {
    let good = png(7, 8)
    var badChecksum = good
    badChecksum[good.count - 20] ^= 1
    let jpeg = TestJPEG.colour
    let huge = makePNG(height: 1, width: 1, [0, 0, 0]).replacingSize(9000)
    let cases: [([UInt8], String)] = [
      ([], "it is empty"), (Array("GIF89a....".utf8), "neither JPEG nor PNG"), (Array(good.prefix(60)), "damaged"),
      (badChecksum, "damaged"), (Array(jpeg.prefix(jpeg.count - 20)), "damaged"), (Array(jpeg.prefix(100)), "damaged"),
      ([0xff, 0xd8, 0xff] + scrambledBytes(300), "damaged"), (huge, "the largest area"),
      (jpeg.prefix(2) + [0xff, 0xd9], "damaged"),
    ]
    for (bytes, text) in cases {
      let folder = try TemporaryFolder()
      try folder.write("a/0.png", good)
      try folder.write("a/1.png", bytes)
      try folder.write("b/2.png", good)
      let error = try basinError { _ = try PictureFolderReader.load(folder.path) }
      #expect(error.kind == .badData && error.message.contains(text), "\(error)")
      #expect(error.place == "a/1.png")
      #expect(error.advice != nil)
    }
  }

  @Test func noPrefixOfAPictureAndNoChangedByteCrashes() throws {
    for whole in [TestJPEG.colour, TestJPEG.grey, png(9, 4)] {
      for length in 0..<(whole.count - 2) {
        #expect(throws: BasinError.self) { try PictureDecoder.decode(Array(whole.prefix(length)), file: nil) }
      }
      for (position, change) in zip(whole.indices, scrambledBytes(whole.count)) {
        var bytes = whole
        bytes[position] ^= change | 1
        // Some changes are legal pictures; none may do anything but decode or throw.
        if let picture = try? PictureDecoder.decode(bytes, file: nil) {
          #expect(picture.pixels.count == picture.size.height * picture.size.width * 3)
        }
      }
    }
  }

  @Test func truncatedTarFilesAreRefusedAtEveryLength() throws {
    let folder = try TemporaryFolder()
    var tar = TarBuilder()
    for (name, value) in [("a/1.png", 1), ("b/2.png", 2), ("b/3.png", 3)] { tar.add(name, png(UInt8(value))) }
    let whole = tar.finished
    let good = try folder.write("good.tar", whole)
    #expect(try PictureFolderReader.load(good).train.count == 3)
    for length in stride(from: 0, through: tar.bytes.count, by: 128) {
      let file = try folder.write("short.tar", Array(whole.prefix(length)))
      let error = try basinError { _ = try PictureFolderReader.load(file) }
      #expect(error.kind == .badData, "\(error)")
      #expect(error.file == file)
    }
    var changed = whole
    changed[1024 + 150] ^= 1  // The checksum of the second header.
    let file = try folder.write("changed.tar", changed)
    #expect(try basinError { _ = try PictureFolderReader.load(file) }.kind == .badData)
  }

  @Test func tarWithoutPicturesOrWithLinksIsRefused() throws {
    let folder = try TemporaryFolder()
    var tar = TarBuilder()
    tar.add("a/readme.txt", [1])
    let empty = try basinError { _ = try PictureFolderReader.load(folder.write("e.tar", tar.finished)) }
    #expect(empty.kind == .badData && empty.message.contains("no pictures found"))
    tar.add("a/1.png", [], type: "2", link: "../../etc/passwd")
    let link = try basinError { _ = try PictureFolderReader.load(folder.write("l.tar", tar.finished)) }
    #expect(link.kind == .badData && link.place == "member a/1.png")
  }

  @Test(.enabled(if: sharedData != nil, "needs ../shared/data")) func cifarSubset() throws {
    let file = try #require(sharedData) + "/image/cifar10-jpg-subset.tar"
    var loaded: PictureSplits?
    let seconds = try processorSeconds { loaded = try PictureFolderReader.load(file) }
    let splits = try #require(loaded)
    #expect(splits.train.classCounts() == [Int](repeating: 500, count: 10))
    #expect(splits.test?.classCounts() == [Int](repeating: 100, count: 10))
    #expect(splits.train.height == 32 && splits.train.width == 32)
    #expect(splits.train.classNames[0] == "airplane" && splits.train.classNames[9] == "truck")
    // Near the published means of CIFAR-10: 0.4914, 0.4822, 0.4465.
    #expect(zip(splits.train.statistics().mean, [0.4914, 0.4822, 0.4465]).allSatisfy { abs($0 - $1) < 0.01 })
    #expect(seconds < 5)
  }

  @Test(.enabled(if: sharedData != nil, "needs ../shared/data")) func hymenoptera() throws {
    let file = try #require(sharedData) + "/image/hymenoptera-subset.tar"
    let splits = try PictureFolderReader.load(file, size: 48)
    #expect(splits.train.classNames == ["ants", "bees"])
    #expect(splits.train.classCounts() == [20, 20])
    #expect(splits.validation?.classCounts() == [10, 10])
    #expect(splits.test == nil && splits.train.height == 48)
    let again = try PictureFolderReader.load(file, size: 48, threads: 5)
    #expect(again.train.pixels == splits.train.pixels)
  }
}

extension Array where Element == UInt8 {
  /// A PNG whose header states this side, with the right checksum.
  fileprivate func replacingSize(_ side: Int) -> [UInt8] {
    let png = makePNG(height: side, width: side, channels: 0, [])  // The first 33 bytes are signature and IHDR.
    return Array(png[..<33]) + self[33...]
  }
}
