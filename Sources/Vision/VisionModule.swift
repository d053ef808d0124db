import PluginAPI

/// The domain `vision`: VGG16 and PreResNets, CIFAR, the MNIST family, folders of pictures, and drawn shapes.
public struct VisionModule: DomainModule {
  public static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "vision", "domain": "vision", "version": "0.1.0",
    "summary": "Convolutional networks for pictures",
    "models": ["vgg16", "vgg16-bn", "preresnet8", "preresnet20", "preresnet56", "preresnet110", "preresnet164"],
    "datasets": ["shapes", "cifar10", "cifar100", "mnist", "fashion-mnist", "cifar10-jpg-subset"],
    "formats": ["images"]} END-BASIN-MODULE-MANIFEST
    """#

  public init() {}

  public func register(in registry: inout Registry) {
    registry.add(
      model: "vgg16", VGG16.self, "VGG16 in the CIFAR form of the SWA papers", recipe: Self.recipe(learningRate: 0.05))
    registry.add(
      model: "vgg16-bn", VGG16.self, "VGG16 in its CIFAR form with batch normalization",
      preset: ["batchNorm": "true"], recipe: Self.recipe(learningRate: 0.05))
    for depth in [8, 20, 56, 110, 164] {
      registry.add(
        model: "preresnet\(depth)", PreResNet.self, "pre-activation residual network of \(depth) layers",
        preset: ["depth": "\(depth)"], recipe: Self.recipe(learningRate: 0.1))
    }

    registry.add(dataset: "shapes", PictureDataset<Shapes>.self, "drawings of ten kinds of figures, made from a seed")
    registry.add(dataset: "cifar10", PictureDataset<CIFAR10>.self, "CIFAR-10, 32x32 colour, 10 classes")
    registry.add(dataset: "cifar100", PictureDataset<CIFAR100>.self, "CIFAR-100, 32x32 colour, 100 classes")
    registry.add(dataset: "mnist", PictureDataset<MNIST>.self, "MNIST, handwritten digits, 28x28 grey")
    registry.add(
      dataset: "fashion-mnist", PictureDataset<FashionMNIST>.self, "Fashion-MNIST, articles of clothing, 28x28 grey")
    registry.add(
      dataset: "cifar10-jpg-subset", PictureDataset<CIFAR10JPEGSubset>.self,
      "6,000 JPEG pictures of CIFAR-10 in a tar file")
    registry.add(
      format: "images", PictureDataset<PictureFolder>.self, "a folder or tar of JPEG and PNG pictures by class")
    registry.add(
      benchmark: BenchmarkCase(
        model: "preresnet8", dataset: "shapes", epochs: 30, batchSize: 64, learningRate: 0.1, seeds: 3,
        settings: ["model.width": "8", "dataset.size": "24", "dataset.train": "2000"]))
  }

  /// The SWA papers' training on CIFAR.
  private static func recipe(learningRate: Double) -> Recipe {
    Recipe(
      epochs: 160, batchSize: 128, learningRate: learningRate, optimizer: "sgd", tail: 0.2,
      settings: ["optimizer.momentum": "0.9", "optimizer.weightDecay": "5e-4"])
  }
}
