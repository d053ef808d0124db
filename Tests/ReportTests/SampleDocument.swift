import Foundation
import Report
import Statistics

/// A made-up benchmark as it could be: three domains, five methods, ten seeds, one workload with two seeds, a metric that is
/// better low, a cell never run, and runs that crashed, hung, ran out of memory and diverged.
enum SampleDocument {
  typealias Run = ReportDocument.Run

  struct Shape {
    let domain, model, dataset: String
    let base, spread: Double
    let epochs: Int
    let secondsPerEpoch: Double
    var metric = ReportDocument.Metric.accuracy
    /// What each method adds at the end.
    let gains: [String: Double]
    var seeds = 10
    var label = ""
  }

  static let methods = [
    ReportDocument.Method(name: "backbone", summary: "rate to half of the run, then down to a hundredth; no averaging"),
    ReportDocument.Method(name: "backbone-chc", summary: "rate down to a high tail rate; no averaging"),
    ReportDocument.Method(name: "wa", summary: "as backbone, averaged from three quarters on"),
    ReportDocument.Method(name: "swa", summary: "as backbone-chc, averaged from three quarters on"),
    ReportDocument.Method(name: "pswa", summary: "periodic: the weights become the average every eighth of the run"),
  ]

  static let shapes = [
    Shape(
      domain: "graph", model: "gcn", dataset: "cora", base: 0.812, spread: 0.006, epochs: 200, secondsPerEpoch: 0.006,
      gains: ["backbone-chc": -0.001, "wa": 0.003, "swa": 0.007, "pswa": 0.011]),
    Shape(
      domain: "graph", model: "gat", dataset: "citeseer", base: 0.705, spread: 0.009, epochs: 200, secondsPerEpoch: 0.02,
      gains: ["backbone-chc": -0.003, "wa": 0.001, "swa": 0.002, "pswa": 0.001]),
    Shape(
      domain: "graph", model: "gin", dataset: "mutag", base: 0.87, spread: 0.04, epochs: 100, secondsPerEpoch: 0.05,
      gains: ["backbone-chc": 0.004, "wa": 0.006, "swa": 0.012, "pswa": 0.015]),
    Shape(
      domain: "text", model: "transformer", dataset: "trec", base: 0.845, spread: 0.01, epochs: 30, secondsPerEpoch: 2.4,
      gains: ["backbone-chc": -0.012, "wa": 0.004, "swa": 0.009, "pswa": -0.002]),
    Shape(
      domain: "text", model: "gpt2-small", dataset: "wikitext2", base: 34.2, spread: 0.35, epochs: 12, secondsPerEpoch: 40,
      metric: .init(name: "perplexity", higherIsBetter: false, isFraction: false),
      gains: ["backbone-chc": 1.1, "wa": -0.3, "swa": -0.6, "pswa": -1.2]),
    Shape(
      domain: "vision", model: "preresnet20", dataset: "cifar10", base: 0.918, spread: 0.002, epochs: 40, secondsPerEpoch: 30,
      gains: ["backbone-chc": -0.018, "wa": 0.001, "swa": 0.004, "pswa": 0.006], label: "subset of 10,000"),
    Shape(
      domain: "text", model: "roberta-base", dataset: "mrpc", base: 0.872, spread: 0.008, epochs: 3, secondsPerEpoch: 900,
      gains: ["backbone-chc": 0.002, "wa": 0.004, "swa": 0.006, "pswa": 0.009], seeds: 2),
  ]

  static func make(_ shapes: [Shape] = shapes, curvePoints: Int = 50, failures: Bool = true) -> ReportDocument {
    var runs: [Run] = []
    for shape in shapes {
      for seed in 0..<shape.seeds {
        // What all methods of a seed share: pairs agree.
        var common = SplitMix64(seed: UInt64(seed), name: shape.dataset + shape.model)
        let luck = shape.spread * normal(&common)
        for method in methods where !(shape.dataset == "citeseer" && method.name == "wa") {
          runs.append(run(shape, method.name, seed, luck, curvePoints))
        }
      }
    }
    if failures { fail(&runs) }
    return ReportDocument(
      title: "Averaging over three domains", date: Date(timeIntervalSince1970: 1_790_000_000),
      environment: .init(
        machine: [
          .init("processor", "AMD EPYC (Zen 3), 2 cores"), .init("memory", "24 GB"), .init("system", "Debian 12"),
          .init("threads a run", "1"),
        ],
        versions: [.init("basin", "1.0"), .init("libtorch", "2.13.0"), .init("swift", "6.3.1")],
        modules: [
          .init(name: "Graph", version: "1.0", origin: "with the program"),
          .init(name: "Text", version: "1.0", origin: "with the program"),
          .init(name: "Vision", version: "1.0", origin: "with the program"),
        ]),
      commands: [
        .init(purpose: "All runs and this report", text: "./basin bench --preset standard --seeds 10 --jobs 2 --out results"),
        .init(purpose: "The report alone", text: "./basin report results"),
      ],
      reference: "backbone",
      workloads: shapes.map {
        .init(
          id: id($0), domain: $0.domain, model: $0.model, dataset: $0.dataset, label: $0.label, metric: $0.metric,
          division: $0.dataset == "mutag" ? "10 folds" : nil, dataHash: "sha256:" + String(repeating: "4f", count: 8))
      },
      methods: methods, runs: runs,
      figures: [
        .init(
          title: "Loss along the segment from backbone to pswa", caption: "gcn on cora, seed 0.",
          content: .svg(
            "<svg xmlns='http://www.w3.org/2000/svg' width='300' height='160' viewBox='0 0 300 160'><rect width='300' height='160' fill='white'/><path d='M20 40Q150 220 280 60' fill='none' stroke='#005fa3' stroke-width='2'/></svg>"
          ))
      ],
      notes: ["The figures of this report are made up."])
  }

