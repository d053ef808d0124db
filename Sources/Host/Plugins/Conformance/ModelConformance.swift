import Optim
import PluginAPI

/// The checks of a model family.
public struct ModelConformance {
  private let entry: ModelEntry
  private let catalog: Catalog
  private let settings: ConformanceSettings
  private let material: Material

  /// What the checks share; made when the first of them asks.
  private final class Material {
    let make: () throws -> ConformanceData
    private var made: Result<ConformanceData, any Error>?
    init(_ make: @escaping () throws -> ConformanceData) { self.make = make }

    func data() throws -> ConformanceData {
      let result = made ?? Result(catching: make)
      made = result
      return try result.get()
    }
  }

  /// Examples of a batch.
  private static let batchSize = 8

  /// - Parameter data: the data set to check it with; nil: the one the settings name, else one of the catalog.
  public init(_ entry: ModelEntry, with data: DatasetEntry? = nil, in catalog: Catalog, _ settings: ConformanceSettings) {
    self.entry = entry
    self.catalog = catalog
    self.settings = settings
    material = Material {
      guard let data else { return try ConformanceData.find(for: entry, in: catalog, settings) }
      return try ConformanceData(
        data.name, data, source: DataSource(name: data.name), settings: settings.section("dataset", data.options))
    }
  }

  public var checks: [ConformanceCheck] {
    func check(_ name: String, _ body: @escaping () throws -> String) -> ConformanceCheck {
      ConformanceCheck("model \(entry.name)", name, body)
    }
    return [
      check("options", options), check("construction", construction), check("recipe", recipe),
      check("wrong data", wrongData), check("determinism", determinism), check("gradients", gradients),
      check("roles", roles), check("state", state), check("evaluation", evaluation), check("ragged batch", raggedBatch),
      check("averaging", averaging), check("overfitting", overfitting), check("resume", resume), check("memory", memory),
    ]
  }

  // MARK: Making

  /// What the recipe sets, and over it what the settings say.
  private func values(_ data: ConformanceData?) -> [String: String] {
    let recipe = (data.map { entry.recipe(for: kind(of: $0)) } ?? entry.recipe).settings
    var values = settings.section("model", entry.options)
    for option in entry.options where values[option.name] == nil { values[option.name] = recipe["model.\(option.name)"] }
    return values
  }

  private func kind(of data: ConformanceData) -> String? {
    try? data.entry.exampleKind(settings.section("dataset", data.entry.options), source: DataSource(name: data.entry.name))
  }

  private func trial(_ data: ConformanceData, seed: UInt64 = 1) throws -> ModelTrial {
    try ModelTrial(entry, values(data), data, seed: seed)
  }

  private func rule(_ trial: ModelTrial, _ data: ConformanceData) throws -> (any UpdateRule, rate: Double) {
    let recipe = entry.recipe(for: kind(of: data))
    let chain = try OptimizerChain(catalog.settled(optimizer: recipe.optimizer), in: catalog)
    var values: [String: String] = [:]
    for option in chain.options { values[option.name] = recipe.settings["optimizer.\(option.name)"] ?? option.defaultValue }
    return (try chain.make(values, trial.parameters, ParameterGroupOptions()), recipe.learningRate)
  }

  // MARK: Without training

  private func options() throws -> String {
    try OptionChecks(options: entry.options, preset: entry.preset) { try entry.check($0) }.check()
  }

