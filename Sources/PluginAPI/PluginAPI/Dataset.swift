/// Where a data set comes from: a name under a data root, or a file of the user's own.
public struct DataSource: Hashable, Sendable {
  /// `cora`, or the format of `FORMAT:PATH`.
  public let name: String
  /// The PATH of `FORMAT:PATH`.
  public let path: String?
  /// The folder named sets are found under; nil where none was given.
  public let root: String?

  /// A set by its name under `root`, or a file of the user's own.
  public init(name: String, path: String? = nil, root: String? = nil) {
    self.name = name
    self.path = path
    self.root = root
  }

  /// The data root, or an error that says how to give one.
  public func requireRoot() throws -> String {
    guard let root else {
      throw BasinError.missing(
        "data set \(name) is read from files and no data root is given",
        advice: "Give --data-root DIR or set BASIN_DATA")
    }
    return root
  }

  /// The path of `FORMAT:PATH`, or an error that says how to give one.
  public func requirePath() throws -> String {
    guard let path, !path.isEmpty else {
      throw BasinError.usage("data set \(name) needs a path", advice: "Write --dataset \(name):PATH")
    }
    return path
  }
}

/// What the host must know of a data set.
public struct DatasetFacts<Shape: Sendable>: Sendable {
  /// What a model must know of the inputs before it is made.
  public let shape: Shape
  /// What is to be learned.
  public let task: Task
  /// The name of each class, where there are any.
  public let classNames: [String]

  /// - Parameter classNames: in the order of the class numbers; empty where they have none.
  public init(shape: Shape, task: Task, classNames: [String] = []) {
    self.shape = shape
    self.task = task
    self.classNames = classNames
  }
}

/// What `basin data inspect` tells of a data set or file; what does not apply is nil.
public struct DataInspection: Codable, Sendable {
  /// Something unusual that is no error.
  public struct Warning: Codable, Sendable {
    /// The place in the file, from 1; nil where it has none.
    public var line, column: Int?
    /// What is unusual, as a sentence without a full stop.
    public var message: String

    /// A warning, with its place where it has one.
    public init(line: Int? = nil, column: Int? = nil, message: String) {
      self.line = line
      self.column = column
      self.message = message
    }
  }

  /// What it was read as: `graphml`, `table`.
  public var format: String
  /// Counts; edges as the file lists them.
  public var graphs, nodes, edges: Int?
  /// Whether edges have a direction.
  public var directed: Bool?
  /// The attributes' names.
  public var nodeAttributes, edgeAttributes: [String]?
  /// Classes to tell apart.
  public var classes: Int?
  /// Examples by split.
  public var examples: [String: Int]?
  /// The shape of the inputs, in words.
  public var shape: String?
  /// What is unusual, in the order of the file.
  public var warnings: [Warning] = []

  /// An inspection that says nothing yet but the format.
  public init(format: String) { self.format = format }
}

/// Labelled examples by index: the host owns their order, so that resuming needs nothing from the data set.
///
/// Three members must be written: `init`, `facts` and `batch`, beside `count`; the others have defaults.
public protocol Dataset<Input> {
  /// The type of a batch of inputs. Models of the same type fit.
  associatedtype Input: InputBatch
  /// What `--set dataset.NAME` sets.
  associatedtype DatasetOptions: Options

  /// Reads the data. `random` is for sets that are generated.
  init(_ options: DatasetOptions, source: DataSource, random: Random) throws

  /// What an example is, where models have a recipe of its own for that (`graph`: whole graphs, not nodes); nil: the
  /// usual. Asked before anything is read: names of files and folders must tell.
  static func exampleKind(_ options: DatasetOptions, source: DataSource) -> String?

  /// Shape, task and class names. They may follow from what `fit` learns.
  var facts: DatasetFacts<Input.Shape> { get }

  /// Examples in a split as published; 0 where there is no such split (the host then carves validation from train).
  func count(_ split: Split) -> Int

  /// The examples `ids` of a split, in that order, and their targets: for classification int64 `[N]` classes or, in training,
  /// float32 `[N, classes]` probabilities of mixed examples.
  ///
  /// What it gives depends on its arguments alone. The host calls it from more than one thread, never twice at once.
  /// - Parameter augmentation: randomness for augmentation in training; nil: none is wanted.
  func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: Input, target: Tensor)

  /// The class of each example, for stratified splits; nil where that does not apply.
  func labels(_ split: Split) -> [Int32]?

  /// How long each example is (the tokens of a sentence), for batches that mind it; nil where that does not apply. Asked after
  /// `fit`.
  func lengths(_ split: Split) -> [Int32]?

  /// Learns what is learned from training data alone (a vocabulary, mean and deviation), before anything else is asked.
  /// - Parameter training: which examples of the train split are trained on (the others are validation).
  mutating func fit(training: [Int]) throws

  /// The files the data were read from, for the record of their hash.
  var files: [String] { get }

  /// What `basin data inspect` tells; by default task, shape and counts.
  func inspection() throws -> DataInspection

  /// The inputs of a batch as a person would see them, uint8 `[N, H, W, C]` with C of 1 (grey) or 3 (red, green, blue), what
  /// was done for the model's sake (normalization) undone; nil where they cannot be shown. Asked after `fit`.
  func pictures(of input: Input) throws -> Tensor?
}

extension Dataset {
  public static func exampleKind(_ options: DatasetOptions, source: DataSource) -> String? { nil }
  public func labels(_ split: Split) -> [Int32]? { nil }
  public func lengths(_ split: Split) -> [Int32]? { nil }
  public mutating func fit(training: [Int]) throws {}
  public var files: [String] { [] }
  public func pictures(of input: Input) throws -> Tensor? { nil }

  public func inspection() throws -> DataInspection {
    var result = DataInspection(format: "\(Self.self)")
    let facts = facts
    if case .classification(let classes) = facts.task { result.classes = classes }
    result.shape = "\(facts.shape)"
    result.examples = Dictionary(uniqueKeysWithValues: Split.allCases.map { ($0.rawValue, count($0)) })
    return result
  }
}
