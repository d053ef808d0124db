import Foundation
import PluginAPI
import Testing
import Vision
import VisionKernels

/// Pictures that are decoded when a batch needs them.
@Suite(.serialized) struct DatasetEncodedTests {
  private func jpegs() throws -> [String: [UInt8]] {
    try #require(AugmentationFixture.shared, "no augmentations.json").jpegs.mapValues { [UInt8]($0) }
  }

  private func options(
    _ decode: PictureDecoding, size: Int = 48, _ change: (inout PictureChoices) -> Void = { _ in }
  ) -> PictureFolderOptions {
    var options = PictureFolderOptions()
    options.size = size
    options.decode = decode
    change(&options.common)
    return options
  }

  private func folder(_ path: String, _ options: PictureFolderOptions) throws -> PictureDataset<PictureFolder> {
    var set = try PictureDataset<PictureFolder>(
      options, source: DataSource(name: "images", path: path), random: Random(seed: 1))
    try set.fit(training: Array(0..<set.count(.train)))
    return set
  }

  /// Two classes of JPEG files, turned in all ways, and PNG files.
  private func writePictures(_ folder: TemporaryFolder) throws {
    for (index, (name, bytes)) in try jpegs().sorted(by: { $0.key < $1.key }).enumerated() {
      try folder.write("\(index % 2 == 0 ? "a" : "b")/\(name).jpg", oriented(bytes, index % 8 + 1))
    }
    try folder.write("a/plain.png", makePNG(height: 60, width: 52, scrambledBytes(60 * 52 * 3)))
    try folder.write("b/plain.png", makePNG(height: 48, width: 48, scrambledBytes(48 * 48 * 3)))
  }

  private func values(
    _ set: PictureDataset<PictureFolder>, _ ids: [Int], _ seed: UInt64?, split: Split = .train
  ) throws -> [Float] {
    try set.batch(ids, of: split, augmentation: seed.map { Random(seed: $0) }).input.images.values()
  }

  // MARK: Parts of JPEG pictures

  private struct Part {
    var pixels: [UInt8]
    var size: PictureSize
    var top, left: Double
    var shrink: Int
  }

  /// The decoded part given to `use`; nil where the picture is refused.
  private func withPart<R>(
    _ bytes: [UInt8], _ size: PictureSize, _ box: PictureRegion, shrink: Int = 1, _ use: (VisionDecodedRegion) -> R
  ) -> R? {
    var buffer = VisionBuffer(data: nil, capacity: 0)
    var region = VisionDecodedRegion()
    var message = [CChar](repeating: 0, count: Int(VISION_MESSAGE_CAPACITY))
    let status = vision_decode_region(
      bytes, bytes.count, Int32(size.height), Int32(size.width), Int32(box.top), Int32(box.left), Int32(box.height),
      Int32(box.width), Int32(shrink), &buffer, &region, &message)
    let result = status == 0 ? use(region) : nil
    free(buffer.data)
    return result
  }

  private func decode(_ bytes: [UInt8], _ size: PictureSize, _ box: PictureRegion, shrink: Int = 1) -> Part? {
    withPart(bytes, size, box, shrink: shrink) { region in
      Part(
        pixels: Array(UnsafeBufferPointer(start: region.pixels, count: Int(region.height * region.width) * 3)),
        size: PictureSize(height: Int(region.height), width: Int(region.width)), top: region.top, left: region.left,
        shrink: Int(region.shrink))
    }
  }

  /// Whether it is decoded, without a copy: every pixel is looked at.
  private func isDecoded(_ bytes: [UInt8], _ size: PictureSize, _ box: PictureRegion, shrink: Int = 1) -> Bool {
    let sum = withPart(bytes, size, box, shrink: shrink) { region in
      UnsafeBufferPointer(start: region.pixels, count: Int(region.height * region.width) * 3).reduce(0) { $0 &+ Int($1) }
    }
    return (sum ?? -1) >= 0
  }

