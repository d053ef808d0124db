import PluginAPI

/// Softmax regression: one linear layer from the pixels to the classes.
final class LinearPixels: Model {
  let linear: Linear

  init(_ options: NoOptions, shape: ImageBatch.Shape, task: Task) throws {
    linear = try Linear(shape.channels * shape.height * shape.width, task.outputs)
  }

  func callAsFunction(_ input: ImageBatch, _ mode: Mode) throws -> Output {
    Output(try linear(input.images.flattened(from: 1)))
  }
}

struct LinearPixelsModule: DomainModule {
  static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "linear-pixels", "domain": "vision",
      "models": ["linear-pixels"]} END-BASIN-MODULE-MANIFEST
    """#

  func register(in registry: inout Registry) {
    registry.add(
      model: "linear-pixels", LinearPixels.self, "softmax regression on pixels",
      recipe: Recipe(epochs: 10, batchSize: 128, learningRate: 0.01, optimizer: "sgd", tail: 0.2))
  }
}

@_cdecl("basin_module") public func basinModule() -> UnsafeMutableRawPointer? { exportModule(LinearPixelsModule.self) }
