import Foundation
import PluginAPI

/// A run's data and model, made from its configuration: the part that training, evaluation and export share.
final class PreparedRun {
  let configuration: RunConfiguration
  let entry: ModelEntry
  let dataset: any LoadedDataset
  let splits: Splits
  let model: any LoadedModel
  let tensors: [NamedTensor]
  /// Those that are trained: without the frozen ones.
  let parameters: [NamedTensor]
  let objective: Objective
  let random: Random
  /// How lengths are mixed in training batches, and the length of each training example; nil where they do not matter.
  let lengths: (mixing: LengthMixing, of: [Int32])?
  /// Seconds it took to read the data.
  let dataSeconds: Double
  /// Where what it is made of came from.
  let modules: [ModuleRecord]

  /// - Parameter dataRoot: replaces the configuration's.
  init(_ configuration: RunConfiguration, in catalog: Catalog, dataRoot: String? = nil) throws {
    self.configuration = configuration
    entry = try catalog.model(configuration.model, domain: configuration.domain)
    modules = catalog.records(of: configuration.usedModules)
    random = Random(seed: UInt64(configuration.seed))
    let start = Clock.now()
    let (dataEntry, source) = try catalog.dataset(configuration.dataset, root: dataRoot ?? configuration.dataRoot)
    // Generated sets do not change with the seed of a run.
    dataset = try dataEntry.make(configuration.section("dataset"), source: source, random: Random(seed: 0)["data"])
    splits = try Splits(
      dataset, fraction: configuration.validationFraction, seed: configuration.splitSeed, fold: configuration.fold)
    try dataset.fit(training: splits.train.split == .train ? splits.train.ids : [])
    dataSeconds = Clock.now() - start
    lengths = try Self.lengths(try configuration.batches.lengths, dataset, splits.train)

    try LibTorch.setThreads(configuration.threads)
    try LibTorch.setDeterministic(configuration.isDeterministic)
    guard try LibTorch.isAvailable(configuration.device) else {
      throw BasinError.usage(
        "--device \(configuration.device) is not there", advice: "This LibTorch and machine offer cpu; `basin doctor` shows more")
    }
    do {
      model = try entry.make(configuration.section("model"), for: dataset)
    } catch let error as TensorError {
      throw BasinError.internalError("model \(entry.name) cannot be made: \(error)")
    }
    tensors = model.module.tensors()
    let paths = tensors.map(\.path)
    if let twice = Dictionary(grouping: paths, by: { $0 }).first(where: { $0.value.count > 1 })?.key {
      throw BasinError.internalError(
        "model \(entry.name) has two tensors of the path \(twice)", advice: "Give one of them another key")
    }
    try model.module.initialize(random["init"], classNames: dataset.classNames)
    if configuration.device != .cpu {
      let setData = Operator("aten::set_data")
      for item in tensors { try setData.run(.tensor(item.tensor), .tensor(item.tensor.to(configuration.device))) }
    }
    let all = tensors.filter { $0.role == .parameter }
    guard !all.isEmpty else {
      throw BasinError.internalError("model \(entry.name) has no parameter", advice: "Mark its tensors with @Parameter")
    }
    let groups = try configuration.parameterGroups
    try groups.checkFrozen(all)
    for parameter in all where groups.freezes(parameter.path) { try parameter.tensor.setRequiresGradient(false) }
    parameters = all.filter { !groups.freezes($0.path) }
    let trainingSplit = splits.train, dataset = dataset
    objective = try Objective(
      dataset.task, configuration.loss,
      labels: dataset.labels(trainingSplit.split).map { labels in trainingSplit.ids.map { labels[$0] } },
      device: configuration.device)
    if try isSmall() { try LibTorch.setThreads(1) }
  }

  private static func lengths(
    _ mixing: LengthMixing, _ dataset: any LoadedDataset, _ part: Splits.Part
  ) throws -> (mixing: LengthMixing, of: [Int32])? {
    guard mixing != .any else { return nil }
    guard let lengths = dataset.lengths(part.split) else {
      throw BasinError.usage(
        "batches.lengths=\(mixing.rawValue): the data set does not tell the lengths of its examples",
        advice: "Leave batches.lengths at any")
    }
    return (mixing, lengths)
  }

  /// Multiplications of a forward pass below which a step is quicker on one thread: waking a second one takes longer than it
  /// saves, and a hundred times longer where another program has that core.
  private static let leastSharedWork = 30_000_000

  /// Whether a training batch has so little work. A function of configuration and data, and the same for the whole run, so
  /// that its bits can be repeated.
  private func isSmall() throws -> Bool {
    guard configuration.threads > 1, configuration.device == .cpu else { return false }
    func work(_ count: Int) throws -> Int? {
      let batch = try dataset.batch(
        Array(splits.train.ids.prefix(count)), of: splits.train.split, augmentation: nil, device: configuration.device)
      return model.multiplications(batch)
    }
    guard try work(1) != nil, let work = try work(configuration.batchSize ?? splits.train.count) else { return false }
    return work < Self.leastSharedWork
  }

  var stepsPerEpoch: Int { EpochOrder.count(splits.train.count, size: configuration.examplesPerStep) }
  /// The step after which training ends: the run's last, unless it stops in an early stage.
  var lastStep: Int { configuration.stopAfter.map { min(max($0.steps(in: length), 1), length.steps) } ?? length.steps }
  var length: RunLength { RunLength(epochs: configuration.epochs, stepsPerEpoch: stepsPerEpoch) }
  var parameterCount: Int { tensors.filter { $0.role == .parameter }.reduce(0) { $0 + $1.tensor.count } }
  /// Normalization statistics and counters: what a forward pass in training changes.
  var buffers: [NamedTensor] { tensors.filter { $0.role != .parameter } }

  var evaluation: Evaluation {
    Evaluation(
      dataset: dataset, model: model, objective: objective, device: configuration.device, batchSize: configuration.batchSize,
      precision: configuration.precision)
  }

  /// A copy of every tensor of the model.
  func copyTensors() throws -> [(name: String, tensor: Tensor)] { try tensors.map { ($0.path, try $0.tensor.detached().clone()) } }

  /// Runs `body`; a `TensorError` inside becomes one that names the layer's path, with exit status 70.
  func locatingErrors<R>(_ body: () throws -> R) throws -> R {
    do { return try body() } catch let error as TensorError {
      throw BasinError.internalError(
        "model \(entry.name): \(model.module.locating(error))", advice: "Check the shapes that meet in this layer")
    }
  }
}
