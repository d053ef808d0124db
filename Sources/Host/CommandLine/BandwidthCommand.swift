import ArgumentParser
import Foundation
import Optim
import PluginAPI

/// `basin __bandwidth`: how near an optimizer's step with a sample of an average comes to the memory's bandwidth, in one pass and
/// apart, beside plain copies in the same rounds (see Benchmarks/bandwidth.sh).
struct BandwidthCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "__bandwidth", shouldDisplay: false)

  @Option(help: "Threads.") var threads = 1
  @Option(help: "Parameters in all, in tensors of 400,000.") var parameters = 20_000_000
  @Option(help: "Rounds; medians are printed.") var rounds = 15

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
    // Bytes a parameter, each tensor counted once read and, where it changes, once written.
    let cases: [(name: String, settings: [String: String], onePass: Int, apart: Int)] = [
      ("sgd", ["momentum": "0.9", "weightDecay": "0.0005"], 28, 32), ("adam", [:], 36, 40),
    ]
    for item in cases {
      guard let entry = registry.optimizers.first(where: { $0.name == item.name }) else { continue }
      let model = try Weights(max(1, parameters / 400_000))
      try model.initialize(Random(seed: 0))
      for weight in model.items { try (weight.w * 0.001).sum().backward() }
      try Terminal.print(measure(entry.make(item.settings, model.tensors()), model, item.name, item.onePass, item.apart))
    }
  }

  private func measure(
    _ rule: any UpdateRule, _ model: Weights, _ name: String, _ onePass: Int, _ apart: Int
  ) throws -> JSONValue {
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
    for _ in 0..<rounds {
      try time("copy") { for (from, to) in zip(weights, others) { try to.copy(from: from.detached()) } }
      try time("update") { for (from, to) in zip(weights, others) { try to.lerp(to: from.detached(), weight: 0.5) } }
      try time("onePass") { try stepAndSample(rule, learningRate: 1e-4, into: averager) }
      try time("apart") {
        try rule.step(learningRate: 1e-4)
        try averager.sample()
      }
    }
    func rate(_ what: String, _ bytes: Int) -> JSONValue {
      let sorted = (seconds[what] ?? []).sorted()
      let median = sorted[sorted.count / 2]
      return ["milliseconds": JSONValue(median * 1000), "bytesAParameter": .int(bytes), "gigabytesPerSecond": JSONValue(Double(bytes * count) / median / 1e9)]
    }
    let ratios = zip(seconds["apart"] ?? [], seconds["onePass"] ?? []).map { $0 / $1 }.sorted()
    return [
      "optimizer": .string(name), "parameters": .int(count), "threads": .int(threads), "copy": rate("copy", 8),
      "update": rate("update", 12), "onePass": rate("onePass", onePass), "apart": rate("apart", apart),
      "apartOverOnePass": JSONValue(ratios[ratios.count / 2]),
    ]
  }
}
