import PluginAPI

/// A network whose second convolution expects 5 channels where the first one gives 8.
final class BrokenShapes: Model {
  let features: [Conv2d]
  let head: Linear

  init(_ options: NoOptions, shape: ImageBatch.Shape, task: Task) throws {
    features = [try Conv2d(shape.channels, 8, 3, padding: 1), try Conv2d(5, 16, 3, padding: 1)]
    head = try Linear(16, task.outputs)
  }

  func callAsFunction(_ input: ImageBatch, _ mode: Mode) throws -> Output {
    let x = try features.reduce(input.images) { try relu($1($0)) }
    return Output(try head(globalAveragePool(x)))
  }
}

struct BrokenModule: DomainModule {
  static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "broken", "version": "0.1.0", "domain": "vision",
      "summary": "A model with a shape error, for the tests", "models": ["broken-shapes"]} END-BASIN-MODULE-MANIFEST
    """#

  func register(in registry: inout Registry) {
    registry.add(
      model: "broken-shapes", BrokenShapes.self, "fails in its second convolution",
      recipe: Recipe(epochs: 1, batchSize: 16, learningRate: 0.1, optimizer: "sgd", tail: 0.2))
  }
}

@_cdecl("basin_module") public func basinModule() -> UnsafeMutableRawPointer? { exportModule(BrokenModule.self) }
