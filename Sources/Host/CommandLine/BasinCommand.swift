import ArgumentParser
import Foundation
import PluginAPI

/// `basin`: the commands and what they share.
public struct BasinCommand: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "basin",
    abstract: "Trains models of different domains with one set of optimizers, and tells whether weight averaging helps.",
    discussion: """
      A first run:  basin train --model gcn --dataset communities --method pswa
      What there is:  basin list

      Exit status: 0 done, 64 wrong usage, 65 bad data, 66 missing input, 70 internal error, 73 cannot create output, \
      74 input/output error, 130 interrupted (a checkpoint is written first).
      """,
    version: RunSummary.version,
    subcommands: [
      PluginCommand.self, ConformanceCommand.self,
      ListCommand.self, DescribeCommand.self, TrainCommand.self, PlanCommand.self, EvaluateCommand.self,
      ExportCommand.self, GenerateCommand.self, BenchCommand.self, SweepCommand.self, ReportCommand.self, ServeCommand.self,
      ReproduceCommand.self, DataCommand.self, DoctorCommand.self, ProbeCommand.self, IdentifyCommand.self, StepsCommand.self,
      BandwidthCommand.self, AverageCommand.self, LandscapeCommand.self, SharpnessCommand.self, PredictCommand.self,
    ])

  public init() {}

  /// Parses the arguments, runs the command, ends the process with the documented status.
  public static func start() -> Never {
    // A reader that goes away (`basin list | head`) is an error of `write`, not the end of the process.
    signal(SIGPIPE, SIG_IGN)
    Lifeline.endWithParent()
    var status: Int32 = 0
    do {
      try checkCommandName()
      var command = try parseAsRoot()
      try command.run()
    } catch let error as BasinError {
      Terminal.say("basin: error: \(error)")
      status = error.kind.exitStatus
    } catch let error as TensorError {
      Terminal.say("basin: error: \(error)")
      status = 70
    } catch let interrupted as Interrupted {
      Terminal.say("basin: interrupted" + (interrupted.checkpoint.map { "; continue with --resume \(RunDirectory.run(ofCheckpoint: $0))" } ?? ""))
      status = 130
    } catch {
      let code = exitCode(for: error).rawValue
      let message = fullMessage(for: error)
      // Help and version are answers; everything else is a complaint.
      if code == 0 { print(message) } else if !message.isEmpty { Terminal.say(message) }
      status = code == 1 ? 70 : code
    }
    Foundation.exit(status)
  }

  /// The argument parser offers the nearest name of a flag, but not of a command.
  private static func checkCommandName() throws {
    guard let name = CommandLine.arguments.dropFirst().first, !name.hasPrefix("-"), name != "help" else { return }
    // Not a key path: over an existential type it crashes the compiler of Swift 6.3.1.
    let known = configuration.subcommands.compactMap { $0.configuration.commandName }
    guard !known.contains(name) else { return }
    throw BasinError.unknown("command", name, among: known.filter { !$0.hasPrefix("_") })
  }
}

extension RunDirectory {
  static func run(ofCheckpoint path: String) -> String {
    ((path as NSString).deletingLastPathComponent as NSString).deletingLastPathComponent
  }
}

/// Words for the person at the terminal: standard error.
enum Terminal {
  static func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  /// One JSON document on standard output.
  static func print(_ json: JSONValue) throws {
    var data = try json.data()
    data.append(0x0A)
    FileHandle.standardOutput.write(data)
  }

  /// Columns of text, each as wide as its widest cell.
  static func table(_ rows: [[String]], indent: String = "  ") -> String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { index, cell in
        index == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
      }
      return indent + cells.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}

struct PluginOptions: ParsableArguments {
  @Option(name: .customLong("plugin"), help: ArgumentHelp("A module of your own: its library, or the folder of its package.", valueName: "path"))
  var plugins: [String] = []
  @Flag(name: .customLong("no-plugins"), help: "Leave out all plug-ins: only what came with Basin.")
  var ignoresPlugins = false

  /// The flag goes into the environment, so that it also holds for the processes that a command starts.
  func validate() { if ignoresPlugins { setenv(ModuleSearch.noPluginsVariable, "1", 1) } }

  func catalog() throws -> Catalog {
    let catalog = try Catalog(plugins: plugins)
    for note in catalog.notes { Terminal.say("basin: note: \(note)") }
    return catalog
  }
}

/// Tries a module in a process of its own (see `ModuleProbe`).
struct ProbeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "__probe", shouldDisplay: false)
  /// Those that the last one requires, and the last one.
  @Argument var paths: [String]

  func run() throws {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    try Catalog.probeLoad(paths)
    print(ModuleProbe.successLine)
  }
}
