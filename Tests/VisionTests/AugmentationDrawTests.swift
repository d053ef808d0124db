import Foundation
import PluginAPI
import Testing
import Vision

/// What is drawn for each sample and each batch, and how often.
@Suite struct AugmentationDrawTests {
  private let random = Random(seed: 3)

  @Test func cropsHaveTheAreaAndRatioTheyShould() throws {
    let crop = try ResizedCrop()
    let size = PictureSize(height: 375, width: 500)
    let count = 4000
    let words = random.words(0..<ResizedCrop.words * count)
    var areas: [Double] = [], tops = Set<Int>()
    for n in 0..<count {
      let part = crop.region(of: size, words, at: n * ResizedCrop.words)
      #expect(part.top >= 0 && part.left >= 0 && part.top + part.height <= 375 && part.left + part.width <= 500)
      let area = Double(part.height * part.width) / 187_500, ratio = Double(part.width) / Double(part.height)
      // Sides are whole pixels.
      #expect((0.078...1).contains(area) && (0.74...1.36).contains(ratio), "\(part)")
      areas.append(area)
      tops.insert(part.top)
    }
    // Uniform in 0.08...1, but that large areas often do not fit: the mean of 4,000 of torchvision's draws is 0.435.
    #expect((0.42...0.45).contains(areas.reduce(0, +) / Double(count)))
    #expect(areas.count { $0 < 0.31 } > count / 5 && tops.count > 200)
    // All of it where the bounds say so.
    let all = try ResizedCrop(scale: 1...1, ratio: 1...1)
    #expect(all.region(of: PictureSize(height: 8, width: 8), words) == PictureRegion(top: 0, left: 0, height: 8, width: 8))
  }