  private func construction() throws -> String {
    try require(!entry.summary.isEmpty, "it is registered without a summary")
    let data = try material.data()
    let trial = try self.trial(data)
    try require(!trial.parameters.isEmpty, "it has no parameter: mark its tensors with @Parameter")
    let paths = trial.tensors.map(\.path)
    let twice = Dictionary(grouping: paths, by: { $0 }).first { $0.value.count > 1 }?.key
    try require(twice == nil, "two tensors have the path \(twice ?? "")")
    for item in trial.tensors {
      let isTrained = item.role == .parameter
      try require(
        item.tensor.requiresGradient == isTrained,
        "tensor \(item.path), a \(item.role.rawValue), \(isTrained ? "asks for no gradient" : "asks for a gradient")")
      guard item.tensor.dtype.isFloatingPoint else {
        try require(!isTrained, "parameter \(item.path) holds \(item.tensor.dtype)")
        continue
      }
      try require(try item.tensor.isFinite(), "tensor \(item.path) is not filled with finite numbers")
    }
    let batch = try data.batch(data.ids(Self.batchSize))
    let prediction = try trial.evaluate(batch)
    let expected = [batch.predictions, data.dataset.task.outputs]
    try require(prediction.shape == expected, "the prediction has the shape \(prediction.shape), not \(expected)")
    try require(try prediction.isFinite(), "the prediction of fresh weights is not finite")
    let count = trial.parameters.reduce(0) { $0 + $1.tensor.count }
    return "\(count) parameters in \(trial.parameters.count) tensors; \(data.name), \(data.dataset.task)"
  }

  private func recipe() throws -> String {
    let data = try material.data()
    let methods = ["backbone", "swa", "pswa"]
    for method in methods {
      var request = RunRequest()
      request[.model] = "\(entry.module)/\(entry.name)"
      request[.dataset] = settings.dataset ?? data.name
      request[.dataRoot] = settings.dataRoot
      request[.method] = "\(Catalog.ownModule)/\(method)"
      _ = try RunConfiguration(request, in: catalog)
    }
    let recipe = entry.recipe(for: kind(of: data))
    return "\(recipe.optimizer), rate \(recipe.learningRate), \(recipe.epochs) epochs; resolved with \(methods.joined(separator: ", "))"
  }

  private func wrongData() throws -> String {
    let foreign = ForeignDataset()
    do { _ = try entry.make(values(nil), for: foreign) } catch let error as BasinError {
      try require(error.kind == .usage, "refused as \(error.kind) instead of usage: \(error)")
      try require(
        error.message.contains("\(entry.inputType)") && error.message.contains("\(foreign.inputType)"),
        "the refusal does not name both input types: \(error)")
      return "refused: \(error.message)"
    }
    throw ConformanceFailure("a data set of another input type is taken")
  }

  private func determinism() throws -> String {
    let data = try material.data()
    let first = try self.trial(data), second = try self.trial(data), other = try self.trial(data, seed: 2)
    let weights = try TensorBits.of(first.tensors)
    let stray = TensorBits.difference(weights, try TensorBits.of(second.tensors))
    try require(stray == nil, "two models of the same seed differ in \(stray ?? "")")
    let isPretrained = first.model.module is any PretrainedModule
    try require(
      isPretrained || TensorBits.difference(weights, try TensorBits.of(other.tensors)) != nil,
      "models of two seeds are the same: a tensor's initializer fills it, not the constructor")
    let batch = try data.batch(data.ids(Self.batchSize))
    for step in 0..<3 {
      let losses = try [first, second].map { try $0.gradients(batch, step) }
      try require(losses[0] == losses[1], "the loss of step \(step + 1) is \(losses[0]), and \(losses[1]) the next time")
      let bits = try [first, second].map { trial in
        Dictionary(
          try trial.parameters.compactMap { item in try item.tensor.gradient().map { (item.path, try $0.bytes()) } },
          uniquingKeysWith: { $1 })
      }
      let stray = TensorBits.difference(bits[0], bits[1])
      try require(stray == nil, "the gradient of \(stray ?? "") is another the next time")
      try first.clear()
      try second.clear()
    }
    return "same seed, same bits: weights, 3 losses and their gradients"
  }

