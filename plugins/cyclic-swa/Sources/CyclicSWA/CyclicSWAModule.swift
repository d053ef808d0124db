import PluginAPI

/// Adds an averaging policy and a method made of it, for models of every domain.
struct CyclicSWAModule: DomainModule {
  static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "cyclic-swa", "version": "1.0.0",
      "summary": "Weight averaging that restarts with the rate's cycle", "averagings": ["cyclic-swa"], "methods": ["cyclic-swa"]} END-BASIN-MODULE-MANIFEST
    """#

  func register(in registry: inout Registry) {
    registry.add(averaging: "cyclic-swa", CyclicSWA.self, "averages the end of each cycle of the rate, and goes on from there")
    registry.add(
      Method(
        "cyclic-swa", "cosine cycles of a quarter of the run; each starts from the average of the end of the one before",
        schedule: "cosine-restarts", averaging: "cyclic-swa",
        // The policy does not see the schedule: both are told the same cycle.
        settings: ["schedule.cycle": "0.25dur", "schedule.floor": "0.05", "averaging.cycle": "0.25dur"]))
  }
}

@_cdecl("basin_module") public func basinModule() -> UnsafeMutableRawPointer? { exportModule(CyclicSWAModule.self) }
