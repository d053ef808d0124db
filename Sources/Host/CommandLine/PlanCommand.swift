import ArgumentParser
import Foundation
import PluginAPI

/// `basin plan`: the learning rate and every averaging event of a run, before it starts.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Shows the learning rate and every averaging event of a run before it starts.",
    discussion: "Takes the flags of `basin train`.")

  @OptionGroup var options: RunOptions
  @Option(help: "Accepted as `train` takes it; not used.") var out: String?
  @Flag(help: "One JSON document on standard output.") var json = false

  func run() throws {
    let request = try options.request()
    let catalog = try PluginOptions(request.plugins).catalog()
    let configuration = try RunConfiguration(request, in: catalog)
    let splits = try configuration.splits(in: catalog)
    let run = RunLength(
      epochs: configuration.epochs, stepsPerEpoch: EpochOrder.count(splits.train.count, size: configuration.examplesPerStep))
    let schedule = try configuration.makeSchedule(catalog)
    try schedule.check(run)
    let events = try configuration.makePolicy(catalog).events(in: run)
    let observers = try configuration.observe.map { observer in
      let policy = try observer.makePolicy(catalog)
      return (name: observer.text, events: try observer.located { try policy.events(in: run) })
    }
    func rate(_ step: Int) -> Double { configuration.learningRate * schedule.factor(at: Progress(step: step, run: run)) }
    func epoch(_ step: Int) -> Double { Double(step) / Double(run.stepsPerEpoch) }

    if json {
      return try Terminal.print([
        "steps": .int(run.steps), "epochs": .int(run.epochs), "stepsPerEpoch": .int(run.stepsPerEpoch),
        "events": .array(events.map {
          // Whole epochs as integers, for scripts that compare.
          ["epoch": epoch($0.step) == epoch($0.step).rounded() ? .int(Int(epoch($0.step))) : JSONValue(epoch($0.step)),
            "step": .int($0.step), "kind": .string($0.kind.rawValue)]
        }),
        "observers": .array(observers.map { ["name": .string($0.name), "steps": .array($0.events.map { .int($0.step) })] }),
        "learningRate": .array((0..<run.epochs).map { ["epoch": .int($0), "rate": JSONValue(rate($0 * run.stepsPerEpoch))] }),
      ])
    }
    print("\(configuration.model) on \(configuration.dataset), method \(configuration.method): \(run.epochs) epochs of \(run.stepsPerEpoch) steps")
    print(PlanChart.draw(run: run, rate: rate, events: events))
    let samples = events.filter { $0.kind == .sample }.count
    let restarts = events.filter { $0.kind == .restart }
    print("  \(samples) samples" + (restarts.isEmpty ? "" : ", \(restarts.count) restarts after epochs "
      + restarts.map { String(format: "%g", epoch($0.step)) }.joined(separator: ", ")))
    for observer in observers {
      print("  observer \(observer.name): \(observer.events.count) samples" + (observer.events.first.map { " from step \($0.step)" } ?? ""))
    }
  }
}