  private func gradients() throws -> String {
    let data = try material.data()
    let trial = try self.trial(data)
    let adam = try trial.adam(in: catalog)
    if let table = try sharedTable(trial, data) {
      throw ConformanceFailure("\(table) is read by something else than its Embedding, which has to be made with isShared: true")
    }
    var waiting = Set(trial.parameters.map(\.path))
    // Some get none at first: what stands behind a factor that begins at zero.
    for step in 0..<10 where !waiting.isEmpty {
      try trial.gradients(data.batch(data.ids(Self.batchSize, step)), step)
      for item in trial.parameters {
        guard let gradient = try item.tensor.gradient() else { continue }
        try require(gradient.shape == item.tensor.shape, "the gradient of \(item.path) has the shape \(gradient.shape)")
        try require(try gradient.isFinite(), "the gradient of \(item.path) is not finite")
        if waiting.contains(item.path), try gradient.abs().max().item() > 0 { waiting.remove(item.path) }
      }
      try adam.step(learningRate: 0.001)
      try trial.clear()
    }
    try require(
      waiting.isEmpty,
      "no gradient reaches \(waiting.sorted().prefix(5).joined(separator: ", "))"
        + (waiting.count > 5 ? " and \(waiting.count - 5) more" : ""))
    return "all \(trial.parameters.count) parameters"
  }

  /// A table that gets an ordinary gradient though an optimizer has taken charge of its rows: that gradient would be lost.
  private func sharedTable(_ trial: ModelTrial, _ data: ConformanceData) throws -> String? {
    final class Keeper: RowKeeper { func refresh(_ rows: [Int]) {} }
    let keeper = Keeper(), tables = trial.parameters.filter { $0.rows != nil }
    for table in tables { table.rows?.keeper = keeper }
    defer { for table in tables { table.rows?.keeper = nil } }
    return try withExtendedLifetime(keeper) {
      try trial.gradients(data.batch(data.ids(Self.batchSize)), 0)
      defer { try? trial.clear() }
      return try tables.first { try $0.tensor.gradient() != nil }?.path
    }
  }

  // MARK: Tensors and their roles

  private func roles() throws -> String {
    let data = try material.data()
    let trial = try self.trial(data)
    let batches = try (0..<2).map { try data.batch(data.ids(Self.batchSize, $0)) }
    let before = try TensorBits.of(trial.tensors)
    let copies = try trial.tensors.map { try $0.tensor.detached().clone() }
    let prediction = try trial.evaluate(batches[0]).bytes()
    _ = try trial.loss(batches[0], 0)
    let stray = TensorBits.difference(
      before.filter { item in trial.parameters.contains { $0.path == item.key } }, try TensorBits.of(trial.parameters))
    try require(stray == nil, "a forward pass in training changes parameter \(stray ?? "")")
    for (item, copy) in zip(trial.tensors, copies) { try item.tensor.copy(from: copy) }
    try require(
      try trial.evaluate(batches[0]).bytes() == prediction,
      "a forward pass in training changes something that is no tensor of the model: mark it with @Statistic or @Counter")

    let statistics = trial.tensors.filter { $0.role == .statistic }
    for item in statistics { try item.tensor.fill(123) }
    let counters = try TensorBits.of(trial.tensors.filter { $0.role == .counter })
    try trial.estimateStatistics(batches)
    for item in statistics {
      let kept = try item.tensor.equals(123).to(.float32).max().item() > 0
      try require(
        !kept, "statistic \(item.path) is not estimated again: in .estimateStatistics a layer hands its moments to the collector")
      try require(try item.tensor.isFinite(), "statistic \(item.path) is estimated as something that is not finite")
    }
    let kept = trial.tensors.filter { $0.role != .statistic }
    let changed = TensorBits.difference(
      before.filter { item in trial.parameters.contains { $0.path == item.key } }.merging(counters) { $1 },
      try TensorBits.of(kept))
    try require(changed == nil, "estimating statistics changes \(changed ?? "")")
    let count = { (role: Role) in trial.tensors.count { $0.role == role } }
    return "\(count(.parameter)) parameters, \(count(.statistic)) statistics, \(count(.counter)) counters"
  }

