import Foundation
import PluginAPI
import Testing
import Vision

/// The data sets as the host sees them.
@Suite(.serialized) struct DatasetPictureTests {
  private func shapes(
    _ train: Int = 60, _ test: Int = 20, _ change: (inout Shapes.SourceOptions) -> Void = { _ in }
  ) throws -> PictureDataset<Shapes> {
    var options = Shapes.SourceOptions()
    options.train = train
    options.test = test
    change(&options)
    return try PictureDataset(options, source: DataSource(name: "shapes"), random: Random(seed: 1))
  }

  /// Element (n, c, y, x).
  private func element(_ values: [Float], _ shape: [Int], _ n: Int, _ c: Int, _ y: Int, _ x: Int) -> Float {
    values[((n * shape[1] + c) * shape[2] + y) * shape[3] + x]
  }

  @Test func shapesTellTheirFacts() throws {
    let set = try shapes()
    #expect(set.facts.shape == ImageBatch.Shape(channels: 3, height: 32, width: 32))
    #expect(set.facts.task == .classification(classes: 10))
    #expect(set.facts.classNames.count == 10)
    #expect(Split.allCases.map(set.count) == [60, 0, 20])
    #expect(set.labels(.train)?.count == 60 && set.labels(.validation) == nil)
    #expect(set.files.isEmpty)
    let inspection = try set.inspection()
    #expect(inspection.classes == 10 && inspection.examples == ["train": 60, "validation": 0, "test": 20])
  }

  @Test func batchesAreNormalizedChannelsLast() throws {
    var set = try shapes()
    try set.fit(training: Array(0..<60))
    let (input, target) = try set.batch(Array(0..<60), of: .train, augmentation: nil)
    #expect(input.images.shape == [60, 3, 32, 32] && input.count == 60)
    #expect(input.images.isChannelsLast)
    #expect(try target.values(Int64.self).map(Int32.init) == set.labels(.train))
    let mean = try input.images.to(.float64).mean([0, 2, 3]).values(Double.self)
    let variance = try input.images.to(.float64).variance([0, 2, 3], correction: 0).values(Double.self)
    #expect(mean.allSatisfy { abs($0) < 1e-5 })
    #expect(variance.allSatisfy { abs($0 - 1) < 1e-4 })
  }

  @Test func orderOfExamplesIsTheCallers() throws {
    var set = try shapes()
    try set.fit(training: Array(0..<60))
    let (all, _) = try set.batch(Array(0..<20), of: .test, augmentation: nil)
    let (some, target) = try set.batch([7, 3, 7], of: .test, augmentation: nil)
    let picture = 3 * 32 * 32
    let values = try all.images.values(Float.self), chosen = try some.images.values(Float.self)
    for (n, id) in [7, 3, 7].enumerated() {
      #expect(chosen[(n * picture)..<((n + 1) * picture)] == values[(id * picture)..<((id + 1) * picture)])
    }
    #expect(try target.values(Int64.self) == [7, 3, 7])
  }

  @Test func onlyTrainingPicturesAreMeasured() throws {
    var some = try shapes(), all = try shapes()
    try some.fit(training: Array(0..<30))
    try all.fit(training: Array(0..<60))
    let a = try some.batch([0], of: .test, augmentation: nil).input.images.values(Float.self)
    let b = try all.batch([0], of: .test, augmentation: nil).input.images.values(Float.self)
    #expect(a != b)
  }

  @Test func augmentationIsAFunctionOfItsStream() throws {
    var set = try shapes()
    try set.fit(training: Array(0..<60))
    let ids = Array(0..<60)
    func values(_ random: Random?, _ ids: [Int]) throws -> [Float] {
      try set.batch(ids, of: .train, augmentation: random).input.images.values()
    }
    let plain = try values(nil, ids)
    let once = try values(Random(seed: 5), ids)
    #expect(try once == values(Random(seed: 5), ids))
    #expect(try once != values(Random(seed: 6), ids))
    #expect(once != plain)
    // By position: the first pictures of a longer batch are placed as in a shorter one.
    #expect(try Array(once.prefix(10 * 3072)) == values(Random(seed: 5), Array(0..<10)))
    // Every augmented picture is a shifted, maybe mirrored window of the plain one.
    let shape = [60, 3, 32, 32]
    var moved = 0, mirrored = 0
    for n in 0..<60 {
      let found = (-4...4).lazy.flatMap { dy in (-4...4).flatMap { dx in [(dy, dx, false), (dy, dx, true)] } }
        .first { dy, dx, flip in
          (4..<28).allSatisfy { y in
            (4..<28).allSatisfy { x in
              let column = (flip ? 31 - x : x) + dx
              return element(once, shape, n, 0, y, x) == element(plain, shape, n, 0, y + dy, column)
            }
          }
        }
      let (dy, dx, flip) = try #require(found, "picture \(n)")
      moved += dy != 0 || dx != 0 ? 1 : 0
      mirrored += flip ? 1 : 0
    }
    #expect(moved > 45)
    #expect((15...45).contains(mirrored))
  }

