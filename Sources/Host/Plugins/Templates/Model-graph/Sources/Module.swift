import PluginAPI

/// What the library offers.
struct __Target__Module: DomainModule {
  static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "__name__", "version": "0.1.0", "domain": "graph",
      "summary": "A network over the mean of neighbours", "models": ["__name__"]} END-BASIN-MODULE-MANIFEST
    """#

  func register(in registry: inout Registry) {
    registry.add(
      model: "__name__", __Target__Model.self, "layers over a node and the mean of its neighbours",
      // What it trains with where nobody says otherwise: for the nodes of one graph, and for whole graphs.
      recipe: Recipe(
        epochs: 100, batchSize: nil, learningRate: 0.01, optimizer: "adam", tail: 0.5,
        settings: ["optimizer.weightDecay": "0.0005"]),
      recipes: [
        "graph": Recipe(
          epochs: 50, batchSize: 32, learningRate: 0.005, optimizer: "adam", tail: 0.5,
          settings: ["model.dropout": "0", "dataset.standardize": "true"])
      ])
  }
}

@_cdecl("basin_module") public func basinModule() -> UnsafeMutableRawPointer? { exportModule(__Target__Module.self) }
