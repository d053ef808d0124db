import PluginAPI

/// What pictures add to the benchmark `standard`: 2,000 digits of MNIST and 5,000 pictures of CIFAR-10, with networks small enough for
/// ten seeds. Its budget stands in docs/benchmarking.md.
enum StandardBenchmark {
  static let experiment = Experiment(
    "standard", "real data of three domains, ten seeds, seven methods on three trajectories: within four hours on two cores",
    methods: ["backbone", "backbone-chc", "wa", "swa", "ema", "lawa", "pswa"],
    cases: [
      BenchmarkCase(
        model: "preresnet8", dataset: "mnist", epochs: 24, batchSize: 64, learningRate: 0.1, seeds: 10,
        settings: ["model.width": "8", "dataset.subset": "2000"]),
      BenchmarkCase(
        model: "preresnet8", dataset: "cifar10-jpg-subset", epochs: 32, batchSize: 128, learningRate: 0.1, seeds: 10,
        settings: ["model.width": "16"],
        // These pictures are augmented: statistics of others than it was trained on cost the same weights three points of
        // accuracy (docs/findings.md), which would be taken for the averages' doing.
        configuration: ["bnUpdate": "reference"]),
    ])
}
