import ArgumentParser
import Foundation
import Optim
import PluginAPI

/// `basin describe model|dataset|method NAME`.
struct DescribeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe", abstract: "Shows the options of a model, data set, method, optimizer, schedule or averaging policy.")

  enum Kind: String, CaseIterable, ExpressibleByArgument { case model, dataset, method, optimizer, schedule, averaging }

  @Argument(help: "What it is.") var kind: Kind
  @Argument(help: "Its name.") var name: String
  @Option(help: "For a model: count its parameters for this data set instead of the example shape.") var dataset: String?
  @Option(help: ArgumentHelp("For a model of pictures: measure it for this shape, such as 3x224x224.", valueName: "CxHxW")) var shape: String?
  @Option(help: "For a model: measure it for so many classes.") var classes: Int?
  @Option(name: .long, help: "The folder of data sets (default: $BASIN_DATA).") var dataRoot: String?
  @Option(name: .customLong("set"), help: "An option as KEY=VALUE, such as model.hidden=32.") var settings: [String] = []
  @Flag(help: "One JSON document on standard output.") var json = false
  @OptionGroup var plugins: PluginOptions

  func run() throws {
    let catalog = try plugins.catalog()
    var document: [String: JSONValue] = ["kind": .string(kind.rawValue), "name": .string(name)]
    var options: [OptionDescription] = []
    switch kind {
    case .model:
      let entry = try catalog.model(name)
      let prepared = try prepare(catalog)
      let loaded = prepared?.dataset
      let recipe = prepared?.configuration.recipe ?? entry.recipe
      // A recipe may set options of the model too.
      let own = recipe.settings.filter { $0.key.hasPrefix("model.") }
      options = entry.options.map { (own["model." + $0.name] ?? entry.preset[$0.name]).map($0.with(default:)) ?? $0 }
      document["domain"] = .string(entry.domain)
      document["module"] = .string(entry.module)
      document["summary"] = .string(entry.summary)
      document["input"] = .string("\(entry.inputType)")
      var request = RunRequest()
      for setting in settings { try request.set(setting) }
      var modelSettings: [String: String] = [:]
      for (key, value) in own.merging(request.settings, uniquingKeysWith: { $1 }) {
        guard key.hasPrefix("model.") else { throw BasinError.unknown("option", key, among: options.map { "model." + $0.name }) }
        modelSettings[String(key.dropFirst(6))] = value
      }
      let model = try makeModel(entry, modelSettings, loaded)
      document["shape"] = .string(
        loaded.map { "\($0.shapeDescription); \($0.task)" }
          ?? (shape == nil ? "default shape: " : "") + "\(shape ?? entry.exampleShape); \(classes ?? entry.exampleClasses) classes")
      try measure(model, batchSize: recipe.batchSize, into: &document)
      document["recipe"] = json(recipe)
      if prepared == nil, !entry.recipes.isEmpty { document["recipes"] = .object(entry.recipes.mapValues(json)) }
    case .dataset:
      let isFormat = catalog.modules.contains { $0.manifest.formats.contains(name) }
      let (entry, _) = try catalog.dataset(isFormat ? "\(name):PATH" : name, root: nil)
      options = entry.options.map { entry.preset[$0.name].map($0.with(default:)) ?? $0 }
      document["domain"] = .string(entry.domain)
      document["module"] = .string(entry.module)
      document["summary"] = .string(entry.summary)
      document["input"] = .string("\(entry.inputType)")
      document["format"] = .bool(entry.isFormat)
    case .method:
      let method = try catalog.method(name)
      document["summary"] = .string(method.summary)
      document["schedule"] = .string(method.schedule)
      document["averaging"] = .string(method.averaging)
      document["settings"] = .object(method.settings.mapValues { .string($0) })
      options = try ScheduleSequence(method.schedule, in: catalog).options.map { $0.with(prefix: "schedule.") }
        + catalog.averaging(method.averaging).options.map { $0.with(prefix: "averaging.") }
        + LossOptions.descriptions.map { $0.with(prefix: "loss.") } + GradientOptions.descriptions.map { $0.with(prefix: "gradient.") }
        + ParameterGroupOptions.descriptions.map { $0.with(prefix: "parameters.") }
    case .optimizer:
      let chain = try OptimizerChain(name, in: catalog)
      document["summary"] = .string((chain.wrappers.map(\.summary) + [chain.base.summary]).joined(separator: "; around: "))
      options = chain.options
    case .schedule:
      let sequence = try ScheduleSequence(name, in: catalog)
      document["summary"] = .string(sequence.summary)
      let given = try sequence.settings(with: [:])
      options = sequence.options.map { option in given["schedule.\(option.name)"].map(option.with(default:)) ?? option }
    case .averaging:
      let entry = try catalog.averaging(name)
      document["summary"] = .string(entry.summary)
      options = entry.options
    }
    document["options"] = try JSONValue(encoding: options)
    if json { return try Terminal.print(.object(document)) }
    show(document, options)
  }

  private func makeModel(
    _ entry: ModelEntry, _ settings: [String: String], _ dataset: (any LoadedDataset)?
  ) throws -> any LoadedModel {
    guard let dataset else { return try entry.make(settings, shape: shape, classes: classes) }
    guard shape == nil, classes == nil else {
      throw BasinError.usage("--dataset gives the shape and the classes already", advice: "Leave --shape and --classes out, or --dataset")
    }
    return try entry.make(settings, for: dataset)
  }

  private func measure(
    _ model: any LoadedModel, batchSize: Int?, into document: inout [String: JSONValue]
  ) throws {
    let tensors = model.module.tensors()
    let parameters = tensors.filter { $0.role == .parameter }
    document["parameters"] = .int(parameters.reduce(0) { $0 + $1.tensor.count })
    var memory: [String: JSONValue] = [
      "weights": .int(tensors.reduce(0) { $0 + $1.tensor.count * $1.tensor.dtype.size }),
      "gradients": .int(parameters.reduce(0) { $0 + $1.tensor.count * $1.tensor.dtype.size }),
    ]
    do {
      if let cost = try ModelCost(of: model) {
        document["multiplyAdds"] = .int(cost.multiplyAdds)
        memory["activationsPerExample"] = cost.activationBytes.map { .int($0) }
        memory["activationsPerBatch"] = cost.activationBytes.flatMap { bytes in batchSize.map { .int(bytes * $0) } }
      }
    } catch let error as TensorError {
      throw BasinError.internalError("model \(name): \(model.module.locating(error))", advice: "Check the shapes that meet in this layer")
    }
    document["memoryBytes"] = .object(memory)
  }

  private func json(_ recipe: Recipe) -> JSONValue {
    [
      "epochs": .int(recipe.epochs), "batchSize": JSONValue(recipe.batchSize),
      "learningRate": JSONValue(recipe.learningRate), "optimizer": .string(recipe.optimizer),
      "settings": .object(recipe.settings.mapValues { .string($0) }),
    ]
  }

  /// The model's run with the data set named; nil where none is.
  private func prepare(_ catalog: Catalog) throws -> PreparedRun? {
    guard let dataset else { return nil }
    var request = RunRequest()
    request[.model] = name
    request[.dataset] = dataset
    request[.dataRoot] = dataRoot
    return try PreparedRun(RunConfiguration(request, in: catalog), in: catalog)
  }

  private func show(_ recipe: JSONValue, _ title: String) {
    guard case .object(let recipe) = recipe else { return }
    let batch = recipe["batchSize"]?.number.map { "batches of \(Int($0))" } ?? "full batch"
    var parts = [
      recipe["optimizer"]?.text ?? "", "lr \(recipe["learningRate"]?.number ?? 0)", batch,
      "\(Int(recipe["epochs"]?.number ?? 0)) epochs",
    ]
    if case .object(let settings)? = recipe["settings"] {
      let own = settings.filter { !$0.key.hasPrefix("schedule.") }.sorted { $0.key < $1.key }
      parts += own.map { "\($0.key) \($0.value.text ?? "")" }
    }
    print("  \(title): " + parts.joined(separator: ", "))
  }

  private static func millions(_ count: Double) -> String {
    count >= 1e9 ? String(format: "%.2f G", count / 1e9) : String(format: "%.2f M", count / 1e6)
  }

  private static func text(_ memory: JSONValue, _ batchSize: Double?) -> String {
    func size(_ key: String) -> String? {
      memory[key]?.number.map { $0 >= 0x1p30 ? String(format: "%.1f GiB", $0 / 0x1p30) : String(format: "%.1f MiB", $0 / 0x1p20) }
    }
    var parts = ["weights \(size("weights") ?? "")", "gradients \(size("gradients") ?? "")"]
    if let example = size("activationsPerExample") {
      let batch = size("activationsPerBatch").flatMap { text in batchSize.map { ", \(text) a batch of \(Int($0))" } } ?? ""
      parts.append("activations \(example) an example" + batch)
    }
    return parts.joined(separator: ", ")
  }

  private func show(_ document: [String: JSONValue], _ options: [OptionDescription]) {
    print("\(kind.rawValue) \(name)" + (document["summary"]?.text.map { ": \($0)" } ?? ""))
    for key in ["domain", "module", "input", "shape", "schedule", "averaging"] {
      if let text = document[key]?.text { print("  \(key): \(text)") }
    }
    if let parameters = document["parameters"]?.number { print("  parameters: \(Int(parameters))") }
    if let products = document["multiplyAdds"]?.number { print("  multiply-adds: \(Self.millions(products)) an example, forward") }
    if let memory = document["memoryBytes"] { print("  memory: \(Self.text(memory, document["recipe"]?["batchSize"]?.number))") }
    if let recipe = document["recipe"] { show(recipe, "recipe") }
    if case .object(let recipes)? = document["recipes"] {
      for (kind, recipe) in recipes.sorted(by: { $0.key < $1.key }) {
        show(recipe, "recipe where an example is a \(kind)")
      }
    }
    let prefix = [Kind.method].contains(kind) ? "" : kind.rawValue + "."
    if options.isEmpty { return print("  no options") }
    print("  options (--set \(prefix)NAME=VALUE):")
    print(Terminal.table(options.map { [prefix + $0.name, $0.defaultValue, $0.help + " (\($0.allowed))"] }, indent: "    "))
  }
}
