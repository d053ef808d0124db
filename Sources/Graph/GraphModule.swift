import PluginAPI

/// The domain `graph`: classifying the nodes of a graph.
public struct GraphModule: DomainModule {
  public static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "graph", "version": "0.1.0", "domain": "graph",
      "summary": "Node classification with graph convolutional networks", "models": ["gcn"],
      "datasets": ["cora", "citeseer", "pubmed", "communities"], "formats": ["graphml"]} END-BASIN-MODULE-MANIFEST
    """#

  public init() {}

  public func register(in registry: inout Registry) {
    registry.add(
      model: "gcn", GCN.self, "graph convolutional network (Kipf & Welling 2017)",
      recipe: Recipe(
        epochs: 200, batchSize: nil, learningRate: 0.01, optimizer: "adam", tail: 0.5,
        settings: ["optimizer.weightDecay": "0.0005"]))
    registry.add(
      dataset: "cora", PlanetoidDataset.self, "2,708 papers in 7 fields, 5,278 citations, 1,433 words")
    registry.add(
      dataset: "citeseer", PlanetoidDataset.self, "3,327 papers in 6 fields, 4,552 citations, 3,703 words")
    registry.add(
      dataset: "pubmed", PlanetoidDataset.self, "19,717 papers in 3 fields, 44,324 citations, 500 words")
    registry.add(
      dataset: "communities", CommunitiesDataset.self, "1,200 made-up nodes in 5 communities, shipped with the module")
    registry.add(format: "graphml", GraphMLDataset.self, "the nodes of a GraphML file of your own")
    registry.add(benchmark: BenchmarkCase(model: "gcn", dataset: "communities", epochs: 200, seeds: 10))
  }
}
