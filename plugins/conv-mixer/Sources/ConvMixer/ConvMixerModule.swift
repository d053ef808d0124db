import PluginAPI

/// Adds ConvMixer to the domain `vision`. Its data sets are those of the built-in module: both use `ImageBatch`.
struct ConvMixerModule: DomainModule {
  static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "conv-mixer", "version": "1.0.0", "domain": "vision",
      "summary": "ConvMixer: patches mixed by convolutions",
      "models": ["convmixer", "convmixer-768-32", "convmixer-1024-20", "convmixer-1536-20"]} END-BASIN-MODULE-MANIFEST
    """#

  func register(in registry: inout Registry) {
    let recipe = Recipe(
      epochs: 100, batchSize: 128, learningRate: 0.005, optimizer: "adamw", tail: 0.2,
      settings: ["optimizer.weightDecay": "0.01"])
    registry.add(
      model: "convmixer", ConvMixer.self, "256 wide, 8 deep, patches of 2: the size for pictures of 32x32", recipe: recipe)
    let published: [(name: String, summary: String, preset: [String: String])] = [
      (
        "convmixer-768-32", "as timm's convmixer_768_32",
        ["width": "768", "depth": "32", "kernel": "7", "patch": "7", "activation": "relu"]
      ),
      ("convmixer-1024-20", "as timm's convmixer_1024_20_ks9_p14", ["width": "1024", "depth": "20", "kernel": "9", "patch": "14"]),
      ("convmixer-1536-20", "as timm's convmixer_1536_20", ["width": "1536", "depth": "20", "kernel": "9", "patch": "7"]),
    ]
    for size in published {
      registry.add(
        model: size.name, ConvMixer.self, size.summary, preset: size.preset,
        exampleShape: ImageBatch.Shape(channels: 3, height: 224, width: 224), exampleClasses: 1000, recipe: recipe)
    }
  }
}

@_cdecl("basin_module") public func basinModule() -> UnsafeMutableRawPointer? { exportModule(ConvMixerModule.self) }