  @Test func whereNoCropFitsTheMiddleIsTaken() throws {
    let words = random.words(0..<ResizedCrop.words)
    let crop = try ResizedCrop(scale: 1...1)
    // Ratio 10: at most 4/3 is allowed. Ratio 0.1: at least 3/4.
    #expect(
      crop.region(of: PictureSize(height: 30, width: 300), words) == PictureRegion(top: 0, left: 130, height: 30, width: 40))
    #expect(
      crop.region(of: PictureSize(height: 300, width: 30), words) == PictureRegion(top: 130, left: 0, height: 40, width: 30))
    #expect(crop.region(of: PictureSize(height: 1, width: 1), words) == PictureRegion(top: 0, left: 0, height: 1, width: 1))
    #expect(throws: BasinError.self) { try ResizedCrop(scale: 0...1) }
    #expect(throws: BasinError.self) { try ResizedCrop(scale: 0.5...1.5) }
  }

  @Test func jitterTakesEveryOrderAndItsWholeRange() {
    let jitter = ColorJitter(brightness: 0.4, contrast: 0.2, saturation: 1.5, hue: 0.1)
    let count = 4800, words = random.words(0..<ColorJitter.words * count)
    var orders: [[PictureOperation.Kind]: Int] = [:]
    var ranges: [PictureOperation.Kind: (Double, Double)] = [:]
    for n in 0..<count {
      var operations: [PictureOperation] = []
      jitter.append(to: &operations, words, at: n * ColorJitter.words)
      orders[operations.map(\.kind), default: 0] += 1
      for operation in operations {
        let range = ranges[operation.kind] ?? (9, -9)
        ranges[operation.kind] = (min(range.0, operation.value), max(range.1, operation.value))
      }
    }
    // 24 orders, 200 each, standard deviation 14.
    #expect(orders.count == 24 && orders.values.allSatisfy { (140...260).contains($0) })
    let bounds: [PictureOperation.Kind: (Double, Double)] = [
      .brightness: (0.6, 1.4), .contrast: (0.8, 1.2), .saturation: (0, 2.5), .hue: (-0.1, 0.1),
    ]
    for (kind, (low, high)) in bounds {
      let found = ranges[kind] ?? (9, -9)
      #expect(found.0 >= low && found.0 < low + 0.01 && found.1 <= high && found.1 > high - 0.01, "\(kind): \(found)")
    }
    var some: [PictureOperation] = []
    ColorJitter(contrast: 0.5).append(to: &some, words)
    #expect(some.map(\.kind) == [.contrast] && ColorJitter(contrast: 0.5).count == 1 && ColorJitter().count == 0)
  }

  @Test func randAugmentDrawsAllAlikeAndBothSigns() throws {
    let augment = try RandAugment(count: 2, magnitude: 9)
    let count = 7000, words = random.words(0..<augment.words * count)
    var kinds: [PictureOperation.Kind: Int] = [:], rotations: [Double: Int] = [:]
    for n in 0..<count {
      var operations: [PictureOperation] = []
      augment.append(to: &operations, size: PictureSize(height: 32, width: 32), words, at: n * augment.words)
      #expect(operations.count == 2)
      for operation in operations {
        kinds[operation.kind, default: 0] += 1
        if operation.kind == .rotate { rotations[operation.value, default: 0] += 1 }
      }
    }
    // 14 kinds, 1,000 each, standard deviation 30.
    #expect(kinds.count == 14 && kinds.values.allSatisfy { (850...1150).contains($0) })
    #expect(Set(rotations.keys) == [-9, 9] && rotations.values.allSatisfy { $0 > 400 })
    #expect(throws: BasinError.self) { try RandAugment(count: 2, magnitude: 31) }
    #expect(throws: BasinError.self) { try RandAugment(count: -1) }
  }

  @Test(arguments: [0.05, 0.2, 0.5, 1, 3, 40]) func sharesHaveTheMomentsOfBeta(_ alpha: Double) {
    let values = (0..<20_000).map { BatchMixing.symmetricBeta(alpha, random[$0]) }
    #expect(values.allSatisfy { (0...1).contains($0) })
    let mean = values.reduce(0, +) / 20_000
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
    let expected = 1 / (4 * (2 * alpha + 1))
    // Five standard errors.
    #expect(abs(mean - 0.5) < 5 * (expected / 20_000).squareRoot())
    #expect(abs(variance / expected - 1) < 0.06, "\(variance) for \(expected)")
  }

  @Test func tinyAlphasGiveAllOrNothing() {
    let values = (0..<400).map { BatchMixing.symmetricBeta(1e-4, random[$0]) }
    #expect(values.allSatisfy { $0 < 1e-6 || $0 > 1 - 1e-6 })
    #expect((140...260).contains(values.count { $0 > 0.5 }))
  }

  @Test func oneOfTheTwoMixesABatch() throws {
    let both = try BatchMixing(mixup: 0.2, cutmix: 1)
    let size = PictureSize(height: 20, width: 30)
    let mixes = (0..<600).map { both.draw(size, random[$0]) }
    #expect((240...360).contains(mixes.count { $0.box == nil }))
    for case let mix in mixes {
      guard let box = mix.box else { continue }
      #expect(box.top >= 0 && box.left >= 0 && box.top + box.height <= 20 && box.left + box.width <= 30)
      #expect(abs(Double(mix.lambda) - (1 - Double(box.height * box.width) / 600)) < 1e-6)
    }
    #expect(try (0..<50).allSatisfy { try BatchMixing(mixup: 0.2, cutmix: 0).draw(size, random[$0]).box == nil })
    #expect(try (0..<50).allSatisfy { try BatchMixing(mixup: 0, cutmix: 1).draw(size, random[$0]).box != nil })
    #expect(throws: BasinError.self) { try BatchMixing(mixup: -1, cutmix: 0) }
    #expect(try !BatchMixing(mixup: 0, cutmix: 0).isOn)
  }

  @Test func targetsShareTheClasses() {
    let mix = BatchMix(lambda: 0.75, box: nil)
    #expect(mix.targets([2, 0, 0], classes: 3) == [0.25, 0, 0.75, 0.75, 0, 0.25, 1, 0, 0])
    #expect(mix.targets([1], classes: 2) == [0, 1])
  }
}
