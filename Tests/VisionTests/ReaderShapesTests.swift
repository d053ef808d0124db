import PluginAPI
import Testing
import Vision

@Suite struct ReaderShapesTests {
  /// FNV-1a, 64 bits.
  private func hash(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }

  @Test func bytesAreTheSameOnEveryMachine() throws {
    let splits = try ShapesGenerator.generate()
    #expect(splits.train.count == 4000 && splits.test?.count == 1000)
    #expect(String(hash(splits.train.pixels), radix: 16) == "2c433964e1b88d5e")
    #expect(String(hash(splits.test?.pixels ?? []), radix: 16) == "f4d7463f6a7a7ea8")
  }

  @Test func classesAreBalancedAndNamed() throws {
    let splits = try ShapesGenerator.generate(train: 200, test: 50)
    #expect(splits.train.classCounts() == [Int](repeating: 20, count: 10))
    #expect(splits.test?.classCounts() == [Int](repeating: 5, count: 10))
    #expect(
      splits.train.classNames == [
        "circle", "square", "triangle", "star", "cross", "ring", "crescent", "stripes", "heart", "arrow",
      ])
  }

  @Test func aPictureDependsOnSeedSplitAndIndexAlone() throws {
    let few = try ShapesGenerator.generate(train: 30, test: 30, threads: 1)
    let many = try ShapesGenerator.generate(train: 60, test: 0, threads: 3)
    #expect(few.train.pixels[...] == many.train.pixels.prefix(few.train.pixels.count))
    #expect(many.test == nil)
    #expect(few.train.pixels != few.test?.pixels)
    #expect(try ShapesGenerator.generate(train: 30, test: 30, seed: 2).train.pixels != few.train.pixels)
    let stride = few.train.stride
    let pictures = Set((0..<30).map { Array(few.train.pixels[($0 * stride)..<(($0 + 1) * stride)]) })
    #expect(pictures.count == 30)
  }

  @Test(arguments: [16, 64]) func otherSizes(_ size: Int) throws {
    let set = try ShapesGenerator.generate(train: 20, test: 10, size: size).train
    #expect(set.height == size && set.width == size && set.channels == 3)
    let deviation = set.statistics().standardDeviation
    #expect(deviation.allSatisfy { (0.1...0.3).contains($0) })
  }

  /// If the class could be told from colours alone, the set would say nothing about networks.
  @Test func meanColoursDoNotGiveTheClassAway() throws {
    let set = try ShapesGenerator.generate(train: 4000, test: 10).train
    var sums = [[Double]](repeating: [0, 0, 0], count: 10)
    for n in 0..<set.count {
      for i in 0..<set.stride { sums[n % 10][i % 3] += Double(set.pixels[n * set.stride + i]) }
    }
    let scale = 1 / Double(set.count / 10 * set.stride / 3)
    for c in 0..<3 {
      let means = sums.map { $0[c] * scale }
      #expect((means.max() ?? 0) - (means.min() ?? 0) < 25)
    }
  }

  @Test func valuesOutOfRangeAreRefused() throws {
    for (train, test, size) in [(0, 1, 32), (10, -1, 32), (10, 10, 8), (10, 10, 65), (Int.max, 1, 32)] {
      let error = try basinError { _ = try ShapesGenerator.generate(train: train, test: test, size: size) }
      #expect(error.kind == .usage)
    }
  }
}