  @Test(arguments: 1...8) func partsAreThoseOfTheWhole(_ orientation: Int) throws {
    for (name, plain) in try jpegs() {
      let bytes = oriented(plain, orientation)
      let (whole, size) = try PictureDecoder.decode(bytes, file: nil)
      #expect(size == (orientation < 5 ? PictureSize(height: 67, width: 90) : PictureSize(height: 90, width: 67)))
      let words = Random(seed: UInt64(orientation)).words(0..<160)
      for n in 0..<40 {
        func span(_ a: UInt32, _ b: UInt32, _ side: Int) -> (Int, Int) {
          let first = Int(a) % side
          return n == 0 ? (0, side) : (first, 1 + Int(b) % (side - first))
        }
        let (top, height) = span(words[4 * n], words[4 * n + 1], size.height)
        let (left, width) = span(words[4 * n + 2], words[4 * n + 3], size.width)
        let box = PictureRegion(top: top, left: left, height: height, width: width)
        let part = try #require(decode(bytes, size, box), "\(name) \(box)")
        let (y0, x0) = (Int(part.top), Int(part.left))
        try #require(y0 <= top && x0 <= left && y0 + part.size.height >= top + height && x0 + part.size.width >= left + width)
        var wrong = 0
        for y in top..<(top + height) {
          for i in (left * 3)..<((left + width) * 3) {
            let found = part.pixels[(y - y0) * part.size.width * 3 + i - x0 * 3]
            wrong += found == whole[y * size.width * 3 + i] ? 0 : 1
          }
        }
        #expect(wrong == 0, "\(name), orientation \(orientation), \(box): \(wrong) differ")
      }
    }
  }

  @Test(arguments: [2, 4, 8]) func smallerPicturesAreMeansOfTheWhole(_ shrink: Int) throws {
    let plain = try #require(jpegs()["444"])
    for orientation in 1...8 {
      let bytes = oriented(plain, orientation)
      let (whole, size) = try PictureDecoder.decode(bytes, file: nil)
      let box = PictureRegion(top: 16, left: 8, height: 40, width: 48)
      let part = try #require(decode(bytes, size, box, shrink: shrink))
      #expect(part.shrink == shrink)
      var sum = 0.0, count = 0.0
      for y in 0..<part.size.height {
        for x in 0..<part.size.width {
          let (top, left) = (Int(part.top) + y * shrink, Int(part.left) + x * shrink)
          guard top >= 0, left >= 0, top + shrink <= size.height, left + shrink <= size.width else { continue }
          for c in 0..<3 {
            var mean = 0.0
            for dy in 0..<shrink { for dx in 0..<shrink { mean += Double(whole[((top + dy) * size.width + left + dx) * 3 + c]) } }
            sum += abs(mean / Double(shrink * shrink) - Double(part.pixels[(y * part.size.width + x) * 3 + c]))
            count += 1
          }
        }
      }
      // A picture in the wrong place or turned differs by 30 levels and more.
      #expect(count > 100 && sum / count < 6, "orientation \(orientation): \(sum / count)")
    }
  }

  @Test func partsOutsideThePictureAreRefused() throws {
    let bytes = try #require(jpegs()["420"])
    let size = PictureSize(height: 67, width: 90)
    for box in [(0, 0, 68, 90), (-1, 0, 5, 5), (60, 0, 8, 1), (0, 80, 1, 11), (0, 0, 0, 1)] {
      #expect(!isDecoded(bytes, size, PictureRegion(top: box.0, left: box.1, height: box.2, width: box.3)))
    }
    #expect(!isDecoded(bytes, size, PictureRegion(top: 0, left: 0, height: 1, width: 1), shrink: 3))
    #expect(!isDecoded(bytes, PictureSize(height: 90, width: 67), PictureRegion(top: 0, left: 0, height: 1, width: 1)))
  }

