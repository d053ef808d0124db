import Foundation
import PluginAPI
import Tabular
import Testing

/// A folder of files that goes away with the test.
private final class Folder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "tabular-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ text: String, to name: String = "t.csv") throws -> String {
    try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
    return "\(path)/\(name)"
  }
}

@Suite struct TableTests {
  private func dataset(_ path: String, _ settings: [String: String] = [:]) throws -> TableDataset {
    try TableDataset(
      TableFileOptions(settings: settings, of: "data set table"), source: DataSource(name: "table", path: path),
      random: Random(seed: 0))
  }

  /// 20 rows: x rises, city alternates, and the label is whether x is over 9.
  private func rows(_ make: (Int) -> String) -> String { "x,city,label\n" + (0..<20).map(make).joined(separator: "\n") + "\n" }

  @Test("columns are understood: numbers, categories, classes in order")
  func kinds() throws {
    let folder = try Folder()
    let path = try folder.write(rows { "\($0),\($0 % 2 == 0 ? "Rome" : "Oslo"),\($0 > 9 ? "yes" : "no")" })
    let data = try dataset(path)
    #expect(data.facts.task == .classification(classes: 2) && data.facts.classNames == ["no", "yes"])
    #expect(data.facts.shape == .init(numbers: 1, categories: [3]))
    // A fifth of each class.
    #expect(data.count(.train) == 16 && data.count(.test) == 4 && data.count(.validation) == 0)
    #expect(data.labels(.test)?.sorted() == [0, 0, 1, 1])
    let (input, target) = try data.batch([3, 0], of: .train, augmentation: nil)
    #expect(input.numbers.shape == [2, 1] && input.categories.shape == [2, 1] && target.shape == [2])
    #expect(data.files == [path] && data.metrics.map(\.name) == ["accuracy", "macroF1"])
    // Another seed divides otherwise, the same one the same.
    #expect(try dataset(path, ["splitSeed": "1"]).batch([0, 1, 2], of: .test, augmentation: nil).input.numbers.bytes()
      != data.batch([0, 1, 2], of: .test, augmentation: nil).input.numbers.bytes())
    #expect(try dataset(path).batch([0, 1, 2], of: .test, augmentation: nil).input.numbers.bytes()
      == data.batch([0, 1, 2], of: .test, augmentation: nil).input.numbers.bytes())
  }

  @Test("numbers are standardized and categories known by the training rows alone")
  func learnedFromTraining() throws {
    let folder = try Folder()
    let header = "x,city,y\n"
    _ = try folder.write(header + "1,Rome,0.5\n3,Oslo,1.5\n5,Rome,2.5\n1000,Bern,100\n", to: "train.csv")
    _ = try folder.write("city,y,x\nRome,1.5,3\nParis,2.5,7\n", to: "test.csv")
    var data = try dataset(folder.path)
    #expect(data.facts.task == .regression(outputs: 1) && data.count(.train) == 4 && data.count(.test) == 2)
    // The last training row becomes validation.
    try data.fit(training: [0, 1, 2])
    #expect(data.facts.shape.categories == [3])
    let scale = try #require(data.facts.shape.outputs.first)
    #expect(abs(scale.mean - 1.5) < 1e-12 && abs(scale.deviation - (2.0 / 3).squareRoot()) < 1e-12)
    let deviation = Float((8.0 / 3).squareRoot())
    let training = try data.batch([0, 1, 2, 3], of: .train, augmentation: nil)
    let numbers: [Float] = try training.input.numbers.values()
    #expect(zip(numbers, [-2 / deviation, 0, 2 / deviation, 997 / deviation]).allSatisfy { abs($0 - $1) < 1e-4 })
    // Oslo is 1, Rome 2; Bern and Paris are unknown.
    #expect(try training.input.categories.values(Int64.self) == [2, 1, 2, 0])
    let test = try data.batch([0, 1], of: .test, augmentation: nil)
    #expect(try test.input.categories.values(Int64.self) == [2, 0])
    #expect(try test.target.values(Float.self) == [1.5, 2.5] && test.target.shape == [2, 1])
    #expect(data.metrics.map(\.name) == ["rmse", "mae", "r2"])
  }

  @Test("a missing number is the mean, with a mark where training rows lack some; a missing category is 0")
  func missing() throws {
    let folder = try Folder()
    _ = try folder.write("a,b,c,t\n1,10,u,0\n,20,,1\n3,30,v,0\nNA,60,?,1\n", to: "train.csv")
    _ = try folder.write("a,b,c,t\n2,,u,0\n,40,w,1\n", to: "test.csv")
    let data = try dataset(folder.path)
    #expect(data.facts.shape == .init(numbers: 3, categories: [3]))
    let train: [Float] = try data.batch([0, 1, 2, 3], of: .train, augmentation: nil).input.numbers.values()
    #expect(train[0] == -1 && train[3] == 0 && train[6] == 1 && train[9] == 0)
    #expect([2, 5, 8, 11].map { train[$0] } == [0, 1, 0, 1])
    let test = try data.batch([0, 1], of: .test, augmentation: nil).input
    let numbers: [Float] = try test.numbers.values()
    #expect(numbers[1] == 0 && numbers[2] == 0 && numbers[5] == 1)
    #expect(try test.categories.values(Int64.self) == [1, 0])
  }

  @Test("options choose the target, leave columns out, and make categories of numbers")
  func options() throws {
    let folder = try Folder()
    let path = try folder.write("id;t;zip;x\n" + (0..<30).map { "\($0);\($0 % 3);\(1000 + $0 % 4);\($0).5" }.joined(separator: "\n"))
    let settings = ["target": "t", "ignore": "id", "categorical": "zip", "delimiter": "semicolon"]
    let data = try dataset(path, settings)
    #expect(data.facts.shape == .init(numbers: 1, categories: [5]) && data.facts.classNames == ["0", "1", "2"])
    #expect(try dataset(path, settings.merging(["task": "regression"]) { $1 }).facts.task == .regression(outputs: 1))
    // 29 zip codes a class of their own would be; rare ones are unknown.
    #expect(try dataset(path, settings.merging(["minimumCount": "10"]) { $1 }).facts.shape.categories == [1])
    // Without a header columns go by number.
    let bare = try folder.write("1,a,x\n2,b,y\n3,a,x\n4,b,y\n5,a,y\n", to: "bare.csv")
    #expect(try dataset(bare, ["header": "false", "target": "2"]).facts.classNames == ["a", "b"])
    #expect(try dataset(path, settings.merging(["ignore": ""]) { $1 }).inspection().warnings.isEmpty)
    let named = try folder.write("n,t\n" + (0..<30).map { "name\($0),\($0 % 2)" }.joined(separator: "\n"), to: "named.csv")
    #expect(try dataset(named).inspection().warnings.first?.message.contains("ignore") == true)
  }

  @Test("a table that cannot be used is refused with file, line and column")
  func refusals() throws {
    let folder = try Folder()
    func refused(
      _ text: String, _ settings: [String: String] = [:], kind: BasinError.Kind = .badData, place: String? = nil, saying words: String...,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let path = try folder.write(text)
      let error = #expect(throws: BasinError.self, sourceLocation: sourceLocation) { try dataset(path, settings) }
      let told = error.debugDescription
      #expect(error?.kind == kind && error?.place == place && error?.advice != nil, "\(told)", sourceLocation: sourceLocation)
      #expect(kind == .usage || error?.file == path, "\(told)", sourceLocation: sourceLocation)
      for word in words { #expect(told.contains(word), "\(word) not in \(told)", sourceLocation: sourceLocation) }
    }
    try refused("", saying: "empty")
    try refused("\n\n", saying: "empty")
    try refused("a,b\n", saying: "no rows")
    try refused("a,b\n1,2\n3\n", place: "line 3", saying: "1 fields where the first line has 2", "delimiter")
    try refused("a,a\n1,2\n", place: "line 1", saying: "two columns")
    try refused("a,t\n1,x\n2,\n", place: "line 3, column t", saying: "target is missing")
    try refused("a,t\n1,x\n2,x\n", saying: "1 different values")
    try refused("t\nx\ny\n", saying: "no column beside the target")
    let mostly = "x,t\n" + (0..<20).map { "\($0 == 13 ? "12O" : "\($0)"),\($0 % 2)" }.joined(separator: "\n")
    try refused(mostly, place: "line 15, column x", saying: "'12O' is no number", "categorical")
    try refused("x,t\n1,a\n1e31,b\n", place: "line 3, column x", saying: "too large")
    try refused("x,t\n1,2\n1,two\n", ["task": "regression"], place: "line 3, column t", saying: "'two'")
    try refused("x,outcome\n1,a\n2,b\n", ["target": "outcme"], kind: .usage, saying: "'outcme'", "Did you mean 'outcome'")
    try refused("x,t\n1,a\n2,b\n", ["ignore": "t"], kind: .usage, saying: "ignored")
    #expect(throws: BasinError.self) { try dataset(folder.path + "/nothing.csv") }
    #expect(throws: BasinError.self) { try dataset(folder.path) }
    // Infinities, NaN and hexadecimal numbers are no numbers.
    for text in ["inf", "-nan", "0x1p3", "infinity"] {
      let path = try folder.write("x,t\n\(text),a\n2,b\n")
      #expect(try dataset(path).facts.shape.numbers == 0, "\(text)")
    }
  }

  @Test("an error in the second file of a folder names that file and its own line")
  func placesOfFolders() throws {
    let folder = try Folder()
    _ = try folder.write("x,t\n" + (0..<20).map { "\($0),\($0 % 2)" }.joined(separator: "\n"), to: "train.csv")
    let test = try folder.write("x,t\n1,0\noops,1\n", to: "test.csv")
    let error = #expect(throws: BasinError.self) { try dataset(folder.path) }
    #expect(error?.file == test && error?.place == "line 3, column x", "\(error.debugDescription)")
    _ = try folder.write("x,u\n1,0\n", to: "test.csv")
    #expect(throws: BasinError.self) { try dataset(folder.path) }
  }

  @Test("another file is read with what was learned; its columns may stand otherwise, the target may be absent")
  func unlabelled() throws {
    let folder = try Folder()
    let path = try folder.write(rows { "\($0),\($0 % 2 == 0 ? "Rome" : "Oslo"),\($0 > 9 ? "yes" : "no")" })
    let data = try dataset(path)
    let other = try folder.write("city,x\nOslo,4\nLima,\n", to: "new.csv")
    let examples = try data.unlabelled(file: other, NoOptions())
    #expect(examples.count == 2)
    let batch = try examples.batch([1, 0])
    #expect(try batch.categories.values(Int64.self) == [0, 1])
    #expect(try batch.numbers.values(Float.self)[0] == 0)
    let lacking = try folder.write("city\nOslo\n", to: "lacking.csv")
    let error = #expect(throws: BasinError.self) { try data.unlabelled(file: lacking, NoOptions()) }
    #expect(error?.message.contains("column x") == true && error?.file == lacking)
    let wrong = try folder.write("city,x\nOslo,4\nOslo,four\n", to: "wrong.csv")
    #expect(throws: BasinError.self) { try data.unlabelled(file: wrong, NoOptions()) }
  }

  @Test("generated tables are the same for the same stream, and hold what a table from a file does")
  func madeUp() throws {
    let random = Random(seed: 6)
    #expect(MadeUpCredit.table(rows: 50, noise: 1, random).columns == MadeUpCredit.table(rows: 50, noise: 1, random).columns)
    #expect(MadeUpPrices.table(rows: 50, noise: 1, random).columns != MadeUpPrices.table(rows: 50, noise: 1, Random(seed: 7)).columns)
    let credit = try MadeUpDataset<MadeUpCredit>(MadeUpOptions(), source: DataSource(name: "made-up-credit"), random: random)
    #expect(credit.facts.task == .classification(classes: 2) && credit.count(.train) == 4000 && credit.count(.test) == 1000)
    // Income has gaps; three columns of categories.
    #expect(credit.facts.shape == .init(numbers: 5, categories: [7, 13, 3]))
    let labels = try #require(credit.labels(.train)), part = Double(labels.count { $0 == 0 }) / Double(labels.count)
    #expect(0.25...0.75 ~= part, "\(part) of the classes are the first")
    let prices = try MadeUpDataset<MadeUpPrices>(MadeUpOptions(), source: DataSource(name: "made-up-prices"), random: random)
    #expect(prices.facts.task == .regression(outputs: 1) && prices.facts.shape.categories == [11, 5, 6])
    let scale = try #require(prices.facts.shape.outputs.first)
    #expect(scale.mean > 50 && scale.deviation > 10)
  }
}

@Suite struct TargetScaleTests {
  @Test("a model of numbers starts around the targets, in their units")
  func scale() throws {
    let shape = TableBatch.Shape(numbers: 4, categories: [3], outputs: [.init(mean: 5000, deviation: 100)])
    let model = try TabularMLP(TabularMLPOptions(), shape: shape, task: .regression(outputs: 1))
    try model.initialize(Random(seed: 1))
    let input = TableBatch(numbers: try Tensor.ones([6, 4]), categories: try Tensor.zeros([6, 1], .int64))
    let values: [Float] = try model(input, .evaluate).prediction.values()
    #expect(values.allSatisfy { abs($0 - 5000) < 300 && $0 != 5000 })
    // Without a scale it is the network's own output.
    let plain = try TabularMLP(TabularMLPOptions(), shape: .init(numbers: 4, categories: [3]), task: .regression(outputs: 1))
    try plain.initialize(Random(seed: 1))
    let own: [Float] = try plain(input, .evaluate).prediction.values()
    for (a, b) in zip(values, own) { #expect(abs(a - (5000 + 100 * b)) < 1e-2) }
  }
}
