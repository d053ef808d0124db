import PluginAPI

/// Adds an optimizer, for models of every domain: `--optimizer adan`, also in wrappers (`sam:adan`).
struct AdanModule: DomainModule {
  static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "adan", "version": "1.0.0", "summary": "Adaptive Nesterov momentum",
      "optimizers": ["adan"]} END-BASIN-MODULE-MANIFEST
    """#

  func register(in registry: inout Registry) {
    registry.add(optimizer: "adan", Adan.self, "adaptive Nesterov momentum from gradients and their differences (Xie et al. 2022)")
  }
}

@_cdecl("basin_module") public func basinModule() -> UnsafeMutableRawPointer? { exportModule(AdanModule.self) }
