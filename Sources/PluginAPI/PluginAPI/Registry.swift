/// A model family as registered.
public struct ModelEntry {
  /// The name, who registers it, the domain, and a sentence for people.
  public let name, module, domain, summary: String
  /// What can be set, with the defaults of the type.
  public let options: [OptionDescription]
  /// The presets and defaults: what each option is when the user says nothing.
  public let preset: [String: String]
  /// What it trains with where nobody says otherwise.
  public let recipe: Recipe
  /// For data sets whose examples are of another kind than the usual, by that kind
  /// (``Dataset/exampleKind(_:source:)``).
  public let recipes: [String: Recipe]
  /// The type of a batch of inputs: what decides which pairs fit.
  public let inputType: Any.Type
  /// The shape and the number of classes the model is described by when no data set is named.
  public let exampleShape: String
  /// As ``exampleShape``.
  public let exampleClasses: Int
  let make: ([String: String], (any LoadedDataset)?) throws -> any LoadedModel
  let makeExample: ([String: String], String?, Int?) throws -> any LoadedModel
  let verify: ([String: String]) throws -> Void

  /// The recipe for examples of a kind.
  public func recipe(for kind: String?) -> Recipe { kind.flatMap { recipes[$0] } ?? recipe }

  /// Checks option values without making anything.
  public func check(_ settings: [String: String]) throws { try verify(settings) }

  /// Makes the model for a data set (nil: for the example shape and classes). Tensors are not filled yet.
  ///
  /// - Throws: `BasinError` of kind usage where the two do not fit or an option is wrong.
  public func make(_ settings: [String: String], for dataset: (any LoadedDataset)?) throws -> any LoadedModel {
    try make(settings, dataset)
  }

  /// Makes the model without a data set, for a shape as its type writes it (`3x224x224`) and a number of classes; where one is
  /// nil, for that of the example.
  ///
  /// - Throws: `BasinError` of kind usage for a shape that cannot be read, or as `make` does.
  public func make(_ settings: [String: String], shape: String?, classes: Int?) throws -> any LoadedModel {
    try makeExample(settings, shape, classes)
  }
}

/// A data set, or a format for files of one's own, as registered.
public struct DatasetEntry {
  /// The name, who registers it, the domain, and a sentence for people.
  public let name, module, domain, summary: String
  /// Whether it is read from `NAME:PATH`.
  public let isFormat: Bool
  /// What can be set, with the defaults of the type.
  public let options: [OptionDescription]
  /// Option values that differ from the defaults under this name.
  public let preset: [String: String]
  /// The type of a batch of inputs: what decides which pairs fit.
  public let inputType: Any.Type
  /// Where its files can be fetched; nil where there are none, or none with a known hash.
  public let publication: Publication?
  let make: ([String: String], DataSource, Random) throws -> any LoadedDataset
  let verify: ([String: String]) throws -> Void
  let kind: ([String: String], DataSource) throws -> String?

  /// Checks option values without reading anything.
  public func check(_ settings: [String: String]) throws { try verify(settings) }

  /// Reads the data.
  ///
  /// - Throws: `BasinError` for an option or the data.
  public func make(_ settings: [String: String], source: DataSource, random: Random) throws -> any LoadedDataset {
    try make(settings, source, random)
  }

  /// What an example is, where models have a recipe of its own for that; nil: the usual.
  public func exampleKind(_ settings: [String: String], source: DataSource) throws -> String? {
    try kind(settings, source)
  }
}

/// A converter of data files, as registered.
public struct ConverterEntry {
  /// Who registers it.
  public let module: String
  /// What it writes.
  public let formats: [String]
  /// Reads a source and writes it.
  public let convert: (DataSource, ConversionTarget) throws -> ConversionReport
}

/// An optimizer as registered.
public struct OptimizerEntry {
  /// The name, who registers it, and a sentence for people.
  public let name, module, summary: String
  /// What can be set, with the defaults of the type.
  public let options: [OptionDescription]
  /// Makes it with option values, for the tensors of a model.
  public let make: ([String: String], [NamedTensor]) throws -> any UpdateRule
  let verify: ([String: String]) throws -> Void

