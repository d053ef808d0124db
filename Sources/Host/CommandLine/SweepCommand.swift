import ArgumentParser
import Foundation
import PluginAPI

/// `basin sweep`: options compared by validation.
struct SweepCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sweep", abstract: "Searches options of a run: on a grid, at random, or by successive halving.",
    discussion: """
      Example: basin sweep --model gcn --dataset cora --method pswa --try lr=0.003,0.01,0.03 --try model.hidden=16,32 --out sweep
      Ranges: --try optimizer.weightDecay=1e-5..1e-2:log --try model.hidden=16..128 --strategy random --trials 30
      The flags of train say what all trials have in common. What is chosen has the best mean validation figure; test data have no part in
      it. The same flags try the same values; --resume goes on, and takes what is done from the store in --out.
      """)

  @Option(name: .customLong("try"), help: ArgumentHelp("An option and its values: KEY=A,B,C, KEY=LOW..HIGH or KEY=LOW..HIGH:log.", valueName: "values"))
  var dimensions: [String] = []
  @Option(help: "grid, random or halving (default: grid where every option lists its values, else random).") var strategy: String?
  @Option(help: "How many combinations random and halving draw (default: 20; halving: 27).") var trials: Int?
  @Option(help: "The seed of the drawing.") var sweepSeed = 0
  @Option(help: "Runs of every trial, with seeds from 0 (default: 1).") var seeds = 1
  @Option(help: "halving: a rung is so many times longer than the one before, and has so many times fewer trials.") var eta = 3
  @Option(help: "halving: the fewest epochs of a rung (default: 8, or all where there are fewer).") var leastEpochs: Int?
  @Option(help: "Runs at a time (default: as many as there are cores for).") var jobs: Int?
  @Option(help: "Where results go (default: runs/<date>-sweep).") var out: String?
  @Flag(help: "Go on with the sweep in --out, by the same flags: runs that are finished are kept.") var resume = false
  @OptionGroup var limits: LimitOptions
  @Flag(help: "Print sweep.json on standard output.") var json = false
  @Flag(name: [.short, .long], help: "No progress.") var quiet = false
  @OptionGroup var options: RunOptions

  func run() throws {
    Interruption.install()
    let folder = try folder()
    var request = try options.request()
    if let seed = request[.seed] {
      throw BasinError.usage("--seed \(seed): a sweep has seeds from 0", advice: "Say how many by --seeds, or leave it out")
    }
    let catalog = try PluginOptions(request.plugins).catalog()
    let threads = request[.threads].flatMap { Int($0) } ?? 1
    request[.threads] = "\(threads)"
    let configuration = try RunConfiguration(request, in: catalog)
    let sweep = Sweep(
      plan: try plan(configuration), base: request, configuration: configuration, seeds: seeds,
      jobs: jobs ?? max(1, ProcessInfo.processInfo.activeProcessorCount / threads), threads: threads)
    // A value that is not allowed is told before anything runs.
    for trial in sweep.plan.trials {
      let benchmark = try sweep.benchmark([trial], epochs: configuration.epochs)
      _ = try RunConfiguration(benchmark.request(benchmark.cases[0], method: trial.name, seed: 0), in: catalog)
    }
    let engine = try BenchmarkEngine(
      catalog, folder: folder, settings: .init(limits: try limits.over(RunLimits()), isQuiet: quiet, shownPart: "validation"))
    do {
      let rungs = try sweep.run(engine) { index, rung in
        guard !quiet, sweep.plan.rungs.count > 1 else { return }
        Terminal.say("basin: rung \(index + 1) of \(sweep.plan.rungs.count): \(rung.epochs) epochs")
      }
      try engine.close()
      try report(SweepReport(sweep: sweep, rungs: rungs), folder)
    } catch let interrupted as Interrupted {
      Terminal.say("basin: go on with the same command and --resume --out \(folder)")
      throw interrupted
    }
  }

  private func plan(_ configuration: RunConfiguration) throws -> SweepPlan {
    guard !dimensions.isEmpty else {
      throw BasinError.usage("--try is missing: nothing to search", advice: "For example --try lr=0.01,0.1")
    }
    for (flag, value, least) in [("--seeds", seeds, 1), ("--eta", eta, 2), ("--trials", trials ?? 1, 1), ("--jobs", jobs ?? 1, 1),
      ("--least-epochs", leastEpochs ?? 1, 1), ("--sweep-seed", sweepSeed, 0)]
    where value < least {
      throw BasinError.usage("\(flag) cannot be \(value)", advice: "It takes a whole number from \(least)")
    }
    let dimensions = try dimensions.map { try SweepDimension($0) }
    if let twice = Dictionary(grouping: dimensions, by: \.key).first(where: { $0.value.count > 1 })?.key {
      throw BasinError.usage("--try names \(twice) twice", advice: "Give all its values at once")
    }
    let chosen: SweepPlan.Strategy
    if let strategy {
      guard let known = SweepPlan.Strategy(rawValue: strategy) else {
        throw BasinError.unknown("strategy", strategy, among: SweepPlan.Strategy.allCases.map(\.rawValue))
      }
      chosen = known
    } else {
      chosen = dimensions.allSatisfy { $0.list != nil } ? .grid : .random
    }
    if chosen == .halving, dimensions.contains(where: { $0.key == RunRequest.Key.epochs.rawValue }) {
      throw BasinError.usage("halving decides about epochs itself", advice: "Leave them out of --try")
    }
    return try SweepPlan(
      dimensions, chosen, count: trials ?? (chosen == .halving ? 27 : 20), seed: sweepSeed, epochs: configuration.epochs,
      least: leastEpochs ?? min(8, configuration.epochs), eta: eta)
  }

  private func folder() throws -> String {
    guard let out else {
      if resume { throw BasinError.usage("--resume needs --out", advice: "Name the folder of the sweep to go on with") }
      return RunDirectory.dated("sweep")
    }
    if !resume, ((try? FileManager.default.contentsOfDirectory(atPath: out)) ?? []).isEmpty == false {
      throw BasinError(.cannotCreate, "is not empty", file: out, advice: "Add --resume to go on with it, or choose another --out")
    }
    return out
  }

  private func report(_ report: SweepReport, _ folder: String) throws {
    let document = try report.json()
    try AtomicFile.write(document.data(), to: folder + "/sweep.json")
    if json { try Terminal.print(document) } else { print(report.text() + "\nreport: \(folder)/sweep.json") }
    guard report.best == nil else { return }
    throw BasinError(.internalError, "every trial failed", advice: "Their logs are in \(folder)/logs")
  }
}
