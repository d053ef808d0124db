import Foundation
import PluginAPI
import Testing
import Vision

/// Augmented batches as the host gets them.
@Suite(.serialized) struct DatasetAugmentationTests {
  private func shapes(_ change: (inout PictureChoices) -> Void) throws -> PictureDataset<Shapes> {
    var options = Shapes.SourceOptions()
    options.train = 60
    options.test = 20
    options.size = 24
    change(&options.common)
    var set = try PictureDataset<Shapes>(options, source: DataSource(name: "shapes"), random: Random(seed: 1))
    try set.fit(training: Array(0..<60))
    return set
  }

  private func images(_ set: PictureDataset<Shapes>, _ ids: [Int], seed: UInt64? = 5, split: Split = .train) throws -> [Float] {
    try set.batch(ids, of: split, augmentation: seed.map { Random(seed: $0) }).input.images.values()
  }

  private static func everything(_ choices: inout PictureChoices) {
    choices.crop = .resized
    (choices.brightness, choices.contrast, choices.saturation, choices.hue) = (0.4, 0.4, 0.4, 0.1)
    choices.randAugment = 2
    choices.cutout = 7
    choices.mixup = 0.4
    choices.cutmix = 1
  }

  @Test func threadsAndRepetitionChangeNothing() throws {
    let before = try LibTorch.threads()
    defer { try? LibTorch.setThreads(before) }
    let set = try shapes(Self.everything)
    for seed in 0..<4 as Range<UInt64> {
      try LibTorch.setThreads(1)
      let once = try images(set, Array(0..<60), seed: seed)
      for threads in [2, 3, 7] {
        try LibTorch.setThreads(threads)
        #expect(try images(set, Array(0..<60), seed: seed) == once)
      }
    }
    #expect(try images(set, Array(0..<60), seed: 1) != images(set, Array(0..<60), seed: 2))
  }

  @Test func bothWaysThroughTheKernelsAreTheSame() throws {
    // Factors so near 1 change no byte, and take the way of operations: windows, sides and numbers are those of the plain way.
    for padding in [0, 4, 40] {
      let plain = try images(shapes { $0.padding = padding }, Array(0..<60))
      #expect(try images(shapes { $0.padding = padding; $0.brightness = 1e-9 }, Array(0..<60)) == plain)
    }
  }

  @Test func oneOptionDoesNotChangeWhatAnotherDraws() throws {
    // With other options too, the squares are where they were.
    func zeros(_ change: (inout PictureChoices) -> Void) throws -> [Bool] {
      try images(shapes { $0.cutout = 5; change(&$0) }, Array(0..<30)).map { $0 == 0 }
    }
    let alone = try zeros { _ in }
    #expect(alone.count { $0 } > 1000)
    #expect(try zeros { $0.crop = .resized; $0.contrast = 0.3; $0.randAugment = 2 } == alone)
  }