  /// Checks option values without making anything.
  public func check(_ settings: [String: String]) throws { try verify(settings) }
}

/// An optimizer around another one, as registered.
public struct WrapperEntry {
  /// The name, who registers it, and a sentence for people.
  public let name, module, summary: String
  /// What can be set, with the defaults of the type.
  public let options: [OptionDescription]
  /// Makes it with option values, around a rule for the tensors of a model.
  public let make: ([String: String], any UpdateRule, [NamedTensor]) throws -> any UpdateRule
  let verify: ([String: String]) throws -> Void

  /// Checks option values without making anything.
  public func check(_ settings: [String: String]) throws { try verify(settings) }
}

/// A schedule as registered.
public struct ScheduleEntry {
  /// The name, who registers it, and a sentence for people.
  public let name, module, summary: String
  /// What can be set, with the defaults of the type.
  public let options: [OptionDescription]
  /// Makes it with option values.
  public let make: ([String: String]) throws -> any LearningRateCurve
}

/// An averaging policy as registered.
public struct AveragingEntry {
  /// The name, who registers it, and a sentence for people.
  public let name, module, summary: String
  /// What can be set, with the defaults of the type.
  public let options: [OptionDescription]
  /// Makes it with option values.
  public let make: ([String: String]) throws -> any AveragingPolicy
}

/// A benchmark case and who brings it.
public struct BenchmarkEntry {
  /// Who registers it, and the domain.
  public let module, domain: String
  /// What is trained.
  public let benchmark: BenchmarkCase

  /// A case of a module.
  public init(module: String, domain: String, benchmark: BenchmarkCase) {
    self.module = module
    self.domain = domain
    self.benchmark = benchmark
  }
}

/// A named benchmark and who brings it.
public struct ExperimentEntry {
  /// Who registers it, and the domain.
  public let module, domain: String
  /// What is compared.
  public let experiment: Experiment
}

/// What modules offer. A module gets one with its own name and domain set.
public struct Registry {
  /// In the order of registration, as all that follow.
  public private(set) var models: [ModelEntry] = []
  /// Data sets, and formats of files.
  public private(set) var datasets: [DatasetEntry] = []
  /// Converters of data files.
  public private(set) var converters: [ConverterEntry] = []
  /// Optimizers.
  public private(set) var optimizers: [OptimizerEntry] = []
  /// Optimizers that go around others.
  public private(set) var wrappers: [WrapperEntry] = []
  /// Schedules.
  public private(set) var schedules: [ScheduleEntry] = []
  /// Averaging policies.
  public private(set) var averagings: [AveragingEntry] = []
  /// Methods.
  public private(set) var methods: [Method] = []
  /// Cases of the default benchmark.
  public private(set) var benchmarks: [BenchmarkEntry] = []
  /// Benchmarks known by name.
  public private(set) var experiments: [ExperimentEntry] = []
  private let module, domain: String

  /// An empty one for a module.
  public init(module: String, domain: String) {
    self.module = module
    self.domain = domain
  }

