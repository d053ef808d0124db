import Foundation
import PluginAPI
import Testing
import Vision

/// Shapes, names, options and starting values of the networks.
@Suite(.serialized) struct ModelNetworkTests {
  private let task = Task.classification(classes: 10)

  private struct Reference: Decodable {
    var parameters: Int
    var bottleneck: Bool
    var state: [String: [Int]]?
  }

  private func preResNet(
    _ depth: Int, width: Int = 16, block: PreResNet.BlockChoice = .auto,
    shape: ImageBatch.Shape = ImageBatch.exampleShape
  ) throws -> PreResNet {
    var options = PreResNet.ModelOptions()
    options.depth = depth
    options.width = width
    options.block = block
    return try PreResNet(options, shape: shape, task: task)
  }

  private func parameterCount(_ model: some Module) -> Int {
    model.tensors().filter { $0.role == .parameter }.reduce(0) { $0 + $1.tensor.count }
  }

  @Test func namesShapesAndCountsAsInTheReference() throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: ParityFixture.folder + "/preresnet-names.json"))
    let references = try JSONDecoder().decode([String: Reference].self, from: data)
    #expect(references.count == 4)
    for (name, reference) in references {
      let depth = try #require(Int(name.dropFirst("preresnet".count)))
      let model = try preResNet(depth)
      #expect(parameterCount(model) == reference.parameters, "\(name)")
      if let state = reference.state {
        let mine = Dictionary(uniqueKeysWithValues: model.tensors().map { ($0.path, $0.tensor.shape) })
        #expect(mine == state, "\(name)")
      }
    }
  }

  @Test(arguments: [(1, 28, 28), (3, 40, 24), (1, 5, 7), (3, 1, 1)])
  func preResNetsTakeAnySize(channels: Int, height: Int, width: Int) throws {
    let model = try preResNet(8, shape: .init(channels: channels, height: height, width: width))
    try model.initialize(Random(seed: 1))
    let pictures = try Tensor.zeros([2, channels, height, width]).channelsLast()
    let output = try model(ImageBatch(pictures), .evaluate).prediction
    #expect(output.shape == [2, 10])
    #expect(try output.isFinite())
  }

  @Test func widthScalesAllStages() throws {
    let model = try preResNet(8, width: 8)
    let shapes = Dictionary(uniqueKeysWithValues: model.tensors().map { ($0.path, $0.tensor.shape) })
    #expect(shapes["conv1.weight"] == [8, 3, 3, 3])
    #expect(shapes["layer3.0.conv2.weight"] == [32, 32, 3, 3])
    #expect(shapes["fc.weight"] == [10, 32])
  }

  @Test func depthsThatDoNotExistAreRefused() throws {
    for (depth, block, nearest) in [
      (21, PreResNet.BlockChoice.auto, "20"), (57, .auto, "56"), (20, .bottleneck, "20"), (29, .basic, "32"),
      (9, .bottleneck, "11"), (300, .auto, "302"),
    ] {
      do {
        _ = try preResNet(depth, block: block)
        #expect(depth == 20, "depth \(depth) was taken")
      } catch let error as BasinError {
        #expect(error.kind == .usage)
        #expect(error.description.contains("nearest is \(nearest)"), "\(error)")
      }
    }
  }

  @Test func vggTakesLargePicturesAndRefusesSmallOnes() throws {
    let large = try VGG(.init(), shape: .init(channels: 1, height: 64, width: 96), task: task)
    try large.initialize(Random(seed: 1))
    let output = try large(ImageBatch(Tensor.ones([1, 1, 64, 96]).channelsLast()), .evaluate).prediction
    #expect(output.shape == [1, 10])
    let error = try basinError {
      _ = try VGG(.init(), shape: .init(channels: 1, height: 28, width: 28), task: task)
    }
    #expect(error.kind == .usage && error.description.contains("1x28x28"))
  }

  @Test func convolutionsStartAsInThePapers() throws {
    let model = try VGG(.init(), shape: ImageBatch.exampleShape, task: task)
    try model.initialize(Random(seed: 3))
    let tensors = Dictionary(uniqueKeysWithValues: model.tensors().map { ($0.path, $0.tensor) })
    let weight = try #require(tensors["features.5.weight"])  // 64 to 128 channels
    #expect(weight.shape == [128, 64, 3, 3])
    let values = try ParityFixture.doubles(weight)
    let mean = values.reduce(0, +) / Double(values.count)
    let deviation = (values.reduce(0) { $0 + $1 * $1 } / Double(values.count) - mean * mean).squareRoot()
    let expected = (2.0 / (9 * 128)).squareRoot()
    // Five standard errors of 73,728 samples.
    #expect(abs(mean) < 5 * expected / 271)
    #expect(abs(deviation / expected - 1) < 5 / (2.0 * 73_728).squareRoot())
    #expect(try #require(tensors["features.5.bias"]).abs().max().item() == 0)
    // The classifier starts as PyTorch's Linear: bounded by 1 / sqrt(512).
    let bound = 1 / 512.0.squareRoot()
    let largest = try #require(tensors["classifier.1.weight"]).abs().max().item()
    #expect(largest <= bound && largest > 0.99 * bound)
  }

  @Test func dropoutActsInTrainingOnly() throws {
    let model = try VGG(.init(), shape: ImageBatch.exampleShape, task: task)
    try model.initialize(Random(seed: 4))
    let batch = ImageBatch(try Tensor(scrambledBytes(2 * 3072).map { Float($0) / 128 - 1 }, shape: [2, 3, 32, 32]).channelsLast())
    func logits(_ mode: Mode) throws -> [Float] { try model(batch, mode).prediction.detached().values() }
    func training(_ seed: UInt64) throws -> [Float] { try logits(.train(RandomStream(Random(seed: seed)))) }
    #expect(try logits(.evaluate) == logits(.evaluate))
    #expect(try training(1) == training(1))
    #expect(try training(1) != training(2))
    #expect(try training(1) != logits(.evaluate))
  }

  /// Activations and gradients stay channels last through the whole network: a conversion would cost a pass over memory.
  @Test func gradientsAreChannelsLast() throws {
    let model = try preResNet(8)
    try model.initialize(Random(seed: 1))
    let pictures = try Tensor(scrambledBytes(4 * 3072).map { Float($0) / 128 - 1 }, shape: [4, 3, 32, 32]).channelsLast()
    let labels = try Tensor(ParityFormula.labels(4, classes: 10))
    try crossEntropy(model(ImageBatch(pictures), .train(RandomStream(Random(seed: 1)))).prediction, labels).backward()
    for item in model.tensors() where item.role == .parameter && item.tensor.dimensions == 4 {
      let gradient = try #require(try item.tensor.gradient())
      #expect(item.tensor.isChannelsLast && gradient.isChannelsLast, "\(item.path)")
    }
  }

  @Test func aShapeErrorNamesTheLayer() throws {
    let model = try preResNet(8)
    try model.initialize(Random(seed: 1))
    do {
      _ = try model(ImageBatch(Tensor.zeros([2, 1, 32, 32]).channelsLast()), .evaluate)
      Issue.record("nothing was thrown")
    } catch let error as TensorError {
      let text = model.locating(error).description
      #expect(text.contains("conv2d") && text.contains("conv1") && text.contains("[2, 1, 32, 32]"), "\(text)")
    }
  }
}