  @Test func augmentationCanBeSwitchedOff() throws {
    var set = try shapes { $0.common.augment = false }
    try set.fit(training: Array(0..<60))
    let plain = try set.batch([1, 2], of: .train, augmentation: nil).input.images.values(Float.self)
    #expect(try set.batch([1, 2], of: .train, augmentation: Random(seed: 1)).input.images.values() == plain)
  }

  @Test func threadsChangeNothing() throws {
    let before = try LibTorch.threads()
    defer { try? LibTorch.setThreads(before) }
    var set = try shapes()
    try set.fit(training: Array(0..<60))
    func values(_ threads: Int) throws -> [Float] {
      try LibTorch.setThreads(threads)
      return try set.batch(Array(0..<60), of: .train, augmentation: Random(seed: 5)).input.images.values()
    }
    #expect(try values(1) == values(2))
  }

  @Test func wrongCallsAreErrors() throws {
    var set = try shapes()
    #expect(try basinError { _ = try set.batch([0], of: .train, augmentation: nil) }.message.contains("fit"))
    try set.fit(training: Array(0..<60))
    for ids in [[60], [-1], [0, 1_000_000]] {
      #expect(try basinError { _ = try set.batch(ids, of: .train, augmentation: nil) }.kind == .internalError)
    }
    #expect(try basinError { _ = try set.batch([0], of: .validation, augmentation: nil) }.kind == .internalError)
    #expect(try basinError { try set.fit(training: [60]) }.kind == .internalError)
  }

  @Test func idxSetsFindTheirFilesAndCanBeFramed() throws {
    let folder = try TemporaryFolder()
    let pixels = scrambledBytes(6 * 28 * 28)
    let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 28, 0, 0, 0, 28]
    try folder.write("image/mnist/train-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 6, 5, 0, 4, 1, 9, 2])
    try folder.writeGzip("image/mnist/train-images-idx3-ubyte.gz", header + pixels)
    var options = IDXOptions()
    options.size = 32
    let source = DataSource(name: "mnist", root: folder.path)
    var set = try PictureDataset<MNIST>(options, source: source, random: Random(seed: 1))
    #expect(set.files.map { ($0 as NSString).lastPathComponent } == ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"])
    #expect(set.facts.shape == ImageBatch.Shape(channels: 1, height: 32, width: 32))
    #expect(set.count(.test) == 0 && set.labels(.train) == [5, 0, 4, 1, 9, 2])
    try set.fit(training: Array(0..<6))
    let values = try set.batch([4], of: .train, augmentation: Random(seed: 1)).input.images.values(Float.self)
    func normalized(_ value: UInt8) -> Float { (Float(value) / 255 - 0.1307) / 0.3081 }
    #expect(abs(values[0] - normalized(0)) < 1e-5)
    #expect(abs(values[(2 + 9) * 32 + 2 + 5] - normalized(pixels[4 * 784 + 9 * 28 + 5])) < 1e-5)
  }

