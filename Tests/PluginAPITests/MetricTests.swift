import Foundation
import PluginAPI
import Testing

/// Figures of merit against those that SciPy and second formulas give (Tests/Parity/make_text_metrics.py).
@Suite("Metrics")
struct MetricTests {
  struct Fixture: Decodable {
    struct Classes: Decodable {
      let name: String
      let classes: Int
      let predicted, labels: [Int32]
      let accuracy, f1, macroF1, matthews: Double
    }
    struct Values: Decodable {
      let name: String
      let predicted, targets: [Float]
      let pearson, spearman: Double?
    }
    struct Perplexity: Decodable { let loss, perplexity: Double }

    let classification: [Classes]
    let regression: [Values]
    let perplexity: [Perplexity]

    static func read() throws -> Fixture {
      let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      let path = folder.appendingPathComponent("Parity/Fixtures/text-metrics.json")
      return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: path))
    }
  }

  private func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-9 }

  @Test func classes() throws {
    let cases = try Fixture.read().classification
    #expect(cases.count > 10)
    for item in cases {
      let predictions = Predictions(classes: item.predicted, labels: item.labels, of: item.classes)
      #expect(near(Metric.accuracy(predictions), item.accuracy), "\(item.name)")
      #expect(near(Metric.f1(predictions), item.f1), "\(item.name)")
      #expect(near(Metric.macroF1(predictions), item.macroF1), "\(item.name)")
      #expect(near(Metric.matthews(predictions), item.matthews), "\(item.name)")
    }
  }

  @Test func values() throws {
    let cases = try Fixture.read().regression
    #expect(cases.count > 5)
    for item in cases {
      let predictions = Predictions(values: item.predicted, targets: item.targets)
      for (metric, expected) in [(Metric.pearson, item.pearson), (.spearman, item.spearman)] {
        let value = metric(predictions)
        if let expected { #expect(near(value, expected), "\(metric.name) of \(item.name)") } else { #expect(value.isNaN) }
      }
    }
    for item in try Fixture.read().perplexity {
      let value = Metric.perplexity(Predictions(classes: [], labels: [], of: 2, loss: item.loss))
      #expect(abs(value / item.perplexity - 1) < 1e-12)
    }
  }

  @Test func whatIsNotDefined() throws {
    let broken = Predictions(values: [1, .nan, 3], targets: [1, 2, 3])
    #expect(Metric.pearson(broken).isNaN && Metric.spearman(broken).isNaN)
    let one = Predictions(values: [1], targets: [2])
    #expect(Metric.pearson(one).isNaN && Metric.spearman(one).isNaN)
    let none = Predictions(classes: [], labels: [], of: 2)
    #expect(Metric.accuracy(none).isNaN && Metric.matthews(none).isNaN && Metric.f1(none) == 0)
    #expect(!Metric.perplexity.isHigherBetter && Metric.matthews.isHigherBetter)
  }

  @Test func severalOutputsCountAlike() throws {
    // The first output is right, the second reversed.
    let both = Predictions(values: [1, 3, 2, 2, 3, 1], targets: [1, 1, 2, 2, 3, 3], outputs: 2)
    #expect(near(Metric.pearson(both), 0) && near(Metric.spearman(both), 0))
  }

  @Test func batchesAreGathered() throws {
    var kept = Predictions(.classification(classes: 3), for: [.matthews])
    #expect(kept.isKeeping)
    try kept.add(Tensor([Float]([0.1, 0.9, 0, 2, 1, 0]), shape: [2, 3]), Tensor([Int64]([1, 2])))
    try kept.add(Tensor([Float]([-3, -2, -1]), shape: [1, 3]), Tensor([Int64]([0])))
    #expect(kept.classes == [1, 0, 2] && kept.labels == [1, 2, 0] && kept.scores.isEmpty)
    var values = Predictions(.regression(outputs: 1), for: [.spearman])
    try values.add(Tensor([Float]([0.5, 2]), shape: [2, 1]), Tensor([Float]([1, 3]), shape: [2, 1]))
    #expect(values.scores == [0.5, 2] && values.targets == [1, 3] && values.classes.isEmpty)
    let nothing = Predictions(.nextToken(vocabulary: 9), for: [.perplexity])
    #expect(!nothing.isKeeping)
  }

  // MARK: What a data set states

  struct Pairs: InputBatch {
    struct Shape: Sendable, CustomStringConvertible { var description: String { "pairs" } }
    let count: Int
    static var exampleShape: Shape { Shape() }
  }

  struct Plain: Dataset {
    init(_ options: NoOptions, source: DataSource, random: Random) {}
    var facts: DatasetFacts<Pairs.Shape> { DatasetFacts(shape: Pairs.Shape(), task: .classification(classes: 2)) }
    func count(_ split: Split) -> Int { 4 }
    func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: Pairs, target: Tensor) {
      (Pairs(count: ids.count), try Tensor.zeros([ids.count], .int64))
    }
  }

  struct Measured: MeasuredDataset, UnlabelledDataset {
    struct Reading: Options {
      var length = 3
      static var fields: [Field<Self>] { [Field("length", \.length, in: 1...9, "how many there are")] }
    }

    init(_ options: NoOptions, source: DataSource, random: Random) {}
    var facts: DatasetFacts<Pairs.Shape> { DatasetFacts(shape: Pairs.Shape(), task: .regression(outputs: 1)) }
    func count(_ split: Split) -> Int { 4 }
    func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: Pairs, target: Tensor) {
      (Pairs(count: ids.count), try Tensor.zeros([ids.count, 1], .float32))
    }
    var metrics: [Metric] { [.spearman, .pearson] }
    var furtherTests: [(name: String, ids: Range<Int>)] { [("other", 4..<7)] }
    func unlabelled(file: String, _ options: Reading) throws -> UnlabelledExamples<Pairs> {
      UnlabelledExamples(count: options.length, names: nil) { Pairs(count: $0.count) }
    }
  }

  @Test func statedByTheDataSet() throws {
    var registry = Registry(module: "pairs", domain: "pairs")
    registry.add(dataset: "plain", Plain.self, "states nothing")
    registry.add(dataset: "measured", Measured.self, "states figures")
    func make(_ name: String) throws -> any LoadedDataset {
      try #require(registry.datasets.first { $0.name == name }).make([:], source: DataSource(name: name), random: Random(seed: 0))
    }
    let plain = try make("plain"), measured = try make("measured")
    #expect(plain.metrics.isEmpty && plain.furtherTests.isEmpty && plain.mainMetric == "accuracy")
    #expect(plain as? any LoadedUnlabelledDataset == nil)
    #expect(measured.metrics.map(\.name) == ["spearman", "pearson"] && measured.mainMetric == "spearman")
    #expect(measured.furtherTests.map(\.name) == ["other"] && measured.furtherTests[0].ids == 4..<7)
    let reading = try #require(measured as? any LoadedUnlabelledDataset)
    #expect(reading.unlabelledOptions.map(\.name) == ["length"] && reading.unlabelledSplits.isEmpty)
    let examples = try reading.examples(file: "x", ["length": "5"])
    #expect(examples.count == 5 && examples.names == nil)
    #expect(try examples.batch([0, 4], device: .cpu).count == 2)
    for settings in [["lengt": "5"], ["length": "0"]] {
      #expect(throws: BasinError.self) { try reading.examples(file: "x", settings) }
    }
    #expect(throws: BasinError.self) { try reading.examples(split: "unlabelled") }
    #expect(reading.submission(of: "unlabelled") == nil)
  }
}
