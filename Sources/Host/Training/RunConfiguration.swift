import Foundation
import Optim
import PluginAPI
import Yams

/// A run with everything decided: what `config.yaml` holds.
public struct RunConfiguration: Sendable {
  public enum Selection: String, CaseIterable, Sendable { case last, best }
  public enum Monitor: String, CaseIterable, Sendable { case validation, test }

  public var domain, model, dataset, method: String
  /// The model family's for this kind of data: what was taken where nothing else was said.
  let recipe: Recipe
  public var epochs: Int
  /// nil: all training examples.
  public var batchSize: Int?
  public var learningRate: Double
  public var optimizer, schedule, averaging: String
  /// Averages that are taken along the way and change nothing.
  public var observe: [Observer]
  public var bnUpdate: NormalizationUpdate
  /// Size of the calibration set of `--bn-update exact`.
  public var bnExamples: Int
  /// Change of the statistics below which a pass over them ends early; nil: never.
  public var bnTolerance: Double?
  public var precision: Precision
  public var isDeterministic: Bool
  public var seed: Int
  public var dataRoot: String?
  public var device: Device
  public var threads: Int
  public var dataThreads: DataThreads
  public var initialCheckpoint: String?
  /// Tensors that keep their fresh values then: paths or patterns.
  public var initFresh: String?
  public var select: Selection
  public var monitor: Monitor
  /// Epochs without an improvement of the monitored accuracy after which training stops.
  public var patience: Int?
  /// Seconds of training after which it stops.
  public var maxTime: Double?
  /// Where training stops, with the schedule and the averaging of the whole run: its early stage.
  public var stopAfter: Landmark?
  public var validationFraction: Double
  public var splitSeed: Int
  public var fold: Fold?
  public var checkpointEvery: CheckpointInterval
  public var keep: Int
  /// Every option of the model, data set, optimizer, schedule and averaging policy, by its prefixed name.
  public var settings: [String: String]
  /// The names of those among ``settings`` that name files.
  let fileSettings: Set<String>
  public var plugins: [String]
  /// The modules that model, data set, method and what it is made of are from.
  let usedModules: Set<String>

  /// One part of a stratified division of the training data: part `index` of `count` is the test split where none is
  /// published, else the validation split.
  public struct Fold: Hashable, Sendable, LosslessStringConvertible {
    public let index, count: Int

    /// `3/10`.
    public init?(_ description: String) {
      let parts = description.split(separator: "/").map { Int($0) }
      guard parts.count == 2, let index = parts[0], let count = parts[1], count >= 2, (1...count).contains(index) else { return nil }
      self.index = index
      self.count = count
    }

    public var description: String { "\(index)/\(count)" }
  }

  // MARK: Resolving

