import PluginAPI
import Testing
import Vision

/// Subsets of the training pictures and noise on their labels.
@Suite struct DatasetChoiceTests {
  private func shapes(_ change: (inout PictureChoices) -> Void) throws -> PictureDataset<Shapes> {
    var options = Shapes.SourceOptions()
    options.train = 200
    options.test = 20
    options.size = 16
    change(&options.common)
    return try PictureDataset(options, source: DataSource(name: "shapes"), random: Random(seed: 1))
  }

  private func counts(_ labels: [Int32]) -> [Int] { (0..<10).map { label in labels.count { $0 == Int32(label) } } }

  @Test func subsetsKeepTheSharesOfClasses() throws {
    let all = try shapes { _ in }
    let labels = try #require(all.labels(.train))
    let some = try shapes { $0.subset = 70 }
    #expect(some.count(.train) == 70 && some.count(.test) == 20)
    for (part, whole) in zip(counts(try #require(some.labels(.train))), counts(labels)) {
      #expect(abs(Double(part) - 0.35 * Double(whole)) <= 1)
    }
    #expect(try some.labels(.train) == shapes { $0.subset = 70 }.labels(.train))
    // Another seed chooses other pictures.
    func pictures(_ seed: Int) throws -> [Float] {
      var set = try shapes { $0.subset = 70; $0.choiceSeed = seed }
      try set.fit(training: Array(0..<70))
      return try set.batch(Array(0..<70), of: .train, augmentation: nil).input.images.values()
    }
    #expect(try pictures(1) == pictures(1) && pictures(1) != pictures(2))
    #expect(try shapes { $0.subset = 200 }.labels(.train) == labels)
    #expect(try basinError { _ = try shapes { $0.subset = 201 } }.kind == .usage)
  }

  @Test func noiseFallsOnTrainingExamplesAlone() throws {
    var set = try shapes { $0.labelNoise = 0.25 }
    let clean = try #require(set.labels(.train))
    let training = Array(20..<200)
    try set.fit(training: training)
    let noisy = try #require(set.labels(.train))
    let changed = clean.indices.filter { clean[$0] != noisy[$0] }
    // Each that is chosen gets another class.
    #expect(changed.count == 45 && changed.allSatisfy { $0 >= 20 })
    #expect(Set(noisy).isSubset(of: Set(0..<10)))
    #expect(Set(changed.map { (noisy[$0] - clean[$0] + 10) % 10 }).count > 6, "any other class")
    let (_, target) = try set.batch(Array(0..<200), of: .train, augmentation: nil)
    #expect(try target.values(Int64.self).map(Int32.init) == noisy)
    let (_, test) = try set.batch(Array(0..<20), of: .test, augmentation: nil)
    #expect(try test.values(Int64.self).map(Int32.init) == set.labels(.test))
    var other = try shapes { $0.labelNoise = 0.25; $0.choiceSeed = 7 }
    try other.fit(training: training)
    #expect(other.labels(.train) != noisy)
    var all = try shapes { $0.labelNoise = 1 }
    try all.fit(training: Array(0..<200))
    #expect(zip(try #require(all.labels(.train)), clean).allSatisfy { $0 != $1 })
  }
}
