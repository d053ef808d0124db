import ArgumentParser
import Foundation
import PluginAPI
import Report

/// `basin bench`: methods compared over domains and seeds.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Compares methods over domains and seeds; by itself the preset quick.",
    discussion: """
      Presets:
      \(Terminal.table(BenchmarkPreset.builtIn.map { [$0.name, $0.summary] }))
      Modules bring more, experiments of papers: `basin list presets`.

      A file for --config:
        methods:
          - backbone
          - swa
          - {name: swa-cosine, method: swa, schedule: "constant,cosine:0.2@0.5dur", set: {averaging.start: 0.8dur}}
        seeds: 5
        cases:
          - {model: gcn, dataset: communities, epochs: 100}
          - model: preresnet8
            dataset: shapes
            lr: 0.05
            set: {model.width: 8}
      splits: 20 instead of seeds divides the data anew for every seed; folds: 10 gives seed I fold I of 10.
      A method may have lr, optimizer, schedule, averaging and set of its own, over those of a case.
      """,
    subcommands: [BenchRunsCommand.self, BenchMergeCommand.self])

  @Option(
    help: "What is compared: \(BenchmarkPreset.builtIn.map(\.name).joined(separator: ", ")), or a module's. Flags override it.")
  var preset: String?
  @Option(help: ArgumentHelp("The cases of another preset, with the methods of --preset.", valueName: "preset")) var cases: String?
  @Option(
    help: ArgumentHelp(
      "A YAML file with cases, methods, seeds, jobs and threads; flags override it.", valueName: "file"))
  var config: String?
  @Option(help: "Domains, separated by commas (default: all).") var domains: String?
  @Option(help: "Only cases of these models.") var models: String?
  @Option(help: "Only cases of these data sets; with --models, any pair of the two that fits.") var datasets: String?
  @Option(
    help: "Methods, separated by commas; the first is what the others are compared with (default: backbone,swa,pswa).")
  var methods: String?
  @Option(help: "Seeds of every case (default: each case's own number).") var seeds: Int?
  @Option(help: "As --seeds, and each seed divides the data in its own way (--split-seed).") var splits: Int?
  @Option(help: "Seed I takes fold I of this many (--fold); with --seeds, more rounds of folds.") var folds: Int?
  @Option(help: "Epochs of every case (default: each case's own number).") var epochs: Int?
  @Option(help: ArgumentHelp("Each case's own number of epochs times this, but not under 8.", valueName: "factor"))
  var epochsScale: Double?
  @Option(help: "Every run stops there, such as 0.5dur, with the schedule of the whole.") var stopAfter: String?
  @Option(help: "Examples a step in every case (default: each case's own number).") var batchSize: Int?
  @Option(
    help: "How every run estimates normalization statistics again: pooled, exact or reference (default: each case's own, else pooled; see `train`)."
  ) var bnUpdate: String?
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("An option of every case, such as model.checkpoint=DIR, over the case's own.", valueName: "key=value"))
  var settings: [String] = []
  @Option(help: "Runs at a time (default: as many as there are cores for).") var jobs: Int?
  @Option(help: "Threads of one run (default: 1). Results depend on it to the last bit; they do not on --jobs.")
  var threads: Int?
  @Option(help: "Where every run computes: cpu, cuda, cuda:1 or mps (default: the case's own, else cpu).") var device: String?
  @Option(help: "The folder of data sets (default: $BASIN_DATA).") var dataRoot: String?
  @Option(help: "Where results go (default: runs/<date>-bench).") var out: String?
  @Flag(help: "Go on with the benchmark in --out: runs that are finished are kept.") var resume = false
  @OptionGroup var limits: LimitOptions
  @Flag(help: "Each run in a process of its own: passive averages share no trajectory. Results are the same.") var independent = false
  @Flag(help: "With --resume: take runs that another build of the program finished as they are.") var anyCode = false
  @Flag(help: "Print results.json on standard output.") var json = false
  @Flag(name: [.short, .long], help: "No progress.") var quiet = false
  @OptionGroup var plugins: PluginOptions

  func run() throws {
    Interruption.install()
    try checkFlags()
    // Refused before anything is read, so that the flags can be mended at leisure.
    let folder = try folder()
    let (plan, catalog) = try plan(in: folder)
    let engine = try BenchmarkEngine(
      catalog, folder: folder,
      settings: .init(limits: plan.limits ?? RunLimits(), isIndependent: independent, takesAnyCode: anyCode, isQuiet: quiet))
    try plan.save(in: folder)
    let result: BenchmarkEngine.Result
    do { result = try engine.run(plan) } catch let interrupted as Interrupted {
      Terminal.say("basin: go on with: basin bench --resume --out \(folder)")
      throw interrupted
    }
    try engine.close()
    try report(BenchmarkResults(plan, outcomes: result.outcomes, seconds: result.seconds), folder)
  }

  /// Refuses what a subcommand would pass over without a word: flags of the whole command are read wherever they stand.
  /// `--json` holds for all.
  func refuseFlags(of subcommand: String) throws {
    let plain = try Self.parse([])
    let given = Self.flags(of: self, unlike: plain, but: ["_json", "_limits", "_plugins"])
      + Self.flags(of: limits, unlike: plain.limits) + Self.flags(of: plugins, unlike: plain.plugins)
    guard let first = given.first else { return }
    throw BasinError.usage(
      "bench \(subcommand) has no \(first)", advice: "`basin bench \(subcommand) --help` shows what it takes")
  }

  /// The names of options whose values are others than those of an empty command line.
  private static func flags<T>(of given: T, unlike plain: T, but left: Set<String> = []) -> [String] {
    zip(Mirror(reflecting: given).children, Mirror(reflecting: plain).children).compactMap { given, plain in
      guard let label = given.label, label.hasPrefix("_"), !left.contains(label), "\(given.value)" != "\(plain.value)" else { return nil }
      let name = String(label.dropFirst())
      let known = ["settings": "set", "plugins": "plugin", "ignoresPlugins": "no-plugins"]
      return "--" + (known[name] ?? name.map { $0.isUppercase ? "-" + $0.lowercased() : String($0) }.joined())
    }
  }

  private func report(_ results: BenchmarkResults, _ folder: String) throws {
    let document = try results.json()
    let report = results.report()
    try AtomicFile.write(document.data(), to: folder + "/results.json")
    try AtomicFile.write(Data((report + "\n").utf8), to: folder + "/report.txt")
    let written = try ReportCommand.write(BenchmarkReport(ReportSource(folder).document()), to: folder)
    if json {
      try Terminal.print(document)
    } else {
      print(report)
      print("\n\(ProgressBar.time(results.seconds)) for \(results.runs.count) runs")
      print("report: " + (written + ["report.txt", "results.json"].map { "\(folder)/\($0)" }).joined(separator: ", "))
    }
    let failures = results.failures
    guard let first = failures.first else { return }
    // Where all failed for one kind of reason (no data, no disk), that is what the status says.
    let isAll = failures.count == results.runs.count && failures.allSatisfy { $0.status == first.status }
    let kind = isAll ? first.status.flatMap { BasinError.Kind(rawValue: $0) } : nil
    throw BasinError(
      kind ?? .internalError, "\(failures.count) of \(results.runs.count) runs failed",
      advice: "Their logs are in \(folder)/logs; `basin bench --resume --out \(folder)` tries them again")
  }

  // MARK: What is asked for

  private func checkFlags() throws {
    for (flag, value) in [("--seeds", seeds), ("--splits", splits), ("--epochs", epochs), ("--batch-size", batchSize),
      ("--jobs", jobs),
    ] {
      if let value, value < 1 {
        throw BasinError.usage("\(flag) cannot be \(value)", advice: "It takes a whole number from 1")
      }
    }
    if let folds, folds < 2 {
      throw BasinError.usage("--folds cannot be \(folds)", advice: "It takes a whole number from 2")
    }
    if let threads, !(1...1024).contains(threads) {
      throw BasinError.usage("--threads cannot be \(threads)", advice: "It takes a whole number from 1 to 1024")
    }
    if let epochsScale, !(epochsScale > 0 && epochsScale <= 1000) {
      throw BasinError.usage("--epochs-scale cannot be \(epochsScale)", advice: "It takes a number over 0, such as 0.5")
    }
    for (one, other, isBoth) in [
      ("--preset", "--config", preset != nil && config != nil),
      ("--epochs", "--epochs-scale", epochs != nil && epochsScale != nil),
      ("--splits", "--seeds", splits != nil && seeds != nil), ("--splits", "--folds", splits != nil && folds != nil),
      ("--cases", "--config", cases != nil && config != nil), ("--cases", "--models and --datasets", cases != nil && models != nil && datasets != nil),
    ]
    where isBoth {
      throw BasinError.usage("\(one) and \(other) exclude each other", advice: "Leave one of them out")
    }
  }

  private func folder() throws -> String {
    guard let out else {
      if resume {
        throw BasinError.usage("--resume needs --out", advice: "Name the folder of the benchmark to go on with")
      }
      return RunDirectory.dated("bench")
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: out)) ?? []
    if !resume, !names.isEmpty {
      throw BasinError(
        .cannotCreate, "is not empty", file: out, advice: "Add --resume to go on with it, or choose another --out")
    }
    return out
  }

  /// The command as it was typed, for a shell.
  static var typed: String {
    (["basin"] + CommandLine.arguments.dropFirst()).map { word in
      word.allSatisfy { $0.isLetter || $0.isNumber || "-_=.,:/@+%".contains($0) } && !word.isEmpty
        ? word : "'\(word.replacing("'", with: "'\\''"))'"
    }.joined(separator: " ")
  }

  private func list(_ text: String?, _ flag: String) throws -> [String]? {
    guard
      let names = text?.split(separator: ",").map({ $0.trimmingCharacters(in: .whitespaces) }).filter({ !$0.isEmpty })
    else { return nil }
    guard !names.isEmpty else {
      throw BasinError.usage("\(flag) names nothing", advice: "Give names separated by commas, or leave it out")
    }
    return names
  }

  private func request() throws -> BenchmarkRequest {
    var request = try config.map { try BenchmarkFile.read($0) } ?? BenchmarkRequest()
    request.preset = preset
    if let methods = try list(methods, "--methods") {
      request.methods = methods
      request.methodPlaces = [:]
    }
    request.jobs = jobs ?? request.jobs
    request.threads = threads ?? request.threads
    request.allSeeds = seeds ?? splits ?? folds
    request.allDivision = folds.map { .folds($0) } ?? splits.map { _ in .splits }
    request.epochs = epochs
    request.epochsScale = epochsScale
    request.device = device
    request.batchSize = batchSize
    request.stopAfter = stopAfter
    request.bnUpdate = bnUpdate
    request.casesOf = cases
    request.settings = try settings.reduce(into: RunRequest()) { try $0.set($1) }.settings
    request.domains = try list(domains, "--domains")
    request.models = try list(models, "--models")
    request.datasets = try list(datasets, "--datasets")
    return request
  }

  /// The plan these flags ask for. With --resume it is that of the benchmark in `folder`, unless flags name other cases.
  private func plan(in folder: String) throws -> (BenchmarkPlan, Catalog) {
    let request = try request()
    let saved = resume ? try BenchmarkPlan.saved(in: folder) : nil
    let root =
      dataRoot ?? saved?.dataRoot ?? DataRoot.ofEnvironment
    let plugins = plugins.plugins.isEmpty ? saved?.plugins ?? [] : plugins.plugins
    let catalog = try PluginOptions(plugins).catalog()
    let planner = BenchmarkPlanner(
      catalog: catalog, request: request, plugins: plugins, dataRoot: root, threads: saved?.threads ?? 1)
    var plan = try saved.flatMap { request.keepsCases ? try planner.continued($0) : nil } ?? planner.plan()
    plan.command = saved?.command ?? Self.typed
    plan.limits = try limits.over(saved?.limits ?? plan.limits ?? RunLimits())
    if let saved { try plan.checkThatItContinues(saved, in: folder) }
    return (plan, catalog)
  }
}
