import PluginAPI

/// What the library offers.
struct __Target__Module: DomainModule {
  static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "__name__", "version": "0.1.0", "domain": "text",
      "summary": "A bag of embeddings", "models": ["__name__"]} END-BASIN-MODULE-MANIFEST
    """#

  func register(in registry: inout Registry) {
    registry.add(
      model: "__name__", __Target__Model.self, "the mean of the tokens' vectors and a hidden layer",
      // What it trains with where nobody says otherwise.
      recipe: Recipe(epochs: 20, batchSize: 32, learningRate: 0.002, optimizer: "adamw", tail: 0.1, cyclic: true))
  }
}

@_cdecl("basin_module") public func basinModule() -> UnsafeMutableRawPointer? { exportModule(__Target__Module.self) }
