import Host
import PluginAPI
import Testing

@Suite("Splits") struct SplitsTests {
  /// 100 examples, a quarter of them of class 1.
  private final class Examples: LoadedDataset {
    let test: Int
    init(test: Int) { self.test = test }

    var task: Task { .classification(classes: 2) }
    var classNames: [String] { ["0", "1"] }
    var shapeDescription: String { "" }
    var inputType: Any.Type { GraphBatch.self }
    var files: [String] { [] }
    func count(_ split: Split) -> Int { split == .train ? 100 : split == .test ? test : 0 }
    func labels(_ split: Split) -> [Int32]? { (0..<count(split)).map { $0 % 4 == 0 ? 1 : 0 } }
    func fit(training: [Int]) throws {}
    func batch(_ ids: [Int], of split: Split, augmentation: Random?, device: Device) throws -> PreparedBatch {
      throw BasinError.internalError("no batch is asked for")
    }
    func inspection() throws -> DataInspection { DataInspection(format: "") }
  }

  private func splits(test: Int, fold: String?, seed: Int = 0, fraction: Double = 0.1) throws -> Splits {
    try Splits(
      Examples(test: test), fraction: fraction, seed: seed, fold: fold.flatMap { RunConfiguration.Fold($0) })
  }

  @Test("without a published test the folds are test splits, and validation is carved from the rest")
  func folds() throws {
    var tested: [Int] = []
    for index in 1...10 {
      let splits = try splits(test: 0, fold: "\(index)/10")
      let (test, validation) = (try #require(splits.test), try #require(splits.validation))
      #expect(test.split == .train && test.count == 10 && validation.split == .train && validation.count == 9)
      #expect(splits.train.count == 81)
      #expect(Set(test.ids + validation.ids + splits.train.ids) == Set(0..<100))
      #expect(
        [2, 3].contains(test.ids.count { $0 % 4 == 0 }) && [2, 3].contains(validation.ids.count { $0 % 4 == 0 }))
      tested += test.ids
    }
    #expect(tested.sorted() == Array(0..<100))
    #expect(try splits(test: 0, fold: "1/10", seed: 1).test?.ids != splits(test: 0, fold: "1/10").test?.ids)
    #expect(try splits(test: 0, fold: "1/10", fraction: 0).validation == nil)
  }

  @Test("with a published test a fold is the validation split")
  func published() throws {
    let splits = try splits(test: 7, fold: "2/5")
    #expect(splits.test?.split == .test && splits.test?.count == 7)
    #expect(splits.validation?.split == .train && splits.validation?.count == 20 && splits.train.count == 80)
    let carved = try self.splits(test: 0, fold: nil)
    #expect(carved.test?.count == 10 && carved.validation?.count == 9 && carved.train.count == 81)
  }

  @Test("loss and accuracy over the labels that are known")
  func knownLabels() throws {
    let all = try Tensor([Float(0), 1, 1, 0], shape: [2, 2])
    #expect(try KnownLabels(all) == nil)
    let known = try #require(try KnownLabels(Tensor([Float(0), .nan, 1, 0], shape: [2, 2])))
    let prediction = try Tensor([Float(-1), 9, 2, 3], shape: [2, 2])
    try prediction.setRequiresGradient(true)
    let loss = try known.loss(prediction)
    // log(1 + e^-1), log(1 + e^-2), log(1 + e^3), each a third.
    #expect(abs(try loss.item() - (0.313262 + 0.126928 + 3.048587) / 3) < 1e-5)
    try loss.backward()
    let gradient: [Float] = try #require(try prediction.gradient()).values()
    #expect(gradient[1] == 0 && gradient.filter { $0 != 0 }.count == 3)
    #expect(try known.correct(prediction).item() == 1.5)
  }
}