  private func state() throws -> String {
    let data = try material.data()
    let first = try self.trial(data), second = try self.trial(data, seed: 2)
    let batch = try data.batch(data.ids(Self.batchSize))
    let adam = try first.adam(in: catalog)
    for step in 0..<2 { try first.step(adam, batch, step, rate: 0.001) }
    let saved = try TensorBits.saved(first.tensors.map { ($0.path, try $0.tensor.detached().clone()) })
    try Checkpoint.load(saved.map { ($0.key, $0.value) }, into: second.tensors, file: "saved weights")
    try require(
      try first.evaluate(batch).bytes() == second.evaluate(batch).bytes(),
      "weights saved and loaded again predict something else: part of the model's state is no tensor of it")
    return "\(saved.count) tensors saved and loaded, same bits predicted"
  }

  private func evaluation() throws -> String {
    let data = try material.data()
    let trial = try self.trial(data), undisturbed = try self.trial(data)
    let batches = try (0..<2).map { try data.batch(data.ids(Self.batchSize, $0)) }
    let before = try TensorBits.of(trial.tensors)
    let first = try trial.evaluate(batches[0])
    try require(try trial.evaluate(batches[0]).bytes() == first.bytes(), "a second evaluation predicts other bits")
    let changed = TensorBits.difference(before, try TensorBits.of(trial.tensors))
    try require(changed == nil, "an evaluation changes \(changed ?? "")")
    for item in trial.parameters { try require(try item.tensor.gradient() == nil, "an evaluation leaves a gradient in \(item.path)") }
    // Nor does it touch what a training step draws or keeps.
    for step in 0..<3 {
      let losses = try [trial, undisturbed].map { try $0.gradients(batches[1], step) }
      try require(losses[0] == losses[1], "with evaluations in between, the loss of step \(step + 1) is another")
      _ = try trial.evaluate(batches[0])
    }
    return "same bits twice, nothing changed, training goes on as without it"
  }

  private func raggedBatch() throws -> String {
    let data = try material.data()
    let trial = try self.trial(data)
    let ids = data.ids(3)
    let together = try trial.evaluate(data.batch(ids)).to(.float64)
    let single = try Tensor.concatenate(ids.map { try trial.evaluate(data.batch([$0])).to(.float64) })
    try require(together.shape == single.shape, "predictions of \(ids.count) examples have the shape \(together.shape), alone \(single.shape)")
    let scale = try max(1, together.abs().max().item())
    let error = try (together - single).abs().max().item() / scale
    try require(error < 1e-4, "an example is predicted otherwise in company than alone (a difference of \(error)): padding, or statistics of the batch?")
    for count in [2, 3, 5] where data.ids(count).count == count {
      try trial.gradients(data.batch(data.ids(count)), count)
      try trial.clear()
    }
    return "batches of 1, 2, 3 and 5; alone and in company within \(String(format: "%.1g", error))"
  }

  private func averaging() throws -> String {
    let data = try material.data()
    let trial = try self.trial(data)
    let adam = try trial.adam(in: catalog)
    let averager = ParameterAverager(trial.parameters)
    var means = try trial.parameters.map { try $0.tensor.detached().to(.float64) * 0 }
    for step in 0..<3 {
      try trial.step(adam, data.batch(data.ids(Self.batchSize, step)), step, rate: 0.001)
      try averager.sample()
      means = try zip(means, trial.parameters).map { mean, item in try mean + item.tensor.detached().to(.float64) / 3 }
    }
    guard let average = try averager.average() else { throw ConformanceFailure("there is no average after 3 samples") }
    try loadAverage(average, into: trial.parameters)
    for (item, mean) in zip(trial.parameters, means) {
      let error = try (item.tensor.detached().to(.float64) - mean).abs().max().item()
      try require(error < 1e-5 * max(1, try mean.abs().max().item()), "parameter \(item.path) is not the mean of its samples")
    }
    let batches = try (0..<2).map { try data.batch(data.ids(Self.batchSize, $0)) }
    try trial.estimateStatistics(batches)
    let prediction = try trial.evaluate(batches[0])
    try require(try prediction.isFinite(), "the averaged weights predict something that is not finite")
    return "the mean of 3 samples, statistics estimated again"
  }

