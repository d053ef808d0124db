/// The defaults a model family trains with, found by its authors; methods and flags override parts.
public struct Recipe: Sendable, Hashable {
  /// Passes over the training examples.
  public var epochs: Int
  /// Examples a step; nil: all of them (full batch).
  public var batchSize: Int?
  /// The rate a run begins with, which the schedule multiplies.
  public var learningRate: Double
  /// The optimizer's name.
  public var optimizer: String
  /// `optimizer.momentum`, `schedule.tail`, ...: used where the chosen optimizer, schedule or policy has such an option.
  public var settings: [String: String]

  /// - Parameters:
  ///   - tail: the tail rate of `backbone-chc`, `swa` and `pswa` as a part of the learning rate.
  ///   - cyclic: whether the tail goes linearly from the learning rate to `tail` within each epoch instead.
  public init(
    epochs: Int, batchSize: Int?, learningRate: Double, optimizer: String, tail: Double, cyclic: Bool = false,
    settings: [String: String] = [:]
  ) {
    self.epochs = epochs
    self.batchSize = batchSize
    self.learningRate = learningRate
    self.optimizer = optimizer
    self.settings = settings.merging(["schedule.tail": "\(tail)", "schedule.cyclic": "\(cyclic)"]) { mine, _ in mine }
  }
}

/// A named way of training: a schedule and an averaging policy, with settings for both.
public struct Method: Sendable, Hashable {
  /// The name on the command line, and a sentence for people.
  public let name, summary: String
  /// nil: the recipe's.
  public let optimizer: String?
  /// The names of schedule and averaging policy.
  public let schedule, averaging: String
  /// `schedule.floor`, `averaging.start` ...: over those of the recipe.
  public let settings: [String: String]

  public init(
    _ name: String, _ summary: String, optimizer: String? = nil, schedule: String, averaging: String = "none",
    settings: [String: String] = [:]
  ) {
    self.name = name
    self.summary = summary
    self.optimizer = optimizer
    self.schedule = schedule
    self.averaging = averaging
    self.settings = settings
  }
}

/// One line of the default benchmark of a domain: sized so that `basin bench` takes minutes and methods can differ.
public struct BenchmarkCase: Sendable, Hashable {
  /// Their names.
  public let model, dataset: String
  /// Passes over the training examples.
  public let epochs: Int
  /// Examples a step; nil: the recipe's.
  public let batchSize: Int?
  /// nil: the recipe's.
  public let learningRate: Double?
  /// Seeds to run: ten where a run is quick.
  public let seeds: Int
  /// As `--set`.
  public let settings: [String: String]
  /// What else a run's configuration file would say, such as `["validationFraction": "0"]`.
  public let configuration: [String: String]

  public init(
    model: String, dataset: String, epochs: Int, batchSize: Int? = nil, learningRate: Double? = nil, seeds: Int,
    settings: [String: String] = [:], configuration: [String: String] = [:]
  ) {
    self.model = model
    self.dataset = dataset
    self.epochs = epochs
    self.batchSize = batchSize
    self.learningRate = learningRate
    self.seeds = seeds
    self.settings = settings
    self.configuration = configuration
  }

  /// The same case with another number of epochs.
  public func lasting(_ epochs: Int) -> BenchmarkCase {
    BenchmarkCase(
      model: model, dataset: dataset, epochs: epochs, batchSize: batchSize, learningRate: learningRate, seeds: seeds,
      settings: settings, configuration: configuration)
  }
}

/// A benchmark known by name, `basin bench --preset NAME`, such as a paper's table: what a user runs unchanged to repeat it.
///
/// Several modules may add to one of the same name: the cases of all are run, with the methods of all.
public struct Experiment: Sendable, Hashable {
  /// The name on the command line, and a sentence for people.
  public let name, summary: String
  /// The first is what the others are compared with.
  public let methods: [String]
  /// What is trained, with every method.
  public let cases: [BenchmarkCase]

  public init(_ name: String, _ summary: String, methods: [String], cases: [BenchmarkCase]) {
    self.name = name
    self.summary = summary
    self.methods = methods
    self.cases = cases
  }
}