  /// Adds a model family.
  ///
  /// - Parameters:
  ///   - preset: option values that differ from the defaults under this name (`preresnet56`: depth 56).
  ///   - exampleShape: what the model is described by when no data set is named, where it is not the usual one.
  ///   - exampleClasses: as exampleShape.
  ///   - exampleTask: what the model is described by where it does not classify.
  ///   - recipes: for data sets whose examples are of another kind than the usual, by that kind.
  public mutating func add<M: Model>(
    model name: String, _ type: M.Type, _ summary: String, preset: [String: String] = [:],
    exampleShape: M.Input.Shape? = nil, exampleClasses: Int = 10, exampleTask: Task? = nil, recipe: Recipe,
    recipes: [String: Recipe] = [:]
  ) {
    let owner = "model \(name)"
    let example = exampleShape ?? M.Input.exampleShape
    func options(_ settings: [String: String]) throws -> M.ModelOptions {
      try M.ModelOptions(settings: preset.merging(settings) { $1 }, of: owner)
    }
    func makeExample(_ settings: [String: String], shape: String?, classes: Int?) throws -> any LoadedModel {
      try ModelBox<M>(
        options(settings), shape: shape.map { try Self.shape($0, for: M.Input.self) } ?? example,
        task: exampleTask ?? .classification(classes: classes ?? exampleClasses))
    }
    models.append(
      ModelEntry(
        name: name, module: module, domain: domain, summary: summary, options: M.ModelOptions.descriptions,
        preset: preset, recipe: recipe, recipes: recipes, inputType: M.Input.self, exampleShape: "\(example)",
        exampleClasses: exampleClasses
      ) { settings, dataset in
        guard let dataset else { return try makeExample(settings, shape: nil, classes: nil) }
        guard let facts = Self.facts(of: dataset, for: M.Input.self) else {
          throw Self.mismatch(owner, M.Input.self, dataset)
        }
        return try ModelBox<M>(options(settings), shape: facts.shape, task: facts.task)
      } makeExample: { settings, shape, classes in
        try makeExample(settings, shape: shape, classes: classes)
      } verify: { _ = try M.ModelOptions(settings: $0, of: owner) })
  }

  private static func shape<I: InputBatch>(_ text: String, for input: I.Type) throws -> I.Shape {
    guard let type = I.Shape.self as? any LosslessStringConvertible.Type else {
      throw BasinError.usage("the shape of \(input) cannot be given as text", advice: "Name a data set instead")
    }
    guard let shape = type.init(text) as? I.Shape else {
      throw BasinError.usage("'\(text)' is no shape of \(input)", advice: "Write it as \(I.exampleShape)")
    }
    return shape
  }

  private static func facts<I: InputBatch>(of dataset: any LoadedDataset, for input: I.Type) -> DatasetFacts<I.Shape>? {
    (dataset as? any ShapedDataset<I>)?.facts
  }

  private static func mismatch(_ owner: String, _ input: Any.Type, _ dataset: any LoadedDataset) -> BasinError {
    let other = dataset.inputType
    if "\(input)" == "\(other)" {
      return .usage(
        "\(owner) and the data set both use a type named \(input), but from two copies of a library",
        advice: "Build the module as a package that depends on PluginAPI as a dynamic library")
    }
    return .usage("\(owner) takes \(input), the data set gives \(other)", advice: "`basin list` shows which pairs fit")
  }

  /// Adds a data set that is found by its name under the data root, or generated.
  ///
  /// - Parameter publication: where `basin data fetch` gets its files.
  public mutating func add<D: Dataset>(
    dataset name: String, _ type: D.Type, _ summary: String, preset: [String: String] = [:],
    publication: Publication? = nil
  ) {
    add(name, type, summary, preset: preset, isFormat: false, publication: publication)
  }

  /// Adds a format: `--dataset NAME:PATH`.
  public mutating func add<D: Dataset>(
    format name: String, _ type: D.Type, _ summary: String, preset: [String: String] = [:]
  ) {
    add(name, type, summary, preset: preset, isFormat: true)
  }

  private mutating func add<D: Dataset>(
    _ name: String, _ type: D.Type, _ summary: String, preset: [String: String], isFormat: Bool,
    publication: Publication? = nil
  ) {
    datasets.append(
      DatasetEntry(
        name: name, module: module, domain: domain, summary: summary, isFormat: isFormat,
        options: D.DatasetOptions.descriptions, preset: preset, inputType: D.Input.self, publication: publication
      ) { settings, source, random in
        let options = try D.DatasetOptions(settings: preset.merging(settings) { $1 }, of: "data set \(name)")
        return DatasetBox(try D(options, source: source, random: random))
      } verify: {
        _ = try D.DatasetOptions(settings: $0, of: "data set \(name)")
      } kind: { settings, source in
        let options = try D.DatasetOptions(settings: preset.merging(settings) { $1 }, of: "data set \(name)")
        return D.exampleKind(options, source: source)
      })
  }

