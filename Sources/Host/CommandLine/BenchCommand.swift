import ArgumentParser
import Foundation
import PluginAPI

/// `basin bench`: methods compared over domains and seeds.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Compares methods over domains and seeds, on embedded data by default.")

  @Option(help: "Domains, separated by commas (default: all).") var domains: String?
  @Option(help: "Only cases of these models.") var models: String?
  @Option(help: "Only cases of these data sets; with --models, any pair of the two that fits.") var datasets: String?
  @Option(help: "Methods, separated by commas; the first is what the others are compared with.") var methods = "backbone,swa,pswa"
  @Option(help: "Seeds of every case (default: each case's own number).") var seeds: Int?
  @Option(help: "Epochs of every case (default: each case's own number).") var epochs: Int?
  @Option(help: "Runs at a time (default: one a core, with a thread each).") var jobs: Int?
  @Option(help: "The folder of data sets (default: $BASIN_DATA).") var dataRoot: String?
  @Option(help: "Where results go (default: runs/<date>-bench).") var out: String?
  @Flag(help: "Go on with the benchmark in --out: runs that are finished are kept.") var resume = false
  @Flag(help: "Print results.json on standard output.") var json = false
  @OptionGroup var plugins: PluginOptions

  func run() throws {
    Interruption.install()
    let catalog = try plugins.catalog()
    let entries = try cases(catalog)
    let names = methods.split(separator: ",").map(String.init)
    for name in names { _ = try catalog.method(name) }
    guard !names.isEmpty, (seeds ?? 1) >= 1, (jobs ?? 1) >= 1, (epochs ?? 1) >= 1 else {
      throw BasinError.usage("--methods, --seeds, --epochs and --jobs need at least one")
    }
    let plan = BenchmarkPlan(entries, methods: names, seeds: seeds)
    let folder = try folder()
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let jobs = min(self.jobs ?? cores, max(1, plan.runs.count))
    let pool = BenchmarkPool(
      program: FileSnapshot.resolve("/proc/self/exe") ?? CommandLine.arguments.first ?? "basin", runs: plan.runs, folder: folder,
      dataRoot: dataRoot ?? ProcessInfo.processInfo.environment["BASIN_DATA"], threads: max(1, cores / jobs), plugins: plugins.plugins)
    Terminal.say("basin: \(plan.runs.count) runs, \(jobs) at a time, to \(folder)")
    let start = Clock.now()
    let shown = isatty(STDERR_FILENO) == 1
    let outcomes: [BenchmarkPool.Outcome]
    do {
      outcomes = try pool.run(jobs: jobs) { done, total, run, outcome in
        let left = (Clock.now() - start) / Double(done) * Double(total - done)
        if case .failed(let reason) = outcome {
          Terminal.say("\(shown ? "\r\u{1B}[2K" : "")basin: \(run.name) failed (\(reason))")
        }
        if shown {
          FileHandle.standardError.write(Data("\r\u{1B}[2K\(done)/\(total) runs, \(ProgressBar.time(left)) left, last \(run.name)".utf8))
        }
      }
    } catch {
      if shown { FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8)) }
      if error is Interrupted { Terminal.say("basin: continue with: basin bench --resume --out \(folder) and the same flags") }
      throw error
    }
    if shown { FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8)) }
    let results = BenchmarkResults(runs: plan.runs, outcomes: outcomes, seconds: Clock.now() - start)
    let file = folder + "/results.json"
    try AtomicFile.write(results.json().data(), to: file)
    try AtomicFile.write(Data((results.table() + "\n").utf8), to: folder + "/report.txt")
    if json { try Terminal.print(results.json()) } else {
      print(results.table())
      print(String(format: "  %.0f s for %d runs", results.seconds, plan.runs.count))
      print("report: \(folder)/report.txt, \(file)")
    }
    let failed = outcomes.filter { if case .failed = $0 { true } else { false } }.count
    if failed > 0 { throw BasinError.internalError("\(failed) of \(outcomes.count) runs failed", advice: "Their logs are in \(folder)/logs") }
  }

  private func folder() throws -> String {
    let folder = out ?? RunDirectory.dated("bench")
    if !resume, let names = try? FileManager.default.contentsOfDirectory(atPath: folder), !names.isEmpty {
      throw BasinError(.cannotCreate, "is not empty", file: folder, advice: "Add --resume to go on with it, or choose another --out")
    }
    try AtomicFile.makeFolder(folder + "/runs")
    try AtomicFile.makeFolder(folder + "/logs")
    return folder
  }

  private func list(_ text: String?) -> [String]? { text.map { $0.split(separator: ",").map(String.init) } }

  /// The default cases of the domains, or every pair of the models and data sets named.
  private func cases(_ catalog: Catalog) throws -> [BenchmarkEntry] {
    for domain in list(domains) ?? [] { try catalog.checkDomain(domain) }
    let entries: [BenchmarkEntry]
    if let models = list(models), let datasets = list(datasets) {
      entries = try models.flatMap { model in
        try datasets.compactMap { dataset -> BenchmarkEntry? in
          let entry = try catalog.model(model)
          let (data, _) = try catalog.dataset(dataset, root: nil)
          guard entry.inputType == data.inputType, list(domains)?.contains(entry.domain) ?? true else { return nil }
          return BenchmarkEntry(
            module: entry.module, domain: entry.domain,
            benchmark: BenchmarkCase(model: model, dataset: dataset, epochs: epochs ?? entry.recipe.epochs, seeds: seeds ?? 3))
        }
      }
    } else {
      for module in catalog.modules where list(domains)?.contains(module.manifest.domain) ?? true { try catalog.load(module) }
      for model in list(models) ?? [] { _ = try catalog.model(model) }
      for dataset in list(datasets) ?? [] { _ = try catalog.dataset(dataset, root: nil) }
      entries = catalog.registry.benchmarks.filter {
        list(domains)?.contains($0.domain) ?? true && list(models)?.contains($0.benchmark.model) ?? true
          && list(datasets)?.contains($0.benchmark.dataset) ?? true
      }.map { entry in
        guard let epochs else { return entry }
        return BenchmarkEntry(module: entry.module, domain: entry.domain, benchmark: entry.benchmark.lasting(epochs))
      }
    }
    guard !entries.isEmpty else {
      throw BasinError.usage("nothing to compare", advice: "Give --models and --datasets that fit together, or other --domains")
    }
    return entries
  }
}
