import PluginAPI

/// What the library offers. It adds to every domain and has none of its own.
struct __Target__Module: DomainModule {
  static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "__name__", "version": "0.1.0", "summary": "The optimizer AdaBelief",
      "optimizers": ["__name__"]} END-BASIN-MODULE-MANIFEST
    """#

  func register(in registry: inout Registry) {
    registry.add(optimizer: "__name__", __Target__Optimizer.self, "AdaBelief: long steps where gradients are as expected")
  }
}

@_cdecl("basin_module") public func basinModule() -> UnsafeMutableRawPointer? { exportModule(__Target__Module.self) }
