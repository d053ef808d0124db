import ArgumentParser
import Foundation
import PluginAPI

/// What `evaluate` and `export` take: a run and which of its weights.
struct WeightsOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("A run directory, or a checkpoint in one.", valueName: "run")) var path: String
  @Option(help: "last, best or averaged (default: last).") var weights: String = "last"
  @OptionGroup var data: RunDataOptions
  @OptionGroup var plugins: PluginOptions

  func choice() throws -> WeightsFile.Choice {
    guard let choice = WeightsFile.Choice(rawValue: weights) else {
      throw BasinError.unknown("value of --weights", weights, among: WeightsFile.Choice.allCases.map(\.rawValue))
    }
    return choice
  }

  /// The run the weights are of.
  func directory() throws -> RunDirectory {
    guard FileManager.default.fileExists(atPath: path) else { throw BasinErrors.missingFile(path) }
    // A checkpoint lies two folders below its run, a weights file one.
    var folder = URL(fileURLWithPath: path).standardizedFileURL.path
    for _ in 0..<4 {
      if RunDirectory(path: folder).holdsRun { return RunDirectory(path: folder) }
      folder = (folder as NSString).deletingLastPathComponent
    }
    throw BasinError.missing("belongs to no run (there is no config.yaml above it)", file: path, advice: "Give a folder that --out named")
  }

  func file() throws -> String { try WeightsFile.find(path, choice()) }

  /// The run's data and model with the chosen weights.
  func prepare() throws -> (run: PreparedRun, file: String) {
    let file = try file()
    let run = try prepareRun()
    try Checkpoint.load(Safetensors.read(file).tensors.map { ($0.key, $0.value) }, into: run.tensors, file: file)
    return (run, file)
  }

  /// The run's data and model with fresh weights.
  ///
  /// - Throws: `BasinError` (`.badData`) where the data has changed since.
  func prepareRun() throws -> PreparedRun {
    let directory = try directory()
    var request = try RunRequest.read(directory.configuration)
    request.plugins += plugins.plugins
    if let root = data.dataRoot { request[.dataRoot] = root }
    let catalog = try PluginOptions(request.plugins).catalog()
    let run = try PreparedRun(RunConfiguration(request, in: catalog), in: catalog)
    try data.check(run, of: directory)
    return run
  }
}

/// `basin evaluate`.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate", abstract: "Measures the weights of a run on its validation and test data.")

  @OptionGroup var options: WeightsOptions
  @Flag(help: "One JSON document on standard output.") var json = false

  func run() throws {
    let (run, file) = try options.prepare()
    let evaluation = run.evaluation
    let validation = try run.locatingErrors { try run.splits.validation.map { try evaluation.metrics($0) } }
    let test = try run.locatingErrors { try run.splits.test.map { try evaluation.metrics($0) } }
    let document: JSONValue = [
      "model": .string(run.configuration.model), "dataset": .string(run.configuration.dataset), "weights": .string(options.weights),
      "file": .string(file), "validation": validation?.json ?? .null, "test": test?.json ?? .null,
    ]
    if json { return try Terminal.print(document) }
    print(Terminal.table([["validation", SummaryText.metrics(validation)], ["test", SummaryText.metrics(test)]]))
  }
}

/// `basin export`: weights as safetensors with the names of the PyTorch reference.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes the weights of a run as a safetensors file for PyTorch and others.",
    discussion: """
      With --folder, models that have such a form are written as the folder that Hugging Face's programs read: configuration, \
      weights, and the tokenizer the run had. Other models are written as model.safetensors beside that tokenizer.

      Example: basin export runs/first --folder --to first-hf
      """)

  @OptionGroup var options: WeightsOptions
  @Option(help: ArgumentHelp("The file, or with --folder the folder, to write.", valueName: "path")) var to: String
  @Flag(help: "Write a folder of configuration and weights.") var folder = false
  @Option(help: ArgumentHelp("With --folder: where the tokenizer's files lie, if not those of the run's own are wanted.", valueName: "dir"))
  var tokenizer: String?
  @Option(help: ArgumentHelp("With --folder: the most megabytes of weights in one file.", valueName: "n")) var shardSize = 5000
  @Flag(help: "One JSON document on standard output.") var json = false

  func run() throws {
    if folder { return try exportFolder() }
    guard tokenizer == nil else { throw BasinError.usage("--tokenizer is for --folder", advice: "Add --folder") }
    let file = try options.file()
    let request = try RunRequest.read(options.directory().configuration)
    let (tensors, _) = try Safetensors.read(file)
    var metadata = ["format": "pt", "weights": options.weights]
    for key in [RunRequest.Key.model, .dataset, .method, .seed] { metadata[key.rawValue] = request[key] }
    for (key, value) in request.settings where key.hasPrefix("model.") { metadata[key] = value }
    let sorted = tensors.sorted { $0.key < $1.key }
    try AtomicFile.write(Safetensors.encode(sorted.map { ($0.key, $0.value) }, metadata: metadata), to: to)
    if json {
      return try Terminal.print(["file": .string(to), "tensors": .int(sorted.count), "weights": .string(options.weights)])
    }
    print("\(sorted.count) tensors to \(to)")
  }

  private func exportFolder() throws {
    let export = FolderExport(to: to, tokenizer: tokenizer, shardMegabytes: shardSize)
    try export.check()
    let (run, _) = try options.prepare()
    let files = try export.write(run)
    if json {
      return try Terminal.print([
        "folder": .string(to), "files": .array(files.map { .string($0) }), "tensors": .int(run.tensors.count),
        "weights": .string(options.weights),
      ])
    }
    print("\(run.tensors.count) tensors and \(files.joined(separator: ", ")) to \(to)")
  }
}
