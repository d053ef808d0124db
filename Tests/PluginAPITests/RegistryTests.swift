import PluginAPI
import Testing

private struct Numbers: InputBatch {
  struct Shape: Sendable, CustomStringConvertible {
    let width: Int
    var description: String { "\(width) numbers" }
  }
  let values: Tensor
  var count: Int { values.shape.first ?? 0 }
  static var exampleShape: Shape { Shape(width: 2) }
}

private enum AnotherLibrary {
  struct Numbers: InputBatch {
    struct Shape: Sendable, CustomStringConvertible { let description = "others" }
    let count = 1
    static var exampleShape: Shape { Shape() }
  }

  struct Source: Dataset {
    init(_ options: NoOptions, source: DataSource, random: Random) throws {}
    var facts: DatasetFacts<Numbers.Shape> { DatasetFacts(shape: Numbers.exampleShape, task: .regression(outputs: 1)) }
    func count(_ split: Split) -> Int { 1 }
    func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: Numbers, target: Tensor) {
      (Numbers(), try Tensor([Int64(0)]))
    }
  }
}

private struct NumberSet: Dataset {
  struct Settings: Options {
    var width = 3
    static var fields: [Field<Settings>] { [Field("width", \.width, in: 1...9, "numbers an example")] }
  }
  let width: Int

  init(_ options: Settings, source: DataSource, random: Random) throws {
    if source.name == "files" { _ = try source.requireRoot() }
    width = options.width
  }

  var facts: DatasetFacts<Numbers.Shape> {
    DatasetFacts(
      shape: Numbers.Shape(width: width), task: .classification(classes: 4), classNames: ["a", "b", "c", "d"])
  }
  func count(_ split: Split) -> Int { split == .validation ? 0 : 6 }
  func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: Numbers, target: Tensor) {
    (Numbers(values: try Tensor.ones([ids.count, width])), try Tensor(ids.map { Int64($0 % 4) }))
  }
}

private struct PictureSet: Dataset {
  init(_ options: NoOptions, source: DataSource, random: Random) throws {}
  var facts: DatasetFacts<ImageBatch.Shape> {
    DatasetFacts(shape: ImageBatch.exampleShape, task: .classification(classes: 2))
  }
  func count(_ split: Split) -> Int { 1 }
  func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: ImageBatch, target: Tensor) {
    (ImageBatch(try Tensor.zeros([1, 3, 32, 32])), try Tensor([Int64(0)]))
  }
}

private final class Perceptron: Model {
  struct Settings: Options {
    var hidden = 5
    static var fields: [Field<Settings>] { [Field("hidden", \.hidden, in: 1...64, "width")] }
  }
  let first: Linear
  let second: Linear

  init(_ options: Settings, shape: Numbers.Shape, task: Task) throws {
    first = try Linear(shape.width, options.hidden)
    second = try Linear(options.hidden, task.outputs)
  }

  func callAsFunction(_ input: Numbers, _ mode: Mode) throws -> Output { Output(try second(relu(first(input.values)))) }
}

struct RegistryTests {
  private func registry() -> Registry {
    var registry = Registry(module: "toys", domain: "numbers")
    let recipe = Recipe(
      epochs: 3, batchSize: nil, learningRate: 0.1, optimizer: "sgd", tail: 0.2, settings: ["schedule.tail": "0.4"])
    registry.add(model: "perceptron", Perceptron.self, "two layers", recipe: recipe)
    registry.add(model: "wide", Perceptron.self, "two wide layers", preset: ["hidden": "50"], recipe: recipe)
    registry.add(dataset: "ones", NumberSet.self, "ones", preset: ["width": "4"])
    registry.add(dataset: "files", NumberSet.self, "ones from files")
    registry.add(format: "pictures", PictureSet.self, "pictures")
    registry.add(dataset: "others", AnotherLibrary.Source.self, "of another library")
    return registry
  }

