import PluginAPI
import Testing

import __Target__

@Suite struct ModelTests {
  @Test("a prediction has a row a picture and a column a class")
  func shapes() throws {
    let shape = ImageBatch.Shape(channels: 3, height: 12, width: 20)
    let model = try __Target__Model(.init(), shape: shape, task: .classification(classes: 5))
    try model.initialize(Random(seed: 1))
    let images = try Tensor.zeros([4, 3, 12, 20])
    let output = try model(ImageBatch(images), .evaluate)
    #expect(output.prediction.shape == [4, 5])
  }

  @Test("tensors are named by their paths")
  func names() throws {
    let model = try __Target__Model(.init(), shape: ImageBatch.exampleShape, task: .classification(classes: 10))
    let paths = model.tensors().map(\.path)
    #expect(paths.first == "blocks.0.convolution.weight" && paths.last == "head.bias")
  }
}