  /// Decides everything the request leaves open and checks every value; touches neither data nor LibTorch.
  ///
  /// - Throws: `BasinError` of kind usage, with the nearest valid name where a name is unknown.
  public init(_ request: RunRequest, in catalog: Catalog) throws {
    if let domain = request[.domain] { try catalog.checkDomain(domain) }
    let entry = try catalog.model(request.required(.model), domain: request[.domain])
    dataRoot = request[.dataRoot] ?? DataRoot.ofEnvironment
    let (dataEntry, source) = try catalog.dataset(request.required(.dataset), root: dataRoot)
    guard entry.inputType == dataEntry.inputType else {
      if "\(entry.inputType)" == "\(dataEntry.inputType)" {
        throw BasinError.usage(
          "model \(entry.name) (module \(entry.module)) and data set \(dataEntry.name) (module \(dataEntry.module)) both use a type"
            + " named \(entry.inputType), but from two copies of a library",
          advice: "Let one module link the dynamic library product of the other instead of compiling its sources")
      }
      throw BasinError.usage(
        "model \(entry.name) takes \(entry.inputType), data set \(dataEntry.name) gives \(dataEntry.inputType)",
        advice: "`basin list` shows which models and data sets are of one domain")
    }
    let (methodModule, method) = try catalog.methodEntry(request[.method] ?? "backbone")
    let ofDataset = request.settings.filter { $0.key.hasPrefix("dataset.") }.map {
      (String($0.key.dropFirst("dataset.".count)), $0.value)
    }
    // Options that are wrong are told below.
    recipe = entry.recipe(
      for: try? dataEntry.exampleKind(Dictionary(uniqueKeysWithValues: ofDataset), source: source))

    domain = entry.domain
    model = request[.model] ?? entry.name
    dataset = request[.dataset] ?? dataEntry.name
    self.method = request[.method] ?? method.name
    epochs = try request.value(.epochs, Int.self, "a whole number from 1", where: { $0 >= 1 }) ?? recipe.epochs
    batchSize = request[.batchSize] == "all" ? nil
      : try request.value(.batchSize, Int.self, "a whole number from 1, or all", where: { $0 >= 1 }) ?? recipe.batchSize
    learningRate = try request.value(.learningRate, Double.self, "a positive number", where: { $0 > 0 && $0.isFinite }) ?? recipe.learningRate
    let chain = try OptimizerChain(
      request[.optimizer] ?? catalog.settled(optimizer: method.optimizer ?? recipe.optimizer), in: catalog)
    let sequence = try ScheduleSequence(
      request[.schedule] ?? catalog.settled(schedule: method.schedule), in: catalog)
    averaging = try request[.averaging] ?? catalog.settled(averaging: method.averaging)
    let averagingEntry = try catalog.averaging(averaging)
    optimizer = chain.name
    schedule = sequence.name
    observe = try request[.observe].map { try Observer.list($0, in: catalog) } ?? []
    usedModules = Set(
      [entry.module, dataEntry.module, methodModule, averagingEntry.module] + chain.modules + sequence.parts.map(\.entry.module)
        + (try observe.map { try catalog.averaging($0.policy).module }))
    bnUpdate = try Self.choice(request, .bnUpdate, NormalizationUpdate.self) ?? .pooled
    bnExamples = try request.value(.bnExamples, Int.self, "a whole number from 2", where: { $0 >= 2 }) ?? 4096
    bnTolerance = try request.value(.bnTolerance, Double.self, "a positive number", where: { $0 > 0 && $0.isFinite })
    precision = try Self.choice(request, .precision, Precision.self) ?? .float32
    isDeterministic = try request.value(.deterministic, Bool.self, "true or false", where: { _ in true }) ?? true
    seed = try request.value(.seed, Int.self, "a whole number from 0", where: { $0 >= 0 }) ?? 0
    device = try request.value(.device, Device.self, "cpu, cuda, cuda:N or mps", where: { _ in true }) ?? .cpu
    threads = try request.value(.threads, Int.self, "a whole number from 1 to 1024", where: { (1...1024).contains($0) })
      ?? ProcessInfo.processInfo.activeProcessorCount
    dataThreads = try request.value(.dataThreads, DataThreads.self, "auto, or a whole number from 0 to 64", where: { _ in true })
      ?? .automatic
    initialCheckpoint = request[.initialCheckpoint]
    initFresh = request[.initFresh]
    if initFresh != nil, initialCheckpoint == nil {
      throw BasinError.usage("--init-fresh says what --init leaves out, which is not given", advice: "Add --init, or leave --init-fresh out")
    }
    select = try Self.choice(request, .select, Selection.self) ?? .last
    monitor = try Self.choice(request, .monitor, Monitor.self) ?? .validation
    patience = try request.value(.patience, Int.self, "a whole number from 1", where: { $0 >= 1 })
    maxTime = try request[.maxTime].map { try CheckpointInterval.seconds($0, flag: "--max-time") }
    stopAfter = try request.value(.stopAfter, Landmark.self, "a part of the run such as 40ep, 300st or 0.5dur", where: { _ in true })
    validationFraction = try request.value(.validationFraction, Double.self, "a number from 0 to 0.9", where: { (0...0.9).contains($0) }) ?? 0.1
    splitSeed = try request.value(.splitSeed, Int.self, "a whole number from 0", where: { $0 >= 0 }) ?? 0
    fold = try request.value(.fold, Fold.self, "I/N, such as 3/10", where: { _ in true })
    checkpointEvery = try request[.checkpointEvery].map { try CheckpointInterval($0) } ?? .automatic
    keep = try request.value(.keep, Int.self, "a whole number from 1", where: { $0 >= 1 }) ?? 2
    plugins = request.plugins

    let options: [String: [OptionDescription]] = [
      "model": entry.options, "dataset": dataEntry.options, "optimizer": chain.options,
      "schedule": sequence.options, "averaging": averagingEntry.options,
      "loss": LossOptions.descriptions, "gradient": GradientOptions.descriptions,
      "batches": BatchOptions.descriptions,
      "parameters": ParameterGroupOptions.descriptions,
    ]
    let presets = ["model": entry.preset, "dataset": dataEntry.preset]
    // The recipe and the method speak to whichever optimizer, schedule and policy were chosen: what these lack is passed over.
    // The recipe's optimizer settings are for its own optimizer.
    let recipesOwn = try? catalog.optimizer(catalog.settled(optimizer: recipe.optimizer))
    let isOwnOptimizer = recipesOwn?.name == chain.base.name && recipesOwn?.module == chain.base.module
    var defaults = recipe.settings.filter { !$0.key.hasPrefix("optimizer.") || isOwnOptimizer }
    defaults.merge(method.settings) { $1 }
    defaults.merge(sequence.defaults(defaults)) { $1 }
    if isOwnOptimizer, let stray = recipe.settings.keys.first(where: { key in
      key.hasPrefix("optimizer.") && !chain.options.contains { "optimizer." + $0.name == key }
    }) {
      throw BasinError.internalError("the recipe of model \(entry.name) sets \(stray), which \(optimizer) does not have")
    }
    var resolved: [String: String] = [:]
    var ofFiles: Set<String> = []
    for (section, list) in options {
      for option in list {
        let key = "\(section).\(option.name)"
        if option.namesFile { ofFiles.insert(key) }
        resolved[key] = defaults[key] ?? presets[section]?[option.name] ?? option.defaultValue
      }
    }
    let ofSchedule = try sequence.settings(with: request.settings.filter { $0.key.hasPrefix("schedule.") })
    for (key, value) in request.settings.filter({ !$0.key.hasPrefix("schedule.") }).merging(ofSchedule, uniquingKeysWith: { $1 }) {
      guard resolved[key] != nil else { throw BasinError.unknown("option", key, among: Array(resolved.keys)) }
      resolved[key] = value
    }
    // A data set that draws a split of its own draws it by the same number.
    if resolved["dataset.splitSeed"] != nil, request.settings["dataset.splitSeed"] == nil, request[.splitSeed] != nil {
      resolved["dataset.splitSeed"] = "\(splitSeed)"
    }
    settings = resolved
    fileSettings = ofFiles
    // Values are checked now, not when the data have been read.
    _ = try makeSchedule(catalog)
    _ = try makePolicy(catalog)
    try entry.check(section("model"))
    try dataEntry.check(section("dataset"))
    try chain.check(section("optimizer"))
    try loss.check()
    if try gradient.accumulate > 1, batchSize == nil {
      throw BasinError.usage(
        "gradient.accumulate: a batch is all training examples already", advice: "Give --batch-size, or leave gradient.accumulate at 1")
    }
    _ = try batches
    _ = try parameterGroups
  }