  @Test func noDamageCrashesADecoderOfParts() throws {
    let size = PictureSize(height: 67, width: 90)
    let boxes = [PictureRegion(top: 0, left: 0, height: 67, width: 90), PictureRegion(top: 20, left: 33, height: 30, width: 21)]
    var refused = 0
    for (name, whole) in try jpegs() {
      for length in Swift.stride(from: 0, to: whole.count, by: 7) {
        if !isDecoded(Array(whole.prefix(length)), size, boxes[0]) { refused += 1 }
        _ = isDecoded(Array(whole.prefix(length)), size, boxes[1], shrink: 2)
      }
      let words = Random(seed: UInt64(name.utf8.count)).words(0..<4000)
      for n in 0..<1000 {
        var bytes = whole
        for k in 0..<(1 + n % 4) {
          bytes[Int(words[4 * n + k]) % bytes.count] = UInt8(truncatingIfNeeded: words[4 * n + k] >> 24)
        }
        for box in boxes { _ = isDecoded(bytes, size, box, shrink: [1, 2, 4, 8][n % 4]) }
      }
    }
    #expect(refused > 1000)
  }

  // MARK: Data sets

  @Test func whenPicturesAreDecodedDoesNotMatter() throws {
    let files = try TemporaryFolder()
    try writePictures(files)
    let ids = [3, 0, 7, 1, 1, 5, 2, 6, 4]
    let changes: [(inout PictureChoices) -> Void] = [
      { _ in }, { $0.padding = 9; $0.hue = 0.2; $0.cutout = 9 }, { $0.crop = .resized; $0.mixup = 0.5 },
      { $0.crop = .resized; $0.randAugment = 2; $0.testResize = 51 }, { $0.testResize = 60; $0.cutmix = 1 },
    ]
    for change in changes {
      let early = try folder(files.path, options(.memory, change)), late = try folder(files.path, options(.batch, change))
      #expect(early.facts.shape == late.facts.shape && late.facts.shape.description == "3x48x48")
      for seed in [nil, 1, 2] as [UInt64?] {
        let expected = try values(early, ids, seed)
        #expect(expected.allSatisfy { $0.isFinite })
        let isEqual = try values(late, ids, seed) == expected
        #expect(isEqual)
      }
    }
    // The option's default, below 1 GiB.
    let auto = try folder(files.path, options(.auto, changes[2]))
    #expect(try values(auto, ids, 1) == values(folder(files.path, options(.memory, changes[2])), ids, 1))
  }

  @Test func archivesAndShardsKeepTheirBytes() throws {
    let files = try TemporaryFolder()
    try writePictures(files)
    var tar = TarBuilder(), shard = TarBuilder()
    for (index, name) in try FileManager.default.subpathsOfDirectory(atPath: files.path).sorted().enumerated() {
      guard name.contains("."), let bytes = [UInt8](contentsOfFile: files.path + "/" + name) else { continue }
      tar.add(name, bytes)
      let kind = name.hasSuffix(".png") ? "png" : "jpg"
      shard.add("\(index + 10).\(kind)", bytes)
      shard.add("\(index + 10).cls", Array(name.prefix(1).utf8))
    }
    let place = try TemporaryFolder()
    let tarPath = try place.write("set.tar", tar.finished)
    try place.write("shards/one.tar", shard.finished)
    let choices = options(.batch) { $0.crop = .resized }
    let plain = try folder(files.path, choices)
    let expected = try values(plain, Array(0..<8), 4)
    #expect(try values(folder(tarPath, choices), Array(0..<8), 4) == expected)
    var shards = try PictureDataset<PictureShards>(
      choices, source: DataSource(name: "shards", path: place.path + "/shards"), random: Random(seed: 1))
    try shards.fit(training: Array(0..<8))
    #expect(try shards.batch(Array(0..<8), of: .train, augmentation: Random(seed: 4)).input.images.values() == expected)
    // Fewer of them are those chosen.
    var few = choices
    few.common.subset = 4
    #expect(try folder(files.path, few).count(.train) == 4)
  }

  @Test func threadsChangeNothing() throws {
    let before = try LibTorch.threads()
    defer { try? LibTorch.setThreads(before) }
    let files = try TemporaryFolder()
    try writePictures(files)
    let set = try folder(files.path, options(.batch, size: 16) { $0.crop = .resized; $0.contrast = 0.5; $0.cutmix = 0.5 })
    let ids = (0..<40).map { $0 % 8 }
    try LibTorch.setThreads(1)
    let once = try values(set, ids, 3)
    for threads in [2, 5] {
      try LibTorch.setThreads(threads)
      #expect(try values(set, ids, 3) == once)
    }
  }

