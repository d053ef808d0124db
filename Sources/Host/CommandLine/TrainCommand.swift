import ArgumentParser
import Foundation
import PluginAPI

/// `basin train`.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train", abstract: "Trains a model and writes a run directory.",
    discussion: "Example: basin train --model gcn --dataset communities --method pswa --seed 1 --out runs/first")

  @OptionGroup var options: RunOptions
  @Option(help: ArgumentHelp("The run directory (default: runs/<date>-<method>-<model>-<dataset>-<seed>).", valueName: "dir")) var out: String?
  @Option(help: ArgumentHelp("Continue the run in this directory.", valueName: "dir")) var resume: String?
  @Flag(help: "Print summary.json on standard output.") var json = false
  @Flag(name: [.short, .long], help: "No progress.") var quiet = false
  @Flag(help: .hidden) var untilInputEnds = false
  @Option(help: .hidden) var heartbeat: String?

  func run() throws {
    Interruption.install()
    if untilInputEnds {
      Lifeline.watch()
      Lifeline.offerToTheSystem()
    }
    if let heartbeat { Heartbeat.begin(heartbeat) }
    let directory: RunDirectory
    let configuration: RunConfiguration
    let catalog: Catalog
    if let resume {
      directory = try RunDirectory.existing(resume)
      var request = try options.request()
      // Where the data lie and how many checkpoints to keep may differ from before; what is computed may not.
      let free: Set<RunRequest.Key> = [.dataRoot, .keep, .checkpointEvery]
      if let changed = request.values.keys.filter({ !free.contains($0) }).map(\.flag).sorted().first ?? (request.settings.isEmpty ? nil : "--set") {
        throw BasinError.usage("--resume continues the run as it was configured; \(changed) cannot change it", advice: "Leave \(changed) out")
      }
      if directory.isFinished { return try report(JSONValue.read(directory.summary), directory, finishedBefore: true) }
      request = try RunRequest.read(directory.configuration).overridden(by: request)
      catalog = try PluginOptions(request.plugins).catalog()
      configuration = try RunConfiguration(request, in: catalog)
    } else {
      let request = try options.request()
      catalog = try PluginOptions(request.plugins).catalog()
      configuration = try RunConfiguration(request, in: catalog)
      directory = try RunDirectory.create(out ?? RunDirectory.defaultPath(configuration))
      try AtomicFile.write(Data(configuration.yaml().utf8), to: directory.configuration)
    }
    // Held until the process ends.
    // A run whose benchmark was killed may still be writing its last checkpoint when the benchmark goes on.
    let lock = try directory.lock(within: untilInputEnds ? 30 : 0)
    defer { withExtendedLifetime(lock) {} }
    do {
      try report(Self.train(configuration, catalog, directory, resuming: resume != nil, quiet: quiet || json), directory)
    } catch {
      // A run that never began leaves nothing behind: the same command can be given again once its cause is mended.
      if resume == nil { directory.removeIfUnused() }
      throw error
    }
  }

  static func train(
    _ configuration: RunConfiguration, _ catalog: Catalog, _ directory: RunDirectory, resuming: Bool, quiet: Bool
  ) throws -> JSONValue {
    let prepared = try PreparedRun(configuration, in: catalog)
    if !quiet, configuration.device == .cpu, let note = configuration.precision.slownessNote { Terminal.say("basin: note: \(note)") }
    if !quiet, !resuming, let pretrained = prepared.model.module as? any PretrainedModule {
      for note in pretrained.notes { Terminal.say("basin: note: \(note)") }
    }
    var checkpoint: Checkpoint?
    if resuming {
      var notes: [String] = []
      checkpoint = Checkpoint.newest(in: directory, notes: &notes)
      for note in notes { Terminal.say("basin: note: \(note)") }
      if !quiet { Terminal.say("basin: continuing after step \(Int(checkpoint?.state["step"]?.number ?? 0)) of \(prepared.length.steps)") }
    }
    return try TrainingRun(prepared, in: catalog, directory: directory, checkpoint: checkpoint, quiet: quiet).train()
  }

  private func report(_ summary: JSONValue, _ directory: RunDirectory, finishedBefore: Bool = false) throws {
    if json { return try Terminal.print(summary) }
    guard !quiet else { return }
    if finishedBefore { Terminal.say("basin: the run is finished already") }
    Swift.print(SummaryText.table(summary))
    Swift.print("run: \(directory.path)")
  }
}

extension PluginOptions {
  init(_ plugins: [String]) {
    self.init()
    self.plugins = plugins
  }
}
