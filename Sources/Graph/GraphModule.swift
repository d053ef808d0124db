import PluginAPI

/// The domain `graph`: predictions for the nodes of a graph, and for whole graphs.
public struct GraphModule: DomainModule {
  public static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "graph", "version": "0.1.0", "domain": "graph",
      "summary": "Graph networks for nodes and for whole graphs", "models": ["gcn", "gat", "gatv2", "graphsage", "gin",
      "gcnii", "appnp", "sgc", "mlp", "sagpool-g", "sagpool-h", "mincutpool"],
      "datasets": ["cora", "citeseer", "pubmed", "communities", "mutag",
      "ptc-mr", "proteins", "enzymes", "dd", "nci1", "nci109", "mutagenicity", "letter-low", "letter-med", "letter-high",
      "imdb-binary", "imdb-multi", "collab", "reddit-binary"], "formats": ["graphml", "gexf", "gxl", "tu", "ogb"]} END-BASIN-MODULE-MANIFEST
    """#

  public init() {}

  public func register(in registry: inout Registry) {
    registerModels(in: &registry)
    registry.add(
      dataset: "cora", PlanetoidDataset.self, "2,708 papers in 7 fields, 5,278 citations, 1,433 words")
    registry.add(
      dataset: "citeseer", PlanetoidDataset.self, "3,327 papers in 6 fields, 4,552 citations, 3,703 words")
    registry.add(
      dataset: "pubmed", PlanetoidDataset.self, "19,717 papers in 3 fields, 44,324 citations, 500 words")
    registry.add(
      dataset: "communities", CommunitiesDataset.self, "1,200 made-up nodes in 5 communities, shipped with the module")
    for set in TUDataset.published { registry.add(dataset: set.name, TUDataset.self, set.summary) }
    registry.add(format: "graphml", GraphFileDataset.self, "GraphML: the nodes of a file, or whole graphs of a file, folder or archive")
    registry.add(format: "gexf", GraphFileDataset.self, "the same of GEXF")
    registry.add(format: "gxl", GraphFileDataset.self, "the same of GXL, and of listings (CXL) of the IAM collection")
    registry.add(format: "tu", TUDataset.self, "whole graphs of a set of the TU collection: a zip file or folder")
    registry.add(format: "ogb", OGBDataset.self, "nodes or graphs of a folder of the Open Graph Benchmark")
    registry.add(converter: GraphConverter.self)
    registry.add(benchmark: BenchmarkCase(model: "gcn", dataset: "communities", epochs: 200, seeds: 10))
  }

  private func registerModels(in registry: inout Registry) {
    let planetoid = ["optimizer.weightDecay": "0.0005"]
    /// For the nodes of one graph, all at once.
    func nodes(_ rate: Double, _ settings: [String: String] = planetoid, epochs: Int = 200) -> Recipe {
      Recipe(epochs: epochs, batchSize: nil, learningRate: rate, optimizer: "adam", tail: 0.5, settings: settings)
    }
    /// For many graphs, in batches.
    func graphs(_ rate: Double, _ settings: [String: String] = [:], epochs: Int = 100) -> Recipe {
      Recipe(epochs: epochs, batchSize: 128, learningRate: rate, optimizer: "adam", tail: 0.5, settings: settings)
    }
    registry.add(
      model: "gcn", GCN.self, "graph convolutional network (Kipf & Welling 2017)", recipe: nodes(0.01))
    registry.add(model: "gat", GAT.self, "graph attention network (Velickovic et al. 2018)", recipe: nodes(0.005))
    registry.add(
      model: "gatv2", GATv2.self, "graph attention with scores of both ends together (Brody et al. 2022)",
      recipe: nodes(0.005))
    registry.add(
      model: "graphsage", GraphSAGE.self, "sampled or full neighbourhoods put together (Hamilton et al. 2017)",
      recipe: nodes(0.01))
    registry.add(
      model: "gin", GIN.self, "graph isomorphism network (Xu et al. 2019)", recipe: graphs(0.001))
    registry.add(
      model: "gcnii", GCNII.self, "deep graph convolutions with initial residual (Chen et al. 2020)",
      recipe: nodes(0.01, epochs: 500))
    registry.add(
      model: "appnp", APPNP.self, "predictions spread by personalized PageRank (Gasteiger et al. 2019)",
      recipe: nodes(0.01))
    registry.add(model: "sgc", SGC.self, "simple graph convolution, linear (Wu et al. 2019)", recipe: nodes(0.2, epochs: 100))
    registry.add(model: "mlp", MLP.self, "perceptron that ignores edges: what a graph network must beat", recipe: nodes(0.01))
    // Molecules of NCI1.
    let molecules = GraphBatch.Shape(features: 37, level: .graph, meanNodes: 30)
    registry.add(
      model: "sagpool-g", SAGPool.self, "self-attention pooling, global (Lee et al. 2019)", preset: ["form": "global"],
      exampleShape: molecules, recipe: graphs(0.0005, ["optimizer.weightDecay": "0.0001"]))
    registry.add(
      model: "sagpool-h", SAGPool.self, "self-attention pooling, hierarchical (Lee et al. 2019)",
      preset: ["form": "hierarchical"], exampleShape: molecules,
      recipe: graphs(0.0005, ["optimizer.weightDecay": "0.0001"]))
    registry.add(
      model: "mincutpool", MinCutPool.self, "pooling by minimum cuts (Bianchi et al. 2020)", exampleShape: molecules,
      recipe: graphs(0.0005, ["optimizer.weightDecay": "0.0001"]))
  }
}
