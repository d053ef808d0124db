import PluginAPI

/// Adds a graph transformer to the domain `graph`. Its data sets are those of the built-in module: both use `GraphBatch`.
struct GraphTransformerModule: DomainModule {
  static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "graph-transformer", "version": "1.0.0", "domain": "graph",
      "summary": "Transformer attention over the neighbours of nodes",
      "models": ["graph-transformer"]} END-BASIN-MODULE-MANIFEST
    """#

  func register(in registry: inout Registry) {
    registry.add(
      model: "graph-transformer", GraphTransformer.self, "transformer attention over neighbours (Shi et al. 2021)",
      // With a hundred labels a projection of the node itself learns these by heart (README.md).
      recipe: Recipe(
        epochs: 200, batchSize: nil, learningRate: 0.005, optimizer: "adam", tail: 0.5,
        settings: ["optimizer.weightDecay": "0.0005", "model.root": "false", "model.heads": "4", "model.dropout": "0.6"]),
      // For data sets of many graphs.
      recipes: [
        GraphBatch.Level.graph.rawValue: Recipe(
          epochs: 100, batchSize: 32, learningRate: 0.001, optimizer: "adam", tail: 0.5,
          settings: ["dataset.standardize": "true", "model.dropout": "0", "model.hidden": "16", "model.layers": "3"])
      ])
  }
}

@_cdecl("basin_module") public func basinModule() -> UnsafeMutableRawPointer? { exportModule(GraphTransformerModule.self) }
