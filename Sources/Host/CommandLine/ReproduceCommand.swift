import ArgumentParser
import Foundation
import PluginAPI

/// `basin reproduce`: the paper's experiments, what each needs, and one of them run.
struct ReproduceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reproduce", abstract: "Lists the paper's experiments and what each needs, or runs one.",
    discussion: """
      "Stochastic Weight Averaging Revisited" (Guo, Jin, Liu; arXiv 2201.00519).
      `basin reproduce NAME` is `basin bench --preset NAME`; bench has more flags.
      """)

  @Argument(help: "The experiment to run; left out: all are listed.") var name: String?
  @Option(help: "The folder of data sets (default: $BASIN_DATA).") var dataRoot: String?
  @Option(
    name: .customLong("set"),
    help: ArgumentHelp("An option of the runs, such as model.checkpoint=DIR; may be repeated.", valueName: "name=value"))
  var settings: [String] = []
  @Option(help: "Where results go (default: runs/<date>-<name>).") var out: String?
  @Flag(help: "Go on with the experiment in --out.") var resume = false
  @Option(help: "Seeds of every case (default: the experiment's).") var seeds: Int?
  @Option(help: "Runs at a time.") var jobs: Int?
  @Option(help: "Threads of one run.") var threads: Int?
  @Option(help: "cpu, cuda or mps.") var device: String?
  @Flag(help: "One JSON document on standard output.") var json = false
  @Flag(name: [.short, .long], help: "No progress.") var quiet = false
  @OptionGroup var plugins: PluginOptions

  func run() throws {
    let catalog = try plugins.catalog()
    let root = dataRoot ?? DataRoot.ofEnvironment
    guard let name else {
      let program = ThisProgram.path
      let all = try Reproduction.all(catalog, root: root, program: program)
      return try json ? Terminal.print(["dataRoot": JSONValue(root), "experiments": .array(all.map(\.json))])
        : print(all.map(\.text).joined(separator: "\n\n"))
    }
    let known = unique(
      (BenchmarkPreset.builtIn.map(\.name) + catalog.modules.flatMap(\.manifest.experiments)).filter { $0.hasPrefix("paper-") })
    guard known.contains(name) else { throw BasinError.unknown("experiment", name, among: known) }
    var arguments = ["--preset", name, "--out", out ?? RunDirectory.dated(name)]
    for (flag, value) in [
      ("--data-root", root), ("--seeds", seeds.map { "\($0)" }), ("--jobs", jobs.map { "\($0)" }), ("--threads", threads.map { "\($0)" }),
      ("--device", device),
    ] {
      if let value { arguments += [flag, value] }
    }
    for (flag, isSet) in [("--resume", resume), ("--json", json), ("--quiet", quiet)] where isSet { arguments.append(flag) }
    arguments += settings.flatMap { ["--set", $0] }
    arguments += plugins.plugins.flatMap { ["--plugin", $0] }
    let bench = try BenchCommand.parse(arguments)
    try bench.run()
  }
}
