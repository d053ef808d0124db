import PluginAPI

/// What the library offers.
struct __Target__Module: DomainModule {
  static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "__name__", "version": "0.1.0", "domain": "text",
      "summary": "Sentences about topics", "datasets": ["__name__"]} END-BASIN-MODULE-MANIFEST
    """#

  func register(in registry: inout Registry) {
    registry.add(dataset: "__name__", __Target__Dataset.self, "sentences of words that belong to a topic, made from a seed")
  }
}

@_cdecl("basin_module") public func basinModule() -> UnsafeMutableRawPointer? { exportModule(__Target__Module.self) }