  private static func choice<C: RawRepresentable & CaseIterable>(_ request: RunRequest, _ key: RunRequest.Key, _ type: C.Type) throws -> C?
  where C.RawValue == String {
    guard let text = request[key] else { return nil }
    guard let value = C(rawValue: text) else {
      throw BasinError.unknown("value of \(key.flag)", text, among: C.allCases.map(\.rawValue))
    }
    return value
  }

  /// The options of one section, without the prefix.
  public func section(_ name: String) -> [String: String] {
    var result: [String: String] = [:]
    for (key, value) in settings where key.hasPrefix(name + ".") { result[String(key.dropFirst(name.count + 1))] = value }
    return result
  }

  public var loss: LossOptions { get throws { try LossOptions(settings: section("loss"), of: "loss") } }
  public var gradient: GradientOptions { get throws { try GradientOptions(settings: section("gradient"), of: "gradient") } }
  public var batches: BatchOptions { get throws { try BatchOptions(settings: section("batches"), of: "batches") } }
  public var parameterGroups: ParameterGroupOptions {
    get throws { try ParameterGroupOptions(settings: section("parameters"), of: "parameters") }
  }

  /// Examples an optimizer step sees: those of all its batches; nil: all.
  var examplesPerStep: Int? {
    let batches = Int(settings["gradient.accumulate"] ?? "") ?? 1
    return batchSize.map { $0.multipliedReportingOverflow(by: batches) }.map { $0.overflow ? .max : $0.partialValue }
  }

