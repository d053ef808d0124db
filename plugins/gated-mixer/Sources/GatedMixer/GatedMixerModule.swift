import PluginAPI

/// Adds a mixer with gated perceptrons to the domain `vision`.
struct GatedMixerModule: DomainModule {
  static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "gated-mixer", "version": "1.0.0", "domain": "vision",
      "summary": "A mixer with gated perceptrons and a kernel of its own", "models": ["gated-mixer"]} END-BASIN-MODULE-MANIFEST
    """#

  func register(in registry: inout Registry) {
    registry.add(
      model: "gated-mixer", GatedMixer.self, "a mixer of patches with SwiGLU perceptrons and a fused kernel",
      recipe: Recipe(
        epochs: 100, batchSize: 128, learningRate: 0.002, optimizer: "adamw", tail: 0.2,
        settings: ["optimizer.weightDecay": "0.05"]))
  }
}

@_cdecl("basin_module") public func basinModule() -> UnsafeMutableRawPointer? { exportModule(GatedMixerModule.self) }
