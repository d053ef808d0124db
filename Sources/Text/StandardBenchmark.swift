import PluginAPI

/// What text adds to the benchmark `standard`: questions by what they ask for, and sentences by whether they are English, both from
/// scratch. Its budget stands in docs/benchmarking.md.
enum StandardBenchmark {
  static let experiment = Experiment(
    "standard", "real data of three domains, ten seeds, seven methods on three trajectories: within four hours on two cores",
    methods: ["backbone", "backbone-chc", "wa", "swa", "ema", "lawa", "pswa"],
    cases: [
      BenchmarkCase(model: "transformer", dataset: "trec", epochs: 16, seeds: 10),
      BenchmarkCase(model: "transformer", dataset: "cola", epochs: 16, seeds: 10),
    ])
}