  @Test(arguments: 2...8) func turnedPicturesAreCroppedUpright(_ orientation: Int) throws {
    let bytes = try oriented(#require(jpegs()["420"]), orientation)
    let (pixels, size) = try PictureDecoder.decode(bytes, file: nil)
    let turned = try TemporaryFolder(), upright = try TemporaryFolder()
    for name in ["a/1", "b/2"] {
      try turned.write(name + ".jpg", bytes)
      try upright.write(name + ".png", makePNG(height: size.height, width: size.width, pixels))
    }
    for crop in [PictureChoices.Crop.padded, .resized] {
      let choices = options(.batch) { $0.crop = crop }
      let found = try folder(turned.path, choices), expected = try folder(upright.path, choices)
      for seed in 0..<6 as Range<UInt64> {
        let isEqual = try values(found, [0, 1, 0], seed) == values(expected, [0, 1, 0], seed)
        #expect(isEqual, "\(crop) \(seed)")
      }
    }
  }

  @Test func damageIsNamedWhenItIsMet() throws {
    let files = try TemporaryFolder()
    try writePictures(files)
    let whole = try #require(jpegs()["420"])
    // A header that says nothing is noticed when loading, whatever comes later.
    try files.write("a/header.jpg", Array(whole.prefix(60)))
    let early = try basinError { _ = try folder(files.path, options(.batch)) }
    #expect(early.kind == .badData && early.place == "a/header.jpg", "\(early)")
    try FileManager.default.removeItem(atPath: files.path + "/a/header.jpg")
    try files.write("a/body.jpg", Array(whole.prefix(whole.count / 2)))
    var set = try PictureDataset<PictureFolder>(
      options(.batch), source: DataSource(name: "images", path: files.path), random: Random(seed: 1))
    let met = try basinError { try set.fit(training: Array(0..<set.count(.train))) }
    #expect(met.kind == .badData && met.place == "a/body.jpg" && met.file == files.path && met.advice != nil, "\(met)")
    let whereItIs = 2  // Behind 420 and 444... by name.
    let names = try FileManager.default.contentsOfDirectory(atPath: files.path + "/a").sorted()
    let index = try #require(names.firstIndex(of: "body.jpg"))
    try set.fit(training: (0..<set.count(.train)).filter { $0 != index })
    let inBatch = try basinError {
      _ = try set.batch([whereItIs == index ? 0 : whereItIs, index, index], of: .train, augmentation: nil)
    }
    #expect(inBatch.kind == .badData && inBatch.place == "a/body.jpg")
    #expect(throws: Never.self) { try set.batch([index + 1], of: .train, augmentation: nil) }
    // A file that goes while the program runs.
    try FileManager.default.removeItem(atPath: files.path + "/a/plain.png")
    let gone = try #require(names.firstIndex(of: "plain.png"))
    let error = try basinError { _ = try set.batch([gone], of: .train, augmentation: nil) }
    #expect(error.kind == .inputOutput && error.file == files.path + "/a/plain.png", "\(error)")
  }

  @Test(.enabled(if: sharedData != nil, "needs ../shared/data")) func hymenoptera() throws {
    let path = try #require(sharedData) + "/image/hymenoptera-subset.tar"
    let set = try folder(path, options(.batch, size: 224) { $0.crop = .resized })
    #expect(set.count(.train) == 40 && set.facts.shape.description == "3x224x224")
    let (input, _) = try set.batch(Array(0..<40), of: .train, augmentation: nil)
    // Measured as they are evaluated.
    #expect(try abs(input.images.mean().item()) < 1e-3)
    // Where a photograph has three times the pixels it is decoded at half its size: near, not equal.
    let choices: (PictureDecoding) -> PictureFolderOptions = { options($0, size: 64) { $0.crop = .resized } }
    let found = try values(folder(path, choices(.batch)), Array(0..<40), 8)
    let expected = try values(folder(path, choices(.memory)), Array(0..<40), 8)
    let mean = zip(found, expected).reduce(0.0) { $0 + Double(abs($1.0 - $1.1)) } / Double(found.count)
    #expect(mean > 0 && mean < 0.02, "\(mean)")
  }
}
