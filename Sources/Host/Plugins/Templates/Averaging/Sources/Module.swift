import PluginAPI

/// What the library offers. It adds to every domain and has none of its own.
struct __Target__Module: DomainModule {
  static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "__name__", "version": "0.1.0", "summary": "A moving average that warms up",
      "averagings": ["__name__"], "methods": ["__name__"]} END-BASIN-MODULE-MANIFEST
    """#

  func register(in registry: inout Registry) {
    registry.add(averaging: "__name__", __Target__Averaging.self, "an exponential moving average that warms up")
    // A method puts a schedule and an averaging policy together under a name of its own.
    registry.add(
      Method("__name__", "backbone with a moving average that warms up", schedule: "backbone", averaging: "__name__"))
  }
}

@_cdecl("basin_module") public func basinModule() -> UnsafeMutableRawPointer? { exportModule(__Target__Module.self) }