  // MARK: Training

  private func overfitting() throws -> String {
    let data = try material.data()
    let batch = try data.batch(data.ids(Self.batchSize))
    let steps = 150
    var best = (ratio: Double.infinity, text: "")
    for rate in [0.01, 0.003, 0.03, 0.001, 0.1] {
      let trial = try self.trial(data)
      let adam = try trial.adam(in: catalog)
      let start = try trial.lossWithoutDropout(batch)
      for step in 0..<steps {
        try trial.step(adam, batch, step, rate: rate)
        guard step % 10 == 9 else { continue }
        let loss = try trial.lossWithoutDropout(batch)
        let text = String(format: "the loss of one batch falls from %.4g to %.4g", start, loss) + " in \(step + 1) steps of Adam"
        if loss < 0.2 * start || loss < 1e-3 { return text }
        if loss / start < best.ratio { best = (loss / start, text) }
      }
    }
    throw ConformanceFailure("it cannot learn one batch of \(batch.count) by heart: \(best.text) at best")
  }

  private func resume() throws -> String {
    let data = try material.data()
    func step(_ trial: ModelTrial, _ rule: any UpdateRule, _ range: Range<Int>, _ rate: Double) throws {
      for step in range {
        let batch = try data.batch(data.ids(Self.batchSize, step), augmentation: trial.random["step"][step]["augmentation"])
        try trial.step(rule, batch, step, rate: rate)
      }
    }
    let straight = try self.trial(data)
    let (rule, rate) = try self.rule(straight, data)
    try step(straight, rule, 0..<3, rate)
    let weights = try TensorBits.saved(straight.tensors.map { ($0.path, try $0.tensor.detached().clone()) })
    let state = try TensorBits.saved(rule.state)
    try step(straight, rule, 3..<6, rate)

    let resumed = try ModelTrial(entry, values(data), data, seed: 1)
    let (second, _) = try self.rule(resumed, data)
    for item in resumed.tensors { try item.tensor.copy(from: item.tensor.detached() * 0) }
    try Checkpoint.load(weights.map { ($0.key, $0.value) }, into: resumed.tensors, file: "saved weights")
    try second.restore(state)
    try step(resumed, second, 3..<6, rate)
    let stray = TensorBits.difference(try TensorBits.of(straight.tensors), try TensorBits.of(resumed.tensors))
    try require(stray == nil, "resumed after step 3, \(stray ?? "") is another after step 6")
    return "3 + 3 steps give the bits of 6"
  }

  private func memory() throws -> String {
    let data = try material.data()
    let trial = try self.trial(data)
    let (rule, rate) = try self.rule(trial, data)
    let batches = try (0..<4).map { try data.batch(data.ids(Self.batchSize / 2, $0)) }
    // Steps so small that the weights stay where they are finite.
    return try MemoryGrowth.check(steps: settings.steps) { try trial.step(rule, batches[$0 % 4], $0, rate: rate * 1e-3) }
  }
}

/// A data set of an input that no model takes.
private final class ForeignDataset: LoadedDataset {
  struct ForeignInput: InputBatch {
    struct Shape: Sendable, CustomStringConvertible { var description: String { "foreign" } }
    var count: Int { 0 }
    static var exampleShape: Shape { Shape() }
  }

  var task: PluginAPI.Task { .classification(classes: 2) }
  var classNames: [String] { [] }
  var shapeDescription: String { "foreign" }
  var inputType: Any.Type { ForeignInput.self }
  var files: [String] { [] }
  func count(_ split: Split) -> Int { 2 }
  func labels(_ split: Split) -> [Int32]? { nil }
  func fit(training: [Int]) throws {}
  func batch(_ ids: [Int], of split: Split, augmentation: Random?, device: Device) throws -> PreparedBatch {
    throw NotChecked("no batch is asked for")
  }
  func inspection() throws -> DataInspection { DataInspection(format: "foreign") }
}
