import PluginAPI
import Testing
import Vision

/// A generator for tests: SplitMix64.
private struct Words: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}

@Suite struct KernelGatherTests {
  private func makeSet(_ count: Int, _ height: Int, _ width: Int, _ channels: Int) throws -> PictureSet {
    try PictureSet(
      pixels: scrambledBytes(count * height * width * channels, seed: UInt64(width)),
      labels: [Int32](repeating: 0, count: count), classNames: ["a"], height: height, width: width, channels: channels)
  }

  /// The kernel in plain Swift, a number at a time.
  private func twin(
    _ set: PictureSet, _ augmentation: PictureAugmentation, _ indices: [Int], _ places: PicturePlacements
  ) -> [Float] {
    let size = augmentation.outputSize(for: set)
    var result: [Float] = []
    for (n, index) in indices.enumerated() {
      for y in 0..<size.height {
        for x in 0..<size.width {
          let row = y + Int(places.dy[n])
          let column = (places.flip[n] == 0 ? x : size.width - 1 - x) + Int(places.dx[n])
          for c in 0..<set.channels {
            var value: UInt8 = 0
            if (0..<set.height).contains(row), (0..<set.width).contains(column) {
              value = set.pixels[((index * set.height + row) * set.width + column) * set.channels + c]
            }
            let center = augmentation.mean[c] * 255
            let scale = 1 / (255 * augmentation.standardDeviation[c])
            result.append((Float(value) - center) * scale)
          }
        }
      }
    }
    return result
  }

  @Test(arguments: [(32, 32, 3, 4), (28, 28, 1, 2), (5, 9, 3, 7), (3, 2, 4, 0), (1, 1, 2, 3), (33, 17, 3, 40)])
  func kernelEqualsItsTwinBitForBit(_ height: Int, _ width: Int, _ channels: Int, _ padding: Int) throws {
    let set = try makeSet(6, height, width, channels)
    var words = Words(state: UInt64(height * 100 + width))
    for crop in [nil, PictureSize(height: 4, width: 7), PictureSize(height: 40, width: 1)] {
      let augmentation = try PictureAugmentation(measuring: set, padding: padding, crop: crop)
      let indices = (0..<23).map { _ in Int(words.next() % 6) }
      let random = augmentation.placements(for: set, words: (0..<23).map { _ in words.next() })
      for places in [random, augmentation.centered(for: set, count: 23)] {
        let found = try augmentation.batch(of: set, indices: indices, placements: places)
        // Compared outside of #expect, which would spend minutes on the difference of two long arrays.
        let isEqual = found.map(\.bitPattern) == twin(set, augmentation, indices, places).map(\.bitPattern)
        #expect(isEqual, "crop \(String(describing: crop))")
      }
    }
  }

  @Test func anExampleByHand() throws {
    let set = try PictureSet(
      pixels: [0, 51, 102, 153], labels: [0], classNames: ["a"], height: 2, width: 2, channels: 1)
    let augmentation = try PictureAugmentation(mean: [0.2], standardDeviation: [0.2])
    func values(_ dy: Int16, _ dx: Int16, _ flip: UInt8) throws -> [Int] {
      let places = PicturePlacements(dy: [dy], dx: [dx], flip: [flip])
      return try augmentation.batch(of: set, indices: [0], placements: places).map { Int($0.rounded()) }
    }
    #expect(try values(0, 0, 0) == [-1, 0, 1, 2])
    #expect(try values(0, 0, 1) == [0, -1, 2, 1])
    #expect(try values(1, 0, 0) == [1, 2, -1, -1])
    #expect(try values(0, -1, 0) == [-1, -1, -1, 1])
    #expect(try values(0, -1, 1) == [-1, -1, 1, -1])
    #expect(try values(-2, 5, 0) == [-1, -1, -1, -1])
  }

  @Test func rangesWriteTheirOwnSamplesOnly() throws {
    let set = try makeSet(9, 6, 6, 3)
    let augmentation = try PictureAugmentation(measuring: set, padding: 2)
    let indices = Array(0..<9)
    var words = Words(state: 3)
    let places = augmentation.placements(for: set, words: (0..<9).map { _ in words.next() })
    let whole = try augmentation.batch(of: set, indices: indices, placements: places)
    var parts = [Float](repeating: -99, count: whole.count)
    try parts.withUnsafeMutableBufferPointer { parts in
      try augmentation.write(set, indices: indices, placements: places, range: 3..<5, to: parts)
    }
    #expect(parts[..<324].allSatisfy { $0 == -99 } && parts[540...].allSatisfy { $0 == -99 })
    #expect(parts[324..<540] == whole[324..<540])
  }

  @Test func placementsReachEveryCornerEquallyOften() throws {
    let set = try makeSet(1, 8, 8, 3)
    let augmentation = try PictureAugmentation(measuring: set, padding: 2)
    var words = Words(state: 11)
    let places = augmentation.placements(for: set, words: (0..<50000).map { _ in words.next() })
    var counts: [[Int16]: Int] = [:]
    for n in 0..<50000 { counts[[places.dy[n], places.dx[n], Int16(places.flip[n])], default: 0] += 1 }
    // 5 x 5 windows, 2 sides: 1,000 each, standard deviation 31.
    #expect(counts.count == 50)
    #expect(counts.keys.allSatisfy { (-2...2).contains($0[0]) && (-2...2).contains($0[1]) })
    #expect(counts.values.allSatisfy { (850...1150).contains($0) })
    let still = try PictureAugmentation(measuring: set, padding: 0, flips: false)
    #expect(still.placements(for: set, words: [.max, 5]) == still.centered(for: set, count: 2))
  }

  @Test func statisticsAreThoseOfTheValues() throws {
    let set = try PictureSet(
      pixels: [0, 10, 255, 10, 0, 10, 255, 10], labels: [0, 0], classNames: ["a"], height: 2, width: 1, channels: 2)
    let (mean, deviation) = set.statistics()
    #expect(mean[0] == 0.5 && deviation[0] == 0.5)
    #expect(abs(mean[1] - 10.0 / 255) < 1e-12 && deviation[1] < 1e-6)
    let augmentation = try PictureAugmentation(measuring: set)
    #expect(try augmentation.batch(of: set, indices: [0]).allSatisfy { $0.isFinite })
  }

  @Test func wrongInputThrows() throws {
    let set = try makeSet(2, 4, 4, 3)
    let augmentation = try PictureAugmentation(measuring: set)
    for index in [-1, 2, Int.max] {
      let error = try basinError { _ = try augmentation.batch(of: set, indices: [0, index]) }
      #expect(error.message.contains("picture \(index) of a set of 2"))
    }
    #expect(throws: BasinError.self) {
      try augmentation.batch(of: set, indices: [0, 1], placements: augmentation.centered(for: set, count: 1))
    }
    #expect(throws: BasinError.self) { try PictureAugmentation(mean: [0], standardDeviation: [0]) }
    #expect(throws: BasinError.self) { try PictureAugmentation(mean: [.nan], standardDeviation: [1]) }
    #expect(throws: BasinError.self) { try PictureAugmentation(mean: [0], standardDeviation: [1], padding: -1) }
    let grey = try PictureAugmentation(mean: [0], standardDeviation: [1])
    #expect(throws: BasinError.self) { try grey.batch(of: set, indices: [0]) }
  }
}
