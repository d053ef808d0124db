import ArgumentParser
import Foundation
import PluginAPI

/// `basin average`: the mean of given weights, all of them or greedily chosen.
struct AverageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "average", abstract: "Averages the weights of several runs or checkpoints into one file.",
    discussion: """
      Parameters are averaged, normalization statistics estimated again on the training data of the first one's run, counters \
      copied from the first. With --greedy, weights are tried from the best to the worst on validation, and each is kept if the \
      average does not get worse.

      Example: basin average runs/a runs/b runs/c --greedy --to soup.safetensors
      """)

  @Argument(
    help: ArgumentHelp(
      "Runs, checkpoints or .safetensors files of one model; the first must belong to a run.", valueName: "ckpt"))
  var paths: [String]
  @Option(help: ArgumentHelp("The file to write.", valueName: "file")) var to: String
  @Flag(help: "Keep only weights that do not make validation worse.") var greedy = false
  @Option(help: "Of runs and checkpoints: last, best or averaged (default: last).") var weights: String = "last"
  @Option(help: "How normalization statistics are estimated: pooled, exact or reference (default: as the first one's run).")
  var bnUpdate: NormalizationUpdate?
  @Option(help: "Training examples --bn-update exact looks at, all at once (default: as that run).") var bnExamples: Int?
  @OptionGroup var data: RunDataOptions
  @OptionGroup var plugins: PluginOptions
  @Flag(help: "One JSON document on standard output.") var json = false

  func run() throws {
    guard paths.count >= 2 else {
      throw BasinError.usage("an average needs two weights or more", advice: "Give several checkpoints")
    }
    Interruption.install()
    let options = WeightsOptions(path: paths[0], weights: weights, data: data, plugins: plugins.plugins)
    let files = try paths.map { try WeightsFile.find($0, options.choice()) }
    let folder = (to as NSString).deletingLastPathComponent
    guard access(folder.isEmpty ? "." : folder, W_OK) == 0 else {
      throw BasinErrors.system("cannot be written", file: to)
    }
    let (run, _) = try options.prepare()
    let configured = run.configuration.statisticsUpdate
    let statistics = StatisticsUpdate(
      mode: bnUpdate ?? configured.mode, examples: bnExamples ?? configured.examples, tolerance: configured.tolerance)
    var statisticsSeconds = 0.0
    // Every file is looked at before any is evaluated.
    let contents = try files.map { file in try Safetensors.read(file).tensors.map { (name: $0.key, tensor: $0.value) } }
    for (file, tensors) in zip(files, contents) { try Checkpoint.load(tensors, into: run.tensors, file: file) }

    func metrics() throws -> (validation: Metrics?, test: Metrics?) {
      if Interruption.isRequested { throw Interrupted(checkpoint: nil) }
      return try run.locatingErrors {
        (
          try run.splits.validation.map { try run.evaluation.metrics($0) },
          try run.splits.test.map { try run.evaluation.metrics($0) }
        )
      }
    }
    let ingredients = try zip(files, contents).map { file, tensors in
      try Checkpoint.load(tensors, into: run.tensors, file: file)
      return try metrics()
    }

    // The frozen ones of that run too: other weights may have trained them.
    let parameters = run.tensors.filter { $0.role == .parameter }
    let parameterPaths = Set(parameters.map(\.path))
    func cook(_ chosen: [Int]) throws {
      // One alone stays as it is, with its own statistics.
      try Checkpoint.load(contents[chosen.count == 1 ? chosen[0] : 0], into: run.tensors, file: files[0])
      guard chosen.count > 1 else { return }
      var soup = WeightSoup()
      for index in chosen { try soup.add(contents[index].filter { parameterPaths.contains($0.name) }, file: files[index]) }
      let mean = Dictionary(soup.mean, uniquingKeysWith: { $1 })
      for parameter in parameters {
        if let value = mean[parameter.path] { try parameter.tensor.copy(from: value.to(parameter.tensor.dtype)) }
      }
      let start = Clock.now()
      _ = try run.locatingErrors { try statistics(run.evaluation, run.splits.train, run.random["statistics"]) }
      statisticsSeconds += Clock.now() - start
    }

    var kept = Array(files.indices)
    if greedy {
      let validation = try ingredients.map { item in
        guard let metrics = item.validation else {
          throw BasinError.usage(
            "a greedy average needs validation data, and the run has none", advice: "Leave --greedy out")
        }
        return metrics
      }
      kept = try WeightSoup.greedy(validation) { chosen in
        try cook(chosen)
        return try metrics().validation ?? Metrics(loss: .infinity, accuracy: nil)
      }.kept
    }
    try cook(kept)
    let soup = try metrics()
    let metadata = [
      "format": "pt", "weights": greedy ? "greedy average" : "average", "model": run.configuration.model,
      "samples": "\(kept.count)",
    ]
    try AtomicFile.write(Safetensors.encode(run.copyTensors(), metadata: metadata), to: to)
    try report(files, ingredients, kept, soup, run, statisticsSeconds)
  }

  private func report(
    _ files: [String], _ ingredients: [(validation: Metrics?, test: Metrics?)], _ kept: [Int],
    _ soup: (validation: Metrics?, test: Metrics?), _ run: PreparedRun, _ statisticsSeconds: Double
  ) throws {
    if json {
      return try Terminal.print([
        "file": .string(to), "kind": .string(greedy ? "greedy" : "uniform"), "model": .string(run.configuration.model),
        "dataset": .string(run.configuration.dataset), "samples": .int(kept.count),
        "validation": soup.validation?.json ?? .null, "test": soup.test?.json ?? .null,
        "seconds": ["bnUpdate": JSONValue(statisticsSeconds)],
        "ingredients": .array(
          files.indices.map {
            [
              "file": .string(files[$0]), "kept": .bool(kept.contains($0)),
              "validation": ingredients[$0].validation?.json ?? .null, "test": ingredients[$0].test?.json ?? .null,
            ]
          }),
      ])
    }
    var rows = [["", "validation", "test", ""]]
    for index in files.indices {
      rows.append([
        files[index], SummaryText.metrics(ingredients[index].validation), SummaryText.metrics(ingredients[index].test),
        kept.contains(index) ? "" : "left out",
      ])
    }
    rows.append(["average of \(kept.count)", SummaryText.metrics(soup.validation), SummaryText.metrics(soup.test), ""])
    print(Terminal.table(rows))
    print("weights: \(to)")
  }
}
