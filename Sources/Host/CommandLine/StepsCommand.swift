import ArgumentParser
import Foundation
import PluginAPI

/// `basin __steps`: times training steps on request, for comparisons in interleaved pairs (see Benchmarks/).
///
/// Reads `run N` lines and answers each with a JSON line of the milliseconds of N steps; `quit` or the end of input ends it.
struct StepsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "__steps", shouldDisplay: false)

  @OptionGroup var options: RunOptions
  @Option(help: "Steps before the first answer that are not timed.") var warmup = 5
  @Flag(help: "Take the data set's preparation of the batch into the time.") var withData = false
  @Flag(help: "Time whole epochs of steps, `run N` being N epochs.") var wholeEpochs = false
  @Option(help: "Take a sample into the run's average after every Nth step, within the time (0: never).") var sampleEvery = 0

  @Flag(help: "Time forward passes in evaluation, of training batches, instead of steps.") var evaluating = false

  func run() throws {
    var request = try options.request()
    // Batches made while the other side has its turn would be a present.
    if request[.dataThreads] == nil { request[.dataThreads] = "0" }
    let catalog = try PluginOptions(request.plugins).catalog()
    let run = try PreparedRun(RunConfiguration(request, in: catalog), in: catalog)
    let step = try TrainingStep(run, in: catalog)
    let averager = try run.configuration.makePolicy(catalog).makeAverager(run.parameters, in: run.length)
    var done = 0

    func pass() throws -> Double {
      let ids = EpochOrder.training(
        run.splits.train.ids, size: run.configuration.batchSize, epoch: done / run.stepsPerEpoch, run.random, lengths: run.lengths)
      let batch = try run.dataset.batch(
        ids[done % ids.count], of: run.splits.train.split, augmentation: nil, device: run.configuration.device)
      done += 1
      let start = Clock.now()
      _ = try LibTorch.withoutGradient { try run.model.forward(batch, .evaluate).prediction.sum().item() }
      return Clock.now() - start
    }

    func one() throws -> Double {
      if evaluating { return try pass() }
      let result = try step(done % run.length.steps)
      done += 1
      var seconds = result.trainSeconds + (withData ? result.dataSeconds : 0)
      if sampleEvery > 0, done % sampleEvery == 0 {
        let start = Clock.now()
        try averager.sample()
        seconds += Clock.now() - start
      }
      return seconds
    }

    for _ in 0..<warmup { _ = try one() }
    while let line = readLine(), line != "quit" {
      let words = line.split(separator: " ")
      guard words.count == 2, words[0] == "run", let count = Int(words[1]), count > 0 else {
        try answer(["error": .string("expected `run N`, got `\(line)`")])
        continue
      }
      let steps = wholeEpochs ? run.stepsPerEpoch : 1
      let milliseconds = try (0..<count).map { _ in try (0..<steps).reduce(0) { sum, _ in try sum + one() * 1000 } }
      try answer(["name": "basin", "steps": .int(count), "milliseconds": .array(milliseconds.map { .double($0) })])
    }
  }

  private func answer(_ json: JSONValue) throws {
    FileHandle.standardOutput.write(try json.data(pretty: false) + Data("\n".utf8))
  }
}
