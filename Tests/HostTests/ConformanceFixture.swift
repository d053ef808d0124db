import Foundation
import Host
import PluginAPI
import Testing

/// Points in the plane: the input of the models and data sets that the suite of checks is tried on.
struct PointBatch: InputBatch {
  struct Shape: Sendable, CustomStringConvertible {
    let size: Int
    var description: String { "\(size)" }
  }

  /// `[N, 2]`
  let points: Tensor
  var count: Int { points.shape[0] }
  static var exampleShape: Shape { Shape(size: 2) }

  func disagreement(with shape: Shape) throws -> String? {
    points.shape.last == shape.size ? nil : "\(points.shape.last ?? 0) coordinates instead of \(shape.size)"
  }
}

/// Points around three centres. A `flaw` makes it break one of the rules.
struct PointSet: Dataset {
  enum Flaw: String, CaseIterable { case none, overlap, label, order, clock, shape, count, nameless, leak }

  struct DatasetOptions: Options {
    var train = 60
    var flaw = Flaw.none
    static var fields: [Field<Self>] {
      [Field("train", \.train, in: 8...1000, "points to train on"), Field("flaw", \.flaw, choices: Flaw.self, "what is wrong with it")]
    }
  }

  let options: DatasetOptions
  nonisolated(unsafe) private static var calls = 0
  nonisolated(unsafe) private static var kept: [Tensor] = []

  init(_ options: DatasetOptions, source: DataSource, random: Random) throws { self.options = options }

  var facts: DatasetFacts<PointBatch.Shape> {
    DatasetFacts(
      shape: PointBatch.Shape(size: options.flaw == .shape ? 3 : 2), task: .classification(classes: 3),
      classNames: options.flaw == .nameless ? ["one"] : [])
  }

  func count(_ split: Split) -> Int { split == .train ? options.train : split == .test ? 30 : 0 }
  func labels(_ split: Split) -> [Int32]? {
    (0..<count(split) + (options.flaw == .count ? 1 : 0)).map { Int32($0 % 3) }
  }

  func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: PointBatch, target: Tensor) {
    Self.calls += 1
    let part = options.flaw == .overlap ? "train" : split.rawValue
    let points = ids.flatMap { id in
      let noise = Random(seed: 9)[part][id].uniform(2)
      let angle = 2 * Float.pi * Float(id % 3) / 3
      let drift = options.flaw == .clock ? Float(Self.calls) * 1e-3 : 0
      return [2 * cos(angle) + noise[0] + drift, 2 * sin(angle) + noise[1]]
    }
    var classes = ids.map { Int64($0 % 3) }
    if options.flaw == .label, split == .test { classes[0] = 3 }
    if options.flaw == .order { classes.sort() }
    let tensor = try Tensor(points, shape: [ids.count, 2])
    if options.flaw == .leak { Self.kept.append(tensor) }
    return (PointBatch(points: tensor), try Tensor(classes))
  }
}

/// Two linear layers with normalization between them. A `flaw` makes it break one of the rules.
final class PointModel: Model {
  enum Flaw: String, CaseIterable {
    case none, unused, unfilled, unestimated, hiddenState, untracked, busyEvaluation, company, stuck, leak, width, sharedTable
  }

  struct ModelOptions: Options {
    var hidden = 16
    var flaw = Flaw.none
    static var fields: [Field<Self>] {
      [Field("hidden", \.hidden, in: 1...64, "width"), Field("flaw", \.flaw, choices: Flaw.self, "what is wrong with it")]
    }
  }

  let first: Linear
  let norm: BatchNorm
  let head: Linear
  let extra: Extra
  let table: Embedding?
  private let flaw: Flaw
  private var passes = 0.0
  /// Trained by hand, and no tensor of the model for anyone else.
  private let untracked: Tensor
  nonisolated(unsafe) private static var kept: [Tensor] = []

  final class Extra: Module {
    @OptionalParameter var unused: Tensor?
    @OptionalParameter var unfilled: Tensor?
    @Statistic var mean: Tensor

    init(_ flaw: Flaw) throws {
      _unused = try OptionalParameter(shape: flaw == .unused ? [3] : nil, .constant(1))
      _unfilled = try OptionalParameter(shape: flaw == .unfilled ? [16] : nil, .keep)
      _mean = try Statistic(shape: [1], 0)
      if let unfilled { try unfilled.detached().fill(Double.random(in: 0.5...1)) }
    }
  }

  init(_ options: ModelOptions, shape: PointBatch.Shape, task: PluginAPI.Task) throws {
    flaw = options.flaw
    first = try Linear(2, options.hidden)
    norm = try BatchNorm(options.hidden)
    head = try Linear(options.hidden, options.flaw == .width ? task.outputs + 1 : task.outputs)
    extra = try Extra(options.flaw)
    table = try options.flaw == .sharedTable ? Embedding(2, options.hidden) : nil
    untracked = try Tensor.zeros([options.hidden])
  }

  func callAsFunction(_ input: PointBatch, _ mode: Mode) throws -> Output {
    var x = try relu(norm(first(input.points), mode))
    if case .estimateStatistics(let collector) = mode, flaw != .unestimated {
      let mean = try Tensor([0.5]), variance = try Tensor([1.0])
      try collector.add(
        layer: extra, runningMean: extra.mean, runningVariance: Tensor.zeros([1]), mean: mean, variance: variance, count: 8)
    }
    switch flaw {
    case .unfilled: if let scale = extra.unfilled { x = try x * scale }
    case .hiddenState:
      if mode.isTraining { passes += 1 }
      x = try x + passes
    case .untracked:
      if mode.isTraining { try untracked.copy(from: x.detached().mean([0])) }
      x = try x + untracked
    case .busyEvaluation: if case .evaluate = mode { try norm.runningMean.copy(from: norm.runningMean + 0.1) }
    case .company: x = try x - x.mean([0])
    case .stuck: x = try x.detached() * 0 + x * 1e-9
    case .leak: Self.kept.append(try Tensor.zeros([64]))
    case .sharedTable:
      if let table { x = try x + table(Tensor((0..<input.count).map { Int64($0 % 2) })) + table.weight.sum([0]) }
    default: break
    }
    return Output(try head(x))
  }
}

enum ConformanceFixture {
  static func registry() -> Registry {
    var registry = Registry(module: "points", domain: "points")
    registry.add(
      model: "points", PointModel.self, "a model of points",
      recipe: Recipe(epochs: 5, batchSize: 8, learningRate: 0.05, optimizer: "sgd", tail: 0.2))
    registry.add(dataset: "points", PointSet.self, "points")
    return registry
  }

  static func settings(_ values: [String: String] = [:]) -> ConformanceSettings {
    var settings = ConformanceSettings()
    settings.settings = values
    settings.steps = 400
    return settings
  }

  /// The names of the checks that failed, with what they say.
  ///
  /// - Parameters:
  ///   - only: the check that is made; nil: all but memory, which other suites take and give back meanwhile.
  ///   - leavingOut: further checks that are not made.
  static func failures(_ checks: [ConformanceCheck], only: String? = nil, leavingOut: Set<String> = []) -> [String: String] {
    var failures: [String: String] = [:]
    for check in checks where only.map({ $0 == check.name }) ?? (check.name != "memory") && !leavingOut.contains(check.name) {
      let result = check.run()
      if result.outcome == .failed { failures[check.name] = result.message }
    }
    return failures
  }
}