  @Test func aRaggedBatchBeginsAsALongOne() throws {
    var choices = PictureChoices()
    Self.everything(&choices)
    (choices.mixup, choices.cutmix) = (0, 0)
    let set = try shapes { $0 = choices }
    let long = try images(set, Array(0..<60))
    for count in [1, 7, 13] { #expect(try images(set, Array(0..<count)) == Array(long.prefix(count * 3 * 576))) }
    // Mixed, the first is that of the batch's end, the others are as long as their neighbours are.
    let mixed = try shapes(Self.everything)
    let (input, target) = try mixed.batch([5], of: .train, augmentation: Random(seed: 9))
    #expect(input.images.shape == [1, 3, 24, 24] && target.shape == [1, 10])
    #expect(try target.values(Float.self).max() == 1)
  }

  @Test func mixedPixelsAndTargetsMatch() throws {
    let ids = Array(0..<60)
    for (mixup, cutmix) in [(0.8, 0.0), (0.0, 1.0)] {
      let set = try shapes { $0.mixup = mixup; $0.cutmix = cutmix; $0.cutout = 5 }
      let alone = try shapes { $0.cutout = 5 }
      let classes = try #require(set.labels(.train)).map(Int.init)
      var partly = 0
      for seed in 0..<12 as Range<UInt64> {
        let own = try images(alone, ids, seed: seed)
        let (input, target) = try set.batch(ids, of: .train, augmentation: Random(seed: seed))
        let found = try input.images.values(Float.self), shares = try target.values(Float.self)
        #expect(input.images.isChannelsLast && target.shape == [60, 10])
        let mix = try BatchMixing(mixup: mixup, cutmix: cutmix).draw(
          PictureSize(height: 24, width: 24), Random(seed: seed)["mix"])
        partly += mix.lambda > 0.05 && mix.lambda < 0.95 ? 1 : 0
        var wrong = 0
        for n in ids {
          let before = (n + 59) % 60
          var expected = [Float](repeating: 0, count: 10)
          expected[classes[n]] += mix.lambda
          expected[classes[before]] += 1 - mix.lambda
          let share = shares[(n * 10)..<(n * 10 + 10)]
          #expect(zip(share, expected).allSatisfy { abs($0 - $1) < 1e-6 } && abs(share.reduce(0, +) - 1) < 1e-6)
          for i in 0..<1728 {
            let (y, x) = (i % 576 / 24, i % 24)
            let (mine, other) = (own[n * 1728 + i], own[before * 1728 + i])
            let value: Float
            if let box = mix.box {
              let isInside = (box.top..<(box.top + box.height)).contains(y) && (box.left..<(box.left + box.width)).contains(x)
              value = isInside ? other : mine
            } else {
              value = mix.lambda == 1 ? mine : other * (1 - mix.lambda) + mine * mix.lambda
            }
            wrong += found[n * 1728 + i] == value ? 0 : 1
          }
        }
        #expect(wrong == 0, "seed \(seed): \(wrong) numbers differ")
      }
      #expect(partly >= 4)
    }
  }

  @Test func onlyAugmentedTrainingBatchesAreMixed() throws {
    let set = try shapes { $0.mixup = 1 }
    #expect(try set.batch([0, 1], of: .train, augmentation: nil).target.dtype == .int64)
    #expect(try set.batch([0, 1], of: .train, augmentation: Random(seed: 1)).target.dtype == .float32)
    #expect(try set.batch([0, 1], of: .test, augmentation: nil).target.dtype == .int64)
    #expect(try shapes { $0.cutout = 4 }.batch([0], of: .train, augmentation: Random(seed: 1)).target.dtype == .int64)
  }

  @Test func cutoutIsASquareOfZeros() throws {
    let ids = Array(0..<60)
    let plain = try images(shapes { _ in }, ids), cut = try images(shapes { $0.cutout = 6 }, ids)
    var whole = 0
    for n in ids {
      var rows = Set<Int>(), columns = Set<Int>()
      for i in 0..<1728 where plain[n * 1728 + i] != cut[n * 1728 + i] {
        #expect(cut[n * 1728 + i] == 0)
        rows.insert(i % 576 / 24)
        columns.insert(i % 24)
      }
      #expect(rows.count <= 6 && columns.count <= 6 && rows.count >= 3 && columns.count >= 3)
      whole += rows.count == 6 && columns.count == 6 ? 1 : 0
    }
    // 18.4 of 24 places a side have the whole square inside.
    #expect(whole > 15 && whole < 60)
  }

  @Test func operationsActOnTheCroppedPicture() throws {
    // Inverted brightness: with the factor fixed by its range nothing but black and white tell.
    let dark = try images(shapes { $0.brightness = 1; $0.flip = false; $0.padding = 0 }, Array(0..<60))
    let plain = try images(shapes { $0.flip = false; $0.padding = 0 }, Array(0..<60))
    let area = 1728
    let ratios = (0..<60).map { n in
      (plain[(n * area)..<((n + 1) * area)].reduce(0, +), dark[(n * area)..<((n + 1) * area)].reduce(0, +))
    }
    #expect(ratios.count { $0.0 < $0.1 } > 10 && ratios.count { $0.0 > $0.1 } > 10)
  }

  @Test func evaluationMayScaleAndCut() throws {
    // 24 scaled to 48 and the middle 24 of it: the middle 12 of the picture, twice as large.
    let set = try shapes { $0.testResize = 48 }
    let plain = try images(shapes { _ in }, [3], seed: nil, split: .test), zoomed = try images(set, [3], seed: nil, split: .test)
    // Between two source pixels, a quarter from the nearer: (3 a + b) / 4 in both directions.
    func at(_ y: Int, _ x: Int) -> Float { plain[y * 24 + x] }
    let expected = (9 * at(6, 6) + 3 * at(6, 5) + 3 * at(5, 6) + at(5, 5)) / 16
    #expect(abs(zoomed[0] - expected) < 0.02)
    #expect(try images(shapes { $0.crop = .resized }, [3], seed: nil, split: .test) == plain)
  }

  @Test func nonsenseIsRefusedWithAdvice() throws {
    let cases: [((inout PictureChoices) -> Void, String)] = [
      ({ $0.minScale = 0.9; $0.maxScale = 0.2 }, "minScale=0.9 is above maxScale=0.2"),
      ({ $0.minRatio = 2 }, "minRatio=2.0 is above maxRatio"), ({ $0.augment = false; $0.mixup = 1 }, "mixup"),
      ({ $0.augment = false; $0.crop = .resized }, "crop=resized"), ({ $0.augment = false; $0.hue = 0.1 }, "hue"),
      ({ $0.augment = false; $0.cutout = 3 }, "cutout"), ({ $0.augment = false; $0.randAugment = 3 }, "randAugment"),
      ({ $0.testResize = 23 }, "testResize=23 is smaller"), ({ $0.cutout = 49 }, "cutout=49"),
    ]
    for (change, text) in cases {
      let error = try basinError { _ = try shapes(change) }
      #expect(error.kind == .usage && error.message.contains(text) && error.advice != nil, "\(error)")
    }
    for (name, value) in [
      ("crop", "random"), ("minScale", "0"), ("maxScale", "1.1"), ("hue", "0.6"), ("brightness", "-1"), ("randAugment", "17"),
      ("randAugmentMagnitude", "31"), ("mixup", "nan"), ("cutmix", "-0.1"), ("cutout", "x"), ("testResize", "-1"),
    ] {
      let error = try basinError { _ = try Shapes.SourceOptions(settings: [name: value], of: "shapes") }
      #expect(error.kind == .usage && error.advice != nil, "\(name)=\(value)")
    }
    let options = try Shapes.SourceOptions(settings: ["crop": "resized", "mixup": "0.2", "minScale": "0.3"], of: "shapes")
    #expect(options.common.crop == .resized && options.common.mixup == 0.2 && options.common.minScale == 0.3)
  }

  @Test func greyPicturesHaveNoColour() throws {
    let folder = try TemporaryFolder()
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 28, 0, 0, 0, 28]
    try folder.write("image/mnist/train-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 6, 5, 0, 4, 1, 9, 2])
    try folder.write("image/mnist/train-images-idx3-ubyte", header + scrambledBytes(6 * 28 * 28))
    func set(_ change: (inout IDXOptions) -> Void) throws -> PictureDataset<MNIST> {
      var options = IDXOptions()
      options.common.augment = true
      change(&options)
      var set = try PictureDataset<MNIST>(
        options, source: DataSource(name: "mnist", root: folder.path), random: Random(seed: 1))
      try set.fit(training: Array(0..<6))
      return set
    }
    let error = try basinError { _ = try set { $0.common.saturation = 0.3 } }
    #expect(error.kind == .usage && error.message.contains("grey"))
    #expect(try basinError { _ = try set { $0.common.hue = 0.3 } }.kind == .usage)
    let full = try set {
      $0.common.crop = .resized
      (($0.common.brightness, $0.common.contrast), ($0.common.randAugment, $0.common.cutout)) = ((0.4, 0.4), (3, 8))
      $0.common.cutmix = 1
      $0.size = 32
    }
    let (input, target) = try full.batch([0, 1, 2, 3, 4, 5], of: .train, augmentation: Random(seed: 3))
    #expect(input.images.shape == [6, 1, 32, 32] && target.shape == [6, 10])
    #expect(try input.images.values(Float.self).allSatisfy { $0.isFinite && abs($0) < 4 })
  }
}