  static func id(_ shape: Shape) -> String { "\(shape.domain)/\(shape.model)/\(shape.dataset)" }

  private static func normal(_ generator: inout SplitMix64) -> Double {
    NormalDistribution.quantile((Double(generator.next() >> 11) + 0.5) / 9_007_199_254_740_992)
  }

  private static func run(_ shape: Shape, _ method: String, _ seed: Int, _ luck: Double, _ points: Int) -> Run {
    var generator = SplitMix64(seed: UInt64(seed), name: "\(shape.dataset) \(method)")
    let gain = shape.gains[method] ?? 0
    let final = shape.base + luck + gain + shape.spread * 0.6 * normal(&generator)
    let up = shape.metric.higherIsBetter
    let count = min(points, shape.epochs)
    let start = up ? shape.base * 0.3 : shape.base * 4
    // Averages early are ahead, high rates late are behind.
    let pace = method == "pswa" ? 7.0 : method == "backbone" ? 4.5 : 5.0
    let curve = (1...max(count, 1)).map { index -> Run.CurvePoint in
      let part = Double(index) / Double(count)
      let noise = shape.spread * 0.5 * normal(&generator)
      return Run.CurvePoint(
        epoch: part * Double(shape.epochs), step: index * 10, seconds: part * Double(shape.epochs) * shape.secondsPerEpoch,
        trainLoss: 0.1 + 2 * exp(-pace * part) + 0.02 * abs(normal(&generator)),
        validation: final + (start - final) * exp(-pace * part) + noise)
    }
    let train = Double(shape.epochs) * shape.secondsPerEpoch * (1 + 0.05 * abs(normal(&generator)))
    let averages = ["wa", "swa", "pswa"].contains(method)
    let name = shape.metric.name
    let last = Run.Scores(validation: [name: final - 0.001], test: [name: averages ? final - gain * 0.8 : final])
    let seconds = Run.Seconds(
      total: train * 1.1 + 1.2, train: train, data: train * 0.02, evaluate: train * 0.05, average: averages ? train * 0.004 : 0,
      bnUpdate: averages && shape.domain == "vision" ? train * 0.03 : 0)
    return Run(
      id: hash("\(shape.model) \(shape.dataset) \(method) \(seed)"), workload: id(shape), method: method, seed: seed,
      status: .finished,
      counts: averages ? .averaged : .last, last: last,
      selected: .init(validation: [name: final], test: [name: final - shape.spread * 0.1]),
      averaged: averages ? .init(validation: [name: final], test: [name: final]) : nil,
      observed: method == "backbone" && seed == 0 ? ["ema:0.99": .init(test: [name: final])] : [:], seconds: seconds,
      peakMemoryBytes: 205_000_000 + Int(generator.next() % 20_000_000), curve: curve,
      command:
        "basin train --domain \(shape.domain) --model \(shape.model) --dataset \(shape.dataset) --method \(method) --seed \(seed)"
    )
  }

  private static func hash(_ text: String) -> String {
    var generator = SplitMix64(seed: 0, name: text)
    return String(generator.next(), radix: 16)
  }

  private static func fail(_ runs: inout [Run]) {
    func change(_ dataset: String, _ method: String, _ seeds: [Int], _ status: Run.Status, _ message: String?, attempts: Int = 2)
    {
      for index in runs.indices
      where runs[index].workload.hasSuffix("/" + dataset) && runs[index].method == method && seeds.contains(runs[index].seed) {
        runs[index].status = status
        runs[index].message = message
        runs[index].attempts = attempts
        if status != .finished {
          runs[index].last = nil
          runs[index].selected = nil
          runs[index].averaged = nil
          runs[index].seconds = nil
          runs[index].curve = Array(runs[index].curve.prefix(5))
        } else {
          runs[index].averaged = .init(test: runs[index].averaged?.test.mapValues { _ in .nan } ?? [:])
        }
      }
    }
    change("cifar10", "swa", [3], .failed, "killed by signal 11 (segmentation fault) at epoch 17")
    change("trec", "pswa", [4, 7], .timedOut, "no progress for 600 s at epoch 9, ended after the second try")
    change("wikitext2", "wa", [0, 1, 2], .outOfMemory, "needed more than the limit of 4 GB")
    change("mutag", "swa", [5], .finished, nil, attempts: 1)
    change("cora", "backbone", [9], .failed, "the loss is not finite at step 1,204")
  }
}