  /// Adds a converter for the module's data sets and formats.
  public mutating func add<C: DataConverter>(converter type: C.Type) {
    converters.append(
      ConverterEntry(module: module, formats: C.formats) { try C().convert($0, to: $1) })
  }

  /// Adds an optimizer: `--optimizer NAME`.
  public mutating func add<O: Optimizer>(optimizer name: String, _ type: O.Type, _ summary: String) {
    optimizers.append(
      OptimizerEntry(name: name, module: module, summary: summary, options: O.OptimizerOptions.descriptions) {
        try O(O.OptimizerOptions(settings: $0, of: "optimizer \(name)"), parameters: $1)
      } verify: { _ = try O.OptimizerOptions(settings: $0, of: "optimizer \(name)") })
  }

  /// Adds an optimizer that goes around another: `--optimizer NAME:INNER`.
  public mutating func add<W: OptimizerWrapper>(wrapper name: String, _ type: W.Type, _ summary: String) {
    wrappers.append(
      WrapperEntry(name: name, module: module, summary: summary, options: W.OptimizerOptions.descriptions) {
        try W(W.OptimizerOptions(settings: $0, of: "optimizer \(name)"), around: $1, parameters: $2)
      } verify: { _ = try W.OptimizerOptions(settings: $0, of: "optimizer \(name)") })
  }

  /// Adds a schedule: `--schedule NAME`.
  ///
  /// - Parameter preset: option values that differ from the defaults under this name.
  public mutating func add<S: Schedule>(
    schedule name: String, _ type: S.Type, _ summary: String, preset: [String: String] = [:]
  ) {
    schedules.append(
      ScheduleEntry(name: name, module: module, summary: summary, options: S.ScheduleOptions.descriptions) {
        try S(S.ScheduleOptions(settings: preset.merging($0) { $1 }, of: "schedule \(name)"))
      })
  }

  /// Adds an averaging policy: `--averaging NAME`.
  ///
  /// - Parameter preset: option values that differ from the defaults under this name.
  public mutating func add<A: AveragingPolicy>(
    averaging name: String, _ type: A.Type, _ summary: String, preset: [String: String] = [:]
  ) {
    averagings.append(
      AveragingEntry(name: name, module: module, summary: summary, options: A.AveragingOptions.descriptions) {
        try A(A.AveragingOptions(settings: preset.merging($0) { $1 }, of: "averaging \(name)"))
      })
  }

  /// Adds a method: `--method NAME`. Its schedule and policy may be this module's or Basin's own.
  public mutating func add(_ method: Method) { methods.append(method) }

  /// Adds a line to the default benchmark of the module's domain.
  public mutating func add(benchmark: BenchmarkCase) {
    benchmarks.append(BenchmarkEntry(module: module, domain: domain, benchmark: benchmark))
  }

  /// Adds a benchmark known by name.
  public mutating func add(_ experiment: Experiment) {
    experiments.append(ExperimentEntry(module: module, domain: domain, experiment: experiment))
  }

  /// Adds everything of another module.
  public mutating func merge(_ other: Registry) {
    models += other.models
    datasets += other.datasets
    converters += other.converters
    optimizers += other.optimizers
    wrappers += other.wrappers
    schedules += other.schedules
    averagings += other.averagings
    methods += other.methods
    benchmarks += other.benchmarks
    experiments += other.experiments
  }
}

/// Lets a model ask a loaded data set for facts of its own input type.
protocol ShapedDataset<Input> {
  associatedtype Input: InputBatch
  var facts: DatasetFacts<Input.Shape> { get }
}

extension DatasetBox: ShapedDataset {
  typealias Input = D.Input
  var facts: DatasetFacts<D.Input.Shape> { dataset.facts }
}
