import PluginAPI

/// The domain `graph`: predictions for the nodes of a graph, and for whole graphs.
public struct GraphModule: DomainModule {
  public static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "graph", "version": "0.1.0", "domain": "graph",
      "summary": "Graph networks for nodes and for whole graphs", "models": ["gcn", "gat", "gatv2", "graphsage", "gin",
      "gine", "gcnii", "appnp", "sgc", "mlp", "sagpool-g", "sagpool-h", "mincutpool"],
      "datasets": ["cora", "citeseer", "pubmed", "communities", "mutag",
      "ptc-mr", "proteins", "enzymes", "dd", "nci1", "nci109", "mutagenicity", "letter-low", "letter-med", "letter-high",
      "imdb-binary", "imdb-multi", "collab", "reddit-binary"], "formats": ["graphml", "gexf", "gxl", "tu", "ogb"], "experiments": ["standard", "paper-graph"]} END-BASIN-MODULE-MANIFEST
    """#

  public init() {}

  public func register(in registry: inout Registry) {
    registerModels(in: &registry)
    registry.add(
      dataset: "cora", PlanetoidDataset.self, "2,708 papers in 7 fields, 5,278 citations, 1,433 words",
      publication: GraphPublications.planetoid("cora"))
    registry.add(
      dataset: "citeseer", PlanetoidDataset.self, "3,327 papers in 6 fields, 4,552 citations, 3,703 words",
      publication: GraphPublications.planetoid("citeseer"))
    registry.add(
      dataset: "pubmed", PlanetoidDataset.self, "19,717 papers in 3 fields, 44,324 citations, 500 words",
      publication: GraphPublications.planetoid("pubmed"))
    registry.add(
      dataset: "communities", CommunitiesDataset.self, "1,200 made-up nodes in 5 communities, shipped with the module")
    for set in TUDataset.published {
      registry.add(dataset: set.name, TUDataset.self, set.summary, publication: GraphPublications.tu(set.name))
    }
    registry.add(format: "graphml", GraphFileDataset.self, "GraphML: the nodes of a file, or whole graphs of a file, folder or archive")
    registry.add(format: "gexf", GraphFileDataset.self, "the same of GEXF")
    registry.add(format: "gxl", GraphFileDataset.self, "the same of GXL, and of listings (CXL) of the IAM collection")
    registry.add(format: "tu", TUDataset.self, "whole graphs of a set of the TU collection: a zip file or folder")
    registry.add(format: "ogb", OGBDataset.self, "nodes or graphs of a folder of the Open Graph Benchmark")
    registry.add(converter: GraphConverter.self)
    registry.add(benchmark: BenchmarkCase(model: "gcn", dataset: "communities", epochs: 200, seeds: 10))
    registry.add(GraphExperiments.standard)
    registry.add(GraphExperiments.paper)
  }

  private func registerModels(in registry: inout Registry) {
    let planetoid = ["optimizer.weightDecay": "0.0005"]
    /// For the nodes of one graph, all at once.
    func nodes(_ rate: Double, epochs: Int = 200) -> Recipe {
      Recipe(epochs: epochs, batchSize: nil, learningRate: rate, optimizer: "adam", tail: 0.5, settings: planetoid)
    }
    /// For many graphs, in batches; numbers among their features brought to one scale.
    func graphs(
      _ rate: Double = 0.001, batch: Int = 32, epochs: Int = 100, _ settings: [String: String] = [:]
    ) -> Recipe {
      Recipe(
        epochs: epochs, batchSize: batch, learningRate: rate, optimizer: "adam", tail: 0.5,
        settings: settings.merging(["dataset.standardize": "true"]) { mine, _ in mine })
    }
    /// A network of nodes as one of graphs: normalized, and without the dropout that one-hot features do not bear.
    func hidden(_ rate: Double, _ more: [String: String] = [:]) -> Recipe {
      let usual = ["model.norm": "batch", "model.dropout": "0", "model.hidden": "64", "model.layers": "3"]
      return graphs(rate, more.merging(usual) { mine, _ in mine })
    }
    /// Adds a model of nodes that also takes graphs. All but `gine` read no features of edges.
    func add<M: Model>(_ name: String, _ type: M.Type, _ summary: String, _ recipe: Recipe, graphs: Recipe)
    where M.Input == GraphBatch {
      registry.add(model: name, type, summary, recipe: recipe, recipes: [GraphBatch.Level.graph.rawValue: graphs])
    }
    add("gcn", GCN.self, "graph convolutional network (Kipf & Welling 2017)", nodes(0.01), graphs: hidden(0.005))
    // What hardly sees structure learns from how many nodes of each kind there are.
    let counts = ["model.readout": "sum"]
    let heads = ["model.hidden": "16", "model.heads": "4", "model.attentionDropout": "0"]
    add("gat", GAT.self, "graph attention network (Velickovic et al. 2018)", nodes(0.005), graphs: hidden(0.002, heads))
    add(
      "gatv2", GATv2.self, "graph attention with scores of both ends together (Brody et al. 2022)", nodes(0.005),
      graphs: hidden(0.002, heads))
    add(
      "graphsage", GraphSAGE.self, "sampled or full neighbourhoods put together (Hamilton et al. 2017)", nodes(0.01),
      graphs: hidden(0.005))
    registry.add(model: "gin", GIN.self, "graph isomorphism network (Xu et al. 2019)", recipe: graphs(batch: 128))
    // Molecules of NCI1.
    let molecules = GraphBatch.Shape(features: 37, level: .graph, meanNodes: 30, edgeFeatures: 4)
    registry.add(
      model: "gine", GINE.self, "graph isomorphism network that reads features of edges (Hu et al. 2020)",
      exampleShape: molecules, recipe: graphs(batch: 128))
    add(
      "gcnii", GCNII.self, "deep graph convolutions with initial residual (Chen et al. 2020)", nodes(0.01, epochs: 500),
      graphs: hidden(0.005, ["model.layers": "8"]))
    add(
      "appnp", APPNP.self, "predictions spread by personalized PageRank (Gasteiger et al. 2019)", nodes(0.01),
      graphs: hidden(0.005, counts))
    add(
      "sgc", SGC.self, "simple graph convolution, linear (Wu et al. 2019)", nodes(0.2, epochs: 100),
      graphs: graphs(0.1, counts))
    add(
      "mlp", MLP.self, "perceptron that ignores edges: what a graph network must beat", nodes(0.01),
      graphs: hidden(0.005, counts))
    let decay = ["optimizer.weightDecay": "0.0001"]
    registry.add(
      model: "sagpool-g", SAGPool.self, "self-attention pooling, global (Lee et al. 2019)", preset: ["form": "global"],
      exampleShape: molecules, recipe: graphs(0.004, epochs: 200, decay))
    registry.add(
      model: "sagpool-h", SAGPool.self, "self-attention pooling, hierarchical (Lee et al. 2019)",
      preset: ["form": "hierarchical"], exampleShape: molecules, recipe: graphs(0.004, epochs: 200, decay))
    registry.add(
      model: "mincutpool", MinCutPool.self, "pooling by minimum cuts (Bianchi et al. 2020)", exampleShape: molecules,
      recipe: graphs(0.001, decay))
  }
}
