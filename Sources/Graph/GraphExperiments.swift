import PluginAPI

/// Benchmarks of graphs that are known by name.
enum GraphExperiments {
  /// What graphs add to the benchmark `standard`: nodes of two citation graphs with the published split, and two sets of graphs, each
  /// seed with a fold of its own. Its budget stands in docs/benchmarking.md.
  static let standard = Experiment(
    "standard", "real data of three domains, ten seeds, seven methods on three trajectories: within four hours on two cores",
    methods: ["backbone", "backbone-chc", "wa", "swa", "ema", "lawa", "pswa"],
    cases: [
      BenchmarkCase(model: "gcn", dataset: "cora", epochs: 200, seeds: 10),
      BenchmarkCase(model: "gcn", dataset: "citeseer", epochs: 200, seeds: 10),
      BenchmarkCase(model: "gin", dataset: "mutag", epochs: 100, batchSize: 32, seeds: 10, configuration: ["folds": "10"]),
      BenchmarkCase(model: "gin", dataset: "proteins", epochs: 100, seeds: 10, configuration: ["folds": "10"]),
    ])

  /// The graph experiments of "Stochastic Weight Averaging Revisited" (arXiv 2201.00519): networks for nodes on citation graphs, and
  /// pooling networks on graphs of proteins and molecules, with the rates, batches and epochs of the paper's code and Adam with
  /// weight decay 5e-4. Each seed divides the sets of graphs in its own way.
  static let paper = Experiment(
    "paper-graph",
    "the paper's graphs: GCN, GAT and GraphSAGE on citations, SAGPool, MinCutPool and GIN on proteins and molecules, ten seeds; about eight hours on two cores",
    methods: ["backbone", "backbone-chc", "wa", "swa", "pswa"], cases: nodes + graphs)

  private static let decay = ["optimizer.weightDecay": "0.0005"]

  private static let nodes = ["gcn", "gat", "graphsage"].flatMap { model in
    ["cora", "citeseer"].map { dataset in
      BenchmarkCase(model: model, dataset: dataset, epochs: 200, learningRate: 0.01, seeds: 10, settings: decay)
    }
  }

  private static func graph(
    _ model: String, _ dataset: String, epochs: Int, batch: Int, rate: Double, _ settings: [String: String]
  ) -> BenchmarkCase {
    BenchmarkCase(
      model: model, dataset: dataset, epochs: epochs, batchSize: batch, learningRate: rate, seeds: 10,
      settings: decay.merging(settings) { $1 }, configuration: ["splits": "true"])
  }

  private static let graphs =
    ["sagpool-g", "sagpool-h"].flatMap { model in
      [("dd", 150, "0.5"), ("nci1", 300, "0.3"), ("proteins", 300, "0.5")].map { dataset, epochs, dropout in
        graph(model, dataset, epochs: epochs, batch: 64, rate: 0.003, ["model.hidden": "64", "model.dropout": dropout])
      }
    } + [
      graph("mincutpool", "dd", epochs: 50, batch: 8, rate: 0.001, ["model.hidden": "16", "model.dropout": "0.2"]),
      graph("mincutpool", "nci1", epochs: 1000, batch: 64, rate: 0.001, ["model.hidden": "64", "model.dropout": "0.2"]),
      graph("mincutpool", "proteins", epochs: 500, batch: 32, rate: 0.0001, ["model.hidden": "32", "model.dropout": "0.2"]),
      graph("gin", "mutag", epochs: 100, batch: 32, rate: 0.001, [:]),
    ]
}
