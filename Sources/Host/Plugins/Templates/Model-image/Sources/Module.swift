import PluginAPI

/// What the library offers.
struct __Target__Module: DomainModule {
  static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "__name__", "version": "0.1.0", "domain": "vision",
      "summary": "A small convolutional network", "models": ["__name__"]} END-BASIN-MODULE-MANIFEST
    """#

  func register(in registry: inout Registry) {
    registry.add(
      model: "__name__", __Target__Model.self, "a small convolutional network",
      // What it trains with where nobody says otherwise.
      recipe: Recipe(
        epochs: 30, batchSize: 64, learningRate: 0.05, optimizer: "sgd", tail: 0.2,
        settings: ["optimizer.momentum": "0.9", "optimizer.weightDecay": "0.0005"]))
  }
}

@_cdecl("basin_module") public func basinModule() -> UnsafeMutableRawPointer? { exportModule(__Target__Module.self) }