  public func makeSchedule(_ catalog: Catalog) throws -> any LearningRateCurve {
    try ScheduleSequence(schedule, in: catalog).make(section("schedule"))
  }
  /// How a warm-up is asked for.
  var warmupAdvice: String {
    settings["schedule.warmup"] == nil ? "--schedule linear-warmup,...@1ep" : "--set schedule.warmup=1ep"
  }
  public func makePolicy(_ catalog: Catalog) throws -> any AveragingPolicy { try catalog.averaging(averaging).make(section("averaging")) }

  // MARK: As a file

  /// Every key with its value, in the order of the file; nil: nothing was said and nothing is needed.
  var values: [(key: RunRequest.Key, value: String?)] {
    [
      (.domain, domain), (.model, model), (.dataset, dataset), (.method, method), (.epochs, "\(epochs)"),
      (.batchSize, batchSize.map { "\($0)" } ?? "all"), (.learningRate, "\(learningRate)"), (.optimizer, optimizer),
      (.schedule, schedule), (.averaging, averaging),
      (.observe, observe.isEmpty ? nil : observe.map(\.text).joined(separator: ",")), (.bnUpdate, bnUpdate.rawValue),
      (.bnExamples, "\(bnExamples)"), (.bnTolerance, bnTolerance.map { "\($0)" }), (.precision, precision.rawValue),
      (.deterministic, "\(isDeterministic)"), (.seed, "\(seed)"), (.dataRoot, dataRoot), (.device, device.description),
      (.threads, "\(threads)"), (.dataThreads, dataThreads.description), (.initialCheckpoint, initialCheckpoint),
      (.initFresh, initFresh), (.select, select.rawValue), (.monitor, monitor.rawValue), (.patience, patience.map { "\($0)" }),
      (.maxTime, maxTime.map { "\($0)s" }), (.stopAfter, stopAfter?.description), (.validationFraction, "\(validationFraction)"), (.splitSeed, "\(splitSeed)"),
      (.fold, fold?.description), (.checkpointEvery, checkpointEvery.description), (.keep, "\(keep)"),
    ]
  }

  /// The configuration as `config.yaml`; `RunRequest.read` reads it back.
  public func yaml() throws -> String {
    var text = "# Everything that was decided about this run. `basin train --config` takes it.\n"
    for (key, value) in values { text += "\(key.rawValue): \(value.map(Self.quoted) ?? "null")\n" }
    text += "set:\(settings.isEmpty ? " {}" : "")\n"
    for (key, value) in settings.sorted(by: { $0.key < $1.key }) { text += "  \(key): \(Self.quoted(value))\n" }
    text += "plugins:\(plugins.isEmpty ? " []" : "")\n"
    for plugin in plugins { text += "  - \(Self.quoted(plugin))\n" }
    return text
  }

  private static func quoted(_ text: String) -> String {
    let plain = !text.isEmpty && text != "null" && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-/".contains($0)) }
      && !text.hasPrefix("-")
    if plain { return text }
    return "\"" + text.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
      .replacingOccurrences(of: "\n", with: "\\n") + "\""
  }
}

/// How often a checkpoint is written.
public enum CheckpointInterval: Hashable, Sendable, CustomStringConvertible {
  /// At the end of an epoch, but not more often than every ten seconds.
  case automatic
  case every(Landmark)
  case seconds(Double)

  /// `auto`, `5ep`, `300st`, `0.1dur`, `60s`, `2m` or `1h`.
  public init(_ text: String) throws {
    if text == "auto" {
      self = .automatic
    } else if let landmark = Landmark(text) {
      self = .every(landmark)
    } else {
      self = .seconds(try Self.seconds(text, flag: "--checkpoint-every"))
    }
  }

  /// `90s`, `5m`, `1.5h` or a number of seconds.
  static func seconds(_ text: String, flag: String) throws -> Double {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    let factor = text.last.flatMap { units[$0] }
    guard let value = Double(factor == nil ? text[...] : text.dropLast()), value > 0, value.isFinite else {
      throw BasinError.usage("\(flag) cannot be '\(text)'", advice: "It takes a time such as 90s, 5m or 1h"
        + (flag == "--checkpoint-every" ? ", or 5ep, 300st, 0.1dur" : ""))
    }
    return value * (factor ?? 1)
  }

  public var description: String {
    switch self {
    case .automatic: "auto"
    case .every(let landmark): landmark.description
    case .seconds(let value): "\(value)s"
    }
  }
}
