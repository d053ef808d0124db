import PluginAPI
import Testing

struct RandomTests {
  /// Philox4x32-10 as published, one block.
  private func philox(key: UInt64, block: UInt64) -> [UInt32] {
    var x: [UInt32] = [UInt32(truncatingIfNeeded: block), UInt32(block >> 32), 0, 0]
    var k0 = UInt32(truncatingIfNeeded: key)
    var k1 = UInt32(key >> 32)
    for _ in 0..<10 {
      let a = UInt64(x[0]) * 0xD251_1F53
      let b = UInt64(x[2]) * 0xCD9E_8D57
      x = [
        UInt32(b >> 32) ^ x[1] ^ k0, UInt32(truncatingIfNeeded: b), UInt32(a >> 32) ^ x[3] ^ k1,
        UInt32(truncatingIfNeeded: a),
      ]
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return x
  }

  @Test func knownAnswer() {
    // The seed whose key is 0.
    let random = Random(seed: 0 &- 0x9E37_79B9_7F4A_7C15)
    #expect(random.key == 0)
    let words = random.words(0..<32)
    #expect([words[0], words[8], words[16], words[24]] == [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8])
  }

  @Test func wordsAreThoseOfThePlainTwin() {
    for (seed, first) in [(UInt64(1), 0), (2, 5), (3, 31), (77, 32 << 33), (.max, 1000)] {
      let random = Random(seed: seed)
      let range = first..<(first + 101)
      let expected = range.map { index -> UInt32 in
        let group = index / 32
        let place = index % 32
        return philox(key: random.key, block: UInt64(group * 8 + place % 8))[place / 8]
      }
      #expect(random.words(range) == expected)
    }
    #expect(Random(seed: 1).words(4..<4) == [])
  }

  @Test func streamsDiffer() {
    let random = Random(seed: 0)
    var keys: Set<UInt64> = [random.key]
    for index in -500..<5000 { keys.insert(random[index].key) }
    for index in 0..<500 { keys.insert(random["\(index)"].key) }
    for index in 0..<500 { keys.insert(Random(seed: UInt64(index + 1)).key) }
    #expect(keys.count == 1 + 5500 + 500 + 500)
    #expect(random["a"]["b"] != random["b"]["a"])
    #expect(random["ab"] != random["a"]["b"])
    #expect(random["a"][1] == random["a"][1])
    #expect(random["a"][1].words(0..<8) != random["a"][2].words(0..<8))
  }

  @Test func streamHandsOutEachOnce() {
    let stream = RandomStream(Random(seed: 9))
    #expect([stream.next(), stream.next(), stream.next()] == [0, 1, 2].map { Random(seed: 9)[$0] })
  }

  @Test func uniformNumbersFillTheirRange() {
    let values = Random(seed: 2).uniform(100_000)
    #expect(values.allSatisfy { (0..<1).contains($0) })
    let mean = values.reduce(0.0) { $0 + Double($1) } / 100_000
    #expect(abs(mean - 0.5) < 4 * 0.2887 / 316)
    #expect(Set(Random(seed: 2).integers(1000, below: 7)) == Set(0..<7))
  }

  /// Pearson's statistic of equally likely cells.
  private func chiSquare(_ counts: [Int]) -> Double {
    let expected = Double(counts.reduce(0, +)) / Double(counts.count)
    return counts.reduce(0.0) { $0 + (Double($1) - expected) * (Double($1) - expected) / expected }
  }

  @Test func permutationsAreUniform() {
    let random = Random(seed: 11)["order"]
    var counts: [[Int]: Int] = [:]
    for trial in 0..<12_000 { counts[random[trial].permutation(4), default: 0] += 1 }
    #expect(counts.count == 24)
    #expect(counts.keys.allSatisfy { $0.sorted() == [0, 1, 2, 3] })
    // 23 degrees of freedom: over 49.7 once in a thousand times.
    #expect(chiSquare(Array(counts.values)) < 49.7)
  }

  @Test func permutationsHoldEveryIndexOnce() {
    for count in [0, 1, 2, 33, 1000] { #expect(Random(seed: 3).permutation(count).sorted() == Array(0..<count)) }
    #expect(Random(seed: 3).permutation(1000) == Random(seed: 3).permutation(1000))
    #expect(Random(seed: 3).permutation(1000) != Random(seed: 4).permutation(1000))
  }

  @Test func fillsDoNotDependOnLayoutOrType() throws {
    let random = Random(seed: 5)
    let plain = try Tensor.empty([2, 3, 5, 7])
    try plain.fillUniform(-2, 3, random)
    let expected = random.uniform(210).map { $0 * 5 + -2 }
    #expect(try plain.values(Float.self) == expected)
    let lastly = try Tensor.emptyChannelsLast([2, 3, 5, 7])
    try lastly.fillUniform(-2, 3, random)
    #expect(try lastly.values(Float.self) == expected)
    let wide = try Tensor.empty([2, 3, 5, 7], .float64)
    try wide.fillUniform(-2, 3, random)
    #expect(try wide.doubles() == expected.map(Double.init))
  }

  @Test func normalNumbersHaveTheirMoments() throws {
    let tensor = try Tensor.empty([40_001])
    try tensor.fillNormal(mean: 3, deviation: 2, Random(seed: 6))
    let values = try tensor.doubles().map { ($0 - 3) / 2 }
    func moment(_ power: Int) -> Double {
      values.reduce(0.0) { sum, value in sum + (0..<power).reduce(1.0) { product, _ in product * value } } / 40_001
    }
    #expect(abs(moment(1)) < 4 / 200)
    #expect(abs(moment(2) - 1) < 4 * 1.42 / 200)
    #expect(abs(moment(3)) < 4 * 3.88 / 200)
    #expect(abs(moment(4) - 3) < 4 * 9.8 / 200)
  }
}
