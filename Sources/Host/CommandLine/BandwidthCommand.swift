import ArgumentParser
import Foundation
import Optim
import PluginAPI

/// `basin __bandwidth`: how near an optimizer's step comes to the memory's bandwidth, alone and with a sample of an
/// average in one pass and apart, beside plain copies in the same rounds (see Benchmarks/bandwidth.sh).
struct BandwidthCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "__bandwidth", shouldDisplay: false)

  @Option(help: "Threads.") var threads = 1
  @Option(help: "Parameters in all, in tensors of 400,000.") var parameters = 20_000_000
  @Option(help: "Rounds; medians are printed.") var rounds = 15
  @Option(parsing: .upToNextOption, help: "Optimizers; all by default.") var only: [String] = []

  /// An optimizer, and how many arrays as long as the parameters a step reads and writes.
  private struct Case {
    let name: String
    let settings: [String: String]
    let read, written: Int
    /// Bytes a parameter, each array counted once read and, where it changes, once written.
    var step: Int { 4 * (read + written) }
    /// With a sample in the same pass, or in one of its own that reads the weights again.
    var onePass: Int { step + 8 }
    var apart: Int { step + 12 }

    init(_ name: String, _ settings: [String: String] = [:], read: Int, written: Int) {
      (self.name, self.settings, self.read, self.written) = (name, settings, read, written)
    }
  }

  private final class Weights: Module {
    final class Item: Module {
      @Parameter var w: Tensor
      init(_ count: Int) throws { _w = try Parameter(shape: [count], .constant(0.5)) }
    }
    let items: [Item]
    init(_ count: Int) throws { items = try (0..<count).map { _ in try Item(400_000) } }
  }

  func run() throws {
    try LibTorch.setThreads(threads)
    var registry = Registry(module: "optim", domain: "")
    registerBuiltIns(in: &registry)
    // Passed over: Muon, whose time goes into products of matrices.
    let cases: [Case] = [
      Case("sgd", ["momentum": "0.9", "weightDecay": "0.0005"], read: 3, written: 2), Case("adam", read: 4, written: 3),
      Case("adamw", read: 4, written: 3), Case("adagrad", read: 3, written: 2), Case("rmsprop", read: 3, written: 2),
      Case("nadam", read: 4, written: 3), Case("lion", read: 3, written: 2),
      // The weights and both moments come twice: the length of the step is known after the first pass.
      Case("lamb", read: 7, written: 3), Case("schedule-free-sgd", read: 3, written: 2),
      Case("schedule-free-adamw", read: 4, written: 3),
    ]
    for item in cases where only.isEmpty || only.contains(item.name) {
      guard let entry = registry.optimizers.first(where: { $0.name == item.name }) else { continue }
      let model = try Weights(max(1, parameters / 400_000))
      try model.initialize(Random(seed: 0))
      for weight in model.items { try (weight.w * 0.001).sum().backward() }
      try Terminal.print(measure(entry.make(item.settings, model.tensors()), model, item))
    }
  }

  private func measure(_ rule: any UpdateRule, _ model: Weights, _ item: Case) throws -> JSONValue {
    let averager = ParameterAverager(model.tensors())
    // The first step and sample make the buffers and go apart.
    for _ in 0..<3 { try stepAndSample(rule, learningRate: 1e-4, into: averager) }
    let weights = model.items.map(\.w), count = weights.reduce(0) { $0 + $1.count }
    let others = try weights.map { try $0.detached().clone() }
    var seconds: [String: [Double]] = [:]
    func time(_ what: String, _ body: () throws -> Void) rethrows {
      let start = Clock.now()
      try body()
      seconds[what, default: []].append(Clock.now() - start)
    }
    let samples = rule is any SamplingRule
    for _ in 0..<rounds {
      try time("copy") { for (from, to) in zip(weights, others) { try to.copy(from: from.detached()) } }
      try time("update") { for (from, to) in zip(weights, others) { try to.lerp(to: from.detached(), weight: 0.5) } }
      try time("step") { try rule.step(learningRate: 1e-4) }
      if samples { try time("onePass") { try stepAndSample(rule, learningRate: 1e-4, into: averager) } }
      try time("apart") {
        try rule.step(learningRate: 1e-4)
        try averager.sample()
      }
    }
    func rate(_ what: String, _ bytes: Int) -> JSONValue {
      guard let sorted = seconds[what]?.sorted() else { return .null }
      let median = sorted[sorted.count / 2]
      return [
        "milliseconds": JSONValue(median * 1000), "bytesAParameter": .int(bytes),
        "gigabytesPerSecond": JSONValue(Double(bytes * count) / median / 1e9),
      ]
    }
    let ratios = zip(seconds["apart"] ?? [], seconds["onePass"] ?? []).map { $0 / $1 }.sorted()
    return [
      "optimizer": .string(item.name), "parameters": .int(count), "threads": .int(threads), "copy": rate("copy", 8),
      "update": rate("update", 12), "step": rate("step", item.step), "onePass": rate("onePass", item.onePass),
      "apart": rate("apart", item.apart),
      "apartOverOnePass": ratios.isEmpty ? .null : JSONValue(ratios[ratios.count / 2]),
    ]
  }
}
