import Host
import PluginAPI
import Testing

@Suite("Lengths in batches")
struct LengthMixingTests {
  /// Lengths as sentences have them: many short ones, few long ones.
  private static let lengths = Random(seed: 7).uniform(5000).map { 3 + Int(60 * $0 * $0 * $0) }

  private func batches(_ mixing: LengthMixing, count: Int = 5000, size: Int = 32, seed: UInt64 = 1) -> [[Int]] {
    let random = Random(seed: seed)
    return mixing.batches(
      random["order"].permutation(count), size: size, length: { Self.lengths[$0] }, random["lengths"])
  }

  private func tokens(_ batch: [Int]) -> Int { batch.reduce(0) { $0 + Self.lengths[$1] } }

  private func deviation(_ numbers: [Int]) -> Double {
    let mean = Double(numbers.reduce(0, +)) / Double(numbers.count)
    return (numbers.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(numbers.count)).squareRoot() / mean
  }

  @Test(arguments: LengthMixing.allCases, [(5000, 32), (97, 32), (65, 32), (33, 32), (64, 64), (40, 7), (1, 1), (2049, 32)])
  func everyExampleOnceInBatchesOfTheUsualSizes(mixing: LengthMixing, sizes: (count: Int, size: Int)) {
    let found = batches(mixing, count: sizes.count, size: sizes.size)
    let usual = batches(.any, count: sizes.count, size: sizes.size)
    #expect(found.joined().sorted() == Array(0..<sizes.count))
    #expect(found.map(\.count).sorted() == usual.map(\.count).sorted())
    #expect(found == batches(mixing, count: sizes.count, size: sizes.size))
  }

  @Test func evenBatchesHaveAShareOfEveryLength() {
    let any = batches(.any).filter { $0.count == 32 }, even = batches(.even).filter { $0.count == 32 }
    #expect(deviation(any.map(tokens)) > 0.1)
    #expect(deviation(even.map(tokens)) < 0.02)
    // No batch of the longest or the shortest alone.
    #expect(even.allSatisfy { batch in
      batch.contains { Self.lengths[$0] < 6 } && batch.contains { Self.lengths[$0] > 40 }
    })
  }

  @Test func batchesOfAlikeLengthsNeedLittlePadding() {
    func padded(_ batches: [[Int]]) -> Double {
      let all = batches.reduce(0) { $0 + $1.count * ($1.map { Self.lengths[$0] }.max() ?? 0) }
      return Double(all) / Double(batches.joined().reduce(0) { $0 + Self.lengths[$1] })
    }
    #expect(padded(batches(.any)) > 2)
    #expect(padded(batches(.alike)) < 1.1)
  }

  @Test(arguments: [LengthMixing.alike, .even])
  func theCompanyChangesWithTheSeed(mixing: LengthMixing) {
    let (a, b) = (batches(mixing, seed: 1), batches(mixing, seed: 2))
    #expect(a != b && Set(a.map { Set($0) }).intersection(b.map { Set($0) }).isEmpty)
    // Neither are short batches first.
    let middle = a.count / 2
    let early = a[..<middle].map(tokens).reduce(0, +), late = a[middle...].map(tokens).reduce(0, +)
    #expect((0.7...1.4).contains(Double(early) / Double(late)))
  }
}
