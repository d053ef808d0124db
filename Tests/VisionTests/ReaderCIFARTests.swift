import Foundation
import PluginAPI
import Testing
import Vision

@Suite struct ReaderCIFARTests {
  /// A record whose colour planes hold 1, 2, 3 apart from one pixel.
  private func record(_ labels: [UInt8], corner: [UInt8]) -> [UInt8] {
    labels + (0..<3).flatMap { c in [corner[c]] + [UInt8](repeating: UInt8(c + 1), count: 1023) }
  }

  private func files(_ prefix: String = "") -> [(String, [UInt8])] {
    var files: [(String, [UInt8])] = []
    for k in 1...5 {
      files.append((prefix + "data_batch_\(k).bin", record([UInt8(k)], corner: [UInt8(10 * k), 100, 200])))
    }
    files.append((prefix + "test_batch.bin", record([9], corner: [7, 8, 9]) + record([0], corner: [1, 1, 1])))
    return files
  }

  private func check(_ splits: PictureSplits) {
    #expect(splits.train.labels == [1, 2, 3, 4, 5])
    #expect(splits.test?.labels == [9, 0])
    #expect(Array(splits.train.pixels[(2 * 3072)..<(2 * 3072 + 6)]) == [30, 100, 200, 1, 2, 3])
    #expect((splits.train.height, splits.train.width, splits.train.channels) == (32, 32, 3))
    #expect(splits.test?.pixels.prefix(6) == [7, 8, 9, 1, 2, 3])
  }

  @Test(arguments: ["image/cifar-10-batches-bin/", "cifar-10-batches-bin/"]) func folder(_ prefix: String) throws {
    let folder = try TemporaryFolder()
    for (name, bytes) in files(prefix) { try folder.write(name, bytes) }
    let splits = try CIFARReader.loadCIFAR10(root: folder.path).splits
    check(splits)
    #expect(splits.train.classNames[1] == "automobile")
  }

  @Test func archiveWithNames() throws {
    let folder = try TemporaryFolder()
    var tar = TarBuilder()
    tar.add("cifar-10-batches-bin/", [], type: "5")
    tar.add("cifar-10-batches-bin/batches.meta.txt", Array("a\nb\nc\nd\ne\nf\ng\nh\ni\r\nj\n\n".utf8))
    for (name, bytes) in files("cifar-10-batches-bin/") { tar.add(name, bytes) }
    try folder.writeGzip("cifar-10-binary.tar.gz", tar.finished)
    let splits = try CIFARReader.loadCIFAR10(root: folder.path).splits
    check(splits)
    #expect(splits.train.classNames == ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"])
  }

  @Test func cifar100TakesFineOrCoarseLabels() throws {
    let folder = try TemporaryFolder()
    try folder.write("cifar-100-binary/train.bin", record([19, 99], corner: [1, 2, 3]))
    try folder.write("cifar-100-binary/test.bin", record([3, 42], corner: [4, 5, 6]))
    let fine = try CIFARReader.loadCIFAR100(root: folder.path).splits
    #expect(fine.train.labels == [99] && fine.test?.labels == [42] && fine.train.classNames.count == 100)
    #expect(fine.test?.pixels.prefix(3) == [4, 5, 6])
    let coarse = try CIFARReader.loadCIFAR100(root: folder.path, labels: .coarse).splits
    #expect(coarse.train.labels == [19] && coarse.train.classNames.count == 20)
  }

  @Test func missingFilesAreListed() throws {
    let folder = try TemporaryFolder()
    let nothing = try basinError { _ = try CIFARReader.loadCIFAR10(root: folder.path).splits }
    #expect(nothing.kind == .missingInput)
    for path in ["image/cifar-10-batches-bin/", "cifar-10-binary.tar.gz"] {
      #expect(nothing.message.contains(path))
    }
    for (name, bytes) in files("cifar-10-batches-bin/") where !name.contains("_3") { try folder.write(name, bytes) }
    let incomplete = try basinError { _ = try CIFARReader.loadCIFAR10(root: folder.path).splits }
    #expect(incomplete.kind == .missingInput && incomplete.message.contains("data_batch_3.bin"))
    #expect(!incomplete.message.contains("data_batch_2.bin"))
  }

  @Test func damageIsNamed() throws {
    let folder = try TemporaryFolder()
    for (name, bytes) in files("cifar-10-batches-bin/") { try folder.write(name, bytes) }
    let cases: [([UInt8], String, String?)] = [
      ([], "empty", nil), (Array(record([1], corner: [0, 0, 0]).dropLast()), "3072 bytes are not", "record 0"),
      (record([1], corner: [0, 0, 0]) + [5], "3074 bytes are not", "record 1"),
      (record([1], corner: [0, 0, 0]) + record([10], corner: [0, 0, 0]), "label 10", "record 1, byte 3073"),
    ]
    for (bytes, text, place) in cases {
      try folder.write("cifar-10-batches-bin/data_batch_4.bin", bytes)
      let error = try basinError { _ = try CIFARReader.loadCIFAR10(root: folder.path).splits }
      #expect(error.kind == .badData && error.message.contains(text), "\(error)")
      #expect(error.place == place)
      #expect(error.file?.hasSuffix("data_batch_4.bin") == true)
    }
    try folder.write("cifar-10-batches-bin/data_batch_4.bin", record([1], corner: [0, 0, 0]))
    try folder.write("cifar-10-batches-bin/batches.meta.txt", [0xff, 0xfe, 0x0a, 0x61])
    let names = try basinError { _ = try CIFARReader.loadCIFAR10(root: folder.path).splits }
    #expect(names.kind == .badData && names.message.contains("2 class names instead of 10"))
  }

  @Test func archiveDamageIsNamed() throws {
    let folder = try TemporaryFolder()
    var tar = TarBuilder()
    for (name, bytes) in files() where name != "test_batch.bin" { tar.add(name, bytes) }
    try folder.write("cifar-10-binary.tar.gz", tar.finished)
    let incomplete = try basinError { _ = try CIFARReader.loadCIFAR10(root: folder.path).splits }
    #expect(incomplete.kind == .badData && incomplete.message.contains("lacks test_batch.bin"))
    try folder.write("cifar-10-binary.tar.gz", Array("not an archive".utf8))
    let garbage = try basinError { _ = try CIFARReader.loadCIFAR10(root: folder.path).splits }
    #expect(garbage.kind == .badData && garbage.file?.hasSuffix("tar.gz") == true, "\(garbage)")
  }
}