  @Test func normalizationIsChosen() throws {
    let folder = try TemporaryFolder()
    var bytes: [UInt8] = []
    for name in (1...5).map({ "data_batch_\($0).bin" }) + ["test_batch.bin"] {
      let pixels = scrambledBytes(3072, seed: UInt64(bytes.count))
      if name != "test_batch.bin" { bytes += pixels }
      try folder.write("cifar-10-batches-bin/" + name, [3] + pixels)
    }
    let first = Float(bytes[0]) / 255
    // Of the first colour's plane of all training pictures.
    var sum = 0.0, squares = 0.0
    for picture in 0..<5 {
      for byte in bytes[picture * 3072..<picture * 3072 + 1024] {
        let value = Double(byte) / 255
        sum += value
        squares += value * value
      }
    }
    let mean: Double = sum / 5120
    let deviation: Double = (squares / 5120 - mean * mean).squareRoot()
    let expected: [(NormalizationChoice, Float)] = [
      (.auto, (first - 0.4914) / Float(0.2023)),
      (.measured, (first - Float(mean)) / Float(deviation)),
      (.imagenet, (first - 0.485) / Float(0.229)),
    ]
    for (choice, value) in expected {
      var options = CIFAR10.SourceOptions()
      options.common.normalize = choice
      var set = try PictureDataset<CIFAR10>(
        options, source: DataSource(name: "cifar10", root: folder.path), random: Random(seed: 1))
      try set.fit(training: Array(0..<5))
      let values = try set.batch([0], of: .train, augmentation: nil).input.images.values(Float.self)
      #expect(abs(values[0] - value) < 1e-5, "\(choice)")
    }
    try folder.write("image/mnist/train-labels-idx1-ubyte", [0, 0, 8, 1, 0, 0, 0, 1, 5])
    try folder.write("image/mnist/train-images-idx3-ubyte", [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28] + scrambledBytes(784))
    var grey = IDXOptions()
    grey.common.normalize = .imagenet
    let error = try basinError {
      _ = try PictureDataset<MNIST>(grey, source: DataSource(name: "mnist", root: folder.path), random: Random(seed: 1))
    }
    #expect(error.kind == .usage && error.message.contains("one channel"))
  }

  @Test func cifarFilesAreListed() throws {
    let folder = try TemporaryFolder()
    for name in (1...5).map({ "data_batch_\($0).bin" }) + ["test_batch.bin"] {
      try folder.write("cifar-10-batches-bin/" + name, [3] + scrambledBytes(3072))
    }
    let set = try PictureDataset<CIFAR10>(
      .init(), source: DataSource(name: "cifar10", root: folder.path), random: Random(seed: 1))
    #expect(set.files.count == 6 && set.count(.train) == 5 && set.count(.test) == 1)
    #expect(set.facts.classNames[3] == "cat")
    #expect(try set.inspection().warnings.count == 1)
  }

  @Test func foldersAreReadByPath() throws {
    let folder = try TemporaryFolder()
    for name in ["cat", "dog"] {
      for i in 0..<3 {
        let picture = scrambledBytes(20 * 20 * 3, seed: UInt64(i))
        try folder.write("\(name)/\(i).png", makePNG(height: 20, width: 20, picture))
      }
    }
    var options = PictureFolderOptions()
    options.size = 16
    let source = DataSource(name: "images", path: folder.path)
    var set = try PictureDataset<PictureFolder>(options, source: source, random: Random(seed: 1))
    #expect(set.count(.train) == 6 && set.facts.classNames == ["cat", "dog"] && set.files.count == 6)
    try set.fit(training: Array(0..<6))
    #expect(try set.batch([5], of: .train, augmentation: nil).input.images.shape == [1, 3, 16, 16])
  }

  @Test func missingRootsAndPathsAreNamed() throws {
    let random = Random(seed: 1)
    func kind(_ source: DataSource) throws -> BasinError {
      try basinError { _ = try PictureDataset<CIFAR10JPEGSubset>(.init(), source: source, random: random) }
    }
    #expect(try kind(DataSource(name: "cifar10-jpg-subset")).kind == .missingInput)
    let absent = try kind(DataSource(name: "cifar10-jpg-subset", root: "/nowhere"))
    #expect(absent.description.contains("/nowhere/image/cifar10-jpg-subset.tar"))
    let error = try basinError {
      _ = try PictureDataset<PictureFolder>(.init(), source: DataSource(name: "images"), random: random)
    }
    #expect(error.kind == .usage && error.description.contains("images:PATH"))
  }

  @Test(.enabled(if: sharedData != nil, "../shared/data is absent"))
  func publishedSets() throws {
    let root = try #require(sharedData)
    var mnist = try PictureDataset<MNIST>(
      .init(), source: DataSource(name: "mnist", root: root), random: Random(seed: 1))
    #expect(mnist.count(.train) == 60_000 && mnist.count(.test) == 10_000 && mnist.files.count == 4)
    try mnist.fit(training: [])
    let pictures = try mnist.batch(Array(0..<60_000), of: .train, augmentation: nil).input.images
    // The published constants are those of the training pictures.
    #expect(abs(try pictures.mean().item()) < 1e-3)
    let subset = try PictureDataset<CIFAR10JPEGSubset>(
      .init(), source: DataSource(name: "cifar10-jpg-subset", root: root), random: Random(seed: 1))
    #expect(subset.count(.train) == 5000 && subset.count(.test) == 1000)
    #expect(subset.facts.classNames[3] == "cat" && subset.facts.shape.description == "3x32x32")
  }
}