  private func model(_ name: String) throws -> ModelEntry { try #require(registry().models.first { $0.name == name }) }

  private func dataset(_ name: String, _ settings: [String: String] = [:]) throws -> any LoadedDataset {
    let entry = try #require(registry().datasets.first { $0.name == name })
    return try entry.make(settings, source: DataSource(name: name), random: Random(seed: 1))
  }

  @Test func entriesSayWhatTheyAre() throws {
    let entry = try model("wide")
    #expect(entry.module == "toys" && entry.domain == "numbers" && entry.exampleShape == "2 numbers")
    #expect(entry.options.map(\.name) == ["hidden"] && entry.preset == ["hidden": "50"])
    #expect(entry.recipe.settings == ["schedule.tail": "0.4", "schedule.cyclic": "false"])
    #expect(registry().datasets.map(\.isFormat) == [false, false, true, false])
  }

  @Test func modelsAreMadeForTheDataTheyMeet() throws {
    let ones = try dataset("ones")
    #expect(ones.shapeDescription == "4 numbers" && ones.task == .classification(classes: 4))
    let loaded = try model("wide").make([:], for: ones)
    let shapes = Dictionary(loaded.module.tensors().map { ($0.path, $0.tensor.shape) }) { $1 }
    #expect(shapes["first.weight"] == [50, 4] && shapes["second.weight"] == [4, 50])
    #expect(try model("wide").make(["hidden": "7"], for: ones).module.tensors().first?.tensor.shape == [7, 4])
    let batch = try ones.batch([0, 1, 5], of: .train, augmentation: nil, device: .cpu)
    #expect(batch.count == 3)
    #expect(try batch.target.values(Int64.self) == [0, 1, 1])
    #expect(try loaded.forward(batch, .evaluate).prediction.shape == [3, 4])
    let example = try model("perceptron").make([:], for: nil)
    #expect(example.module.tensors().map(\.tensor.shape) == [[5, 2], [5], [10, 5], [10]])
    #expect(try ones.inspection().examples == ["train": 6, "validation": 0, "test": 6])
    #expect(try ones.inspection().classes == 4)
  }

  @Test func pairsThatDoNotFitSayWhy() throws {
    let error = #expect(throws: BasinError.self) { _ = try model("wide").make([:], for: dataset("pictures")) }
    #expect(error?.kind == .usage)
    #expect(error?.message == "model wide takes Numbers, the data set gives ImageBatch")
    let copies = #expect(throws: BasinError.self) { _ = try model("wide").make([:], for: dataset("others")) }
    #expect(copies?.message.contains("two copies of a library") == true)
    #expect(copies?.advice?.contains("dynamic library") == true)
    let loaded = try model("wide").make([:], for: dataset("ones"))
    let pictures = try dataset("pictures").batch([0], of: .train, augmentation: nil, device: .cpu)
    #expect(throws: BasinError.self) { _ = try loaded.forward(pictures, .evaluate) }
  }

  @Test func optionsAreCheckedBeforeAnythingIsMade() throws {
    #expect(throws: BasinError.self) { try model("wide").check(["hidden": "65"]) }
    let unknown = #expect(throws: BasinError.self) { _ = try model("wide").make(["hiden": "6"], for: nil) }
    #expect(unknown?.message == "unknown option 'hiden' of model wide")
    let error = #expect(throws: BasinError.self) { _ = try dataset("ones", ["width": "10"]) }
    #expect(error?.message.hasPrefix("data set ones: ") == true)
    try model("wide").check(["hidden": "64"])
  }

  @Test func sourcesSayHowToNameThem() throws {
    let error = #expect(throws: BasinError.self) { _ = try dataset("files") }
    #expect(error?.kind == .missingInput && error?.advice?.contains("--data-root") == true)
    let path = #expect(throws: BasinError.self) { _ = try DataSource(name: "csv", path: "").requirePath() }
    #expect(path?.kind == .usage && path?.advice == "Write --dataset csv:PATH")
    #expect(try DataSource(name: "csv", path: "a:b", root: "/r").requirePath() == "a:b")
  }

  @Test func mergingKeepsBothOfAName() {
    var all = registry()
    var other = Registry(module: "more", domain: "numbers")
    other.add(dataset: "ones", NumberSet.self, "the same name")
    other.add(Method("m", "a method", schedule: "constant"))
    other.add(benchmark: BenchmarkCase(model: "perceptron", dataset: "ones", epochs: 2, seeds: 3).lasting(5))
    all.merge(other)
    #expect(all.datasets.filter { $0.name == "ones" }.map(\.module) == ["toys", "more"])
    #expect(all.methods.map(\.name) == ["m"])
    #expect(all.benchmarks.map(\.benchmark.epochs) == [5] && all.benchmarks[0].module == "more")
  }
}
