import PluginAPI

/// The domain: an input type, a data set and a model of its own.
struct __Target__Module: DomainModule {
  static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "__name__", "version": "0.1.0", "domain": "__name__", "summary": "Series of measurements",
      "models": ["__name__-net"], "datasets": ["__name__-waves"]} END-BASIN-MODULE-MANIFEST
    """#

  func register(in registry: inout Registry) {
    registry.add(
      model: "__name__-net", __Target__Model.self, "convolutions over time", exampleClasses: 3,
      // What it trains with where nobody says otherwise.
      recipe: Recipe(epochs: 20, batchSize: 32, learningRate: 0.003, optimizer: "adamw", tail: 0.2))
    registry.add(dataset: "__name__-waves", __Target__Dataset.self, "waves of three forms, made from a seed")
    // A line of `basin bench`, sized so that it takes seconds and methods can differ.
    registry.add(
      benchmark: BenchmarkCase(
        model: "__name__-net", dataset: "__name__-waves", epochs: 10, seeds: 3, settings: ["model.width": "16"]))
  }
}

@_cdecl("basin_module") public func basinModule() -> UnsafeMutableRawPointer? { exportModule(__Target__Module.self) }
