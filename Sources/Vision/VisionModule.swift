import PluginAPI

/// The domain `vision`: networks for pictures, CIFAR, the MNIST family, folders of pictures, and drawn shapes.
public struct VisionModule: DomainModule {
  public static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "vision", "domain": "vision", "version": "0.1.0",
    "summary": "Networks for pictures",
    "models": ["vgg11", "vgg11-bn", "vgg13", "vgg13-bn", "vgg16", "vgg16-bn", "vgg19", "vgg19-bn",
    "preresnet8", "preresnet20", "preresnet56", "preresnet110", "preresnet164",
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "wrn28-10", "wrn16-4",
    "densenet121", "densenet161", "densenet169", "densenet-bc", "mobilenetv2", "convnext-tiny", "vit-tiny", "vit-small"],
    "datasets": ["shapes", "cifar10", "cifar100", "mnist", "fashion-mnist", "emnist", "stl10", "cifar10-jpg-subset"],
    "formats": ["images", "shards"], "experiments": ["paper-cifar10", "paper-cifar100", "standard"]} END-BASIN-MODULE-MANIFEST
    """#

  public init() {}

  public func register(in registry: inout Registry) {
    addModels(to: &registry)
    registry.add(dataset: "shapes", PictureDataset<Shapes>.self, "drawings of ten kinds of figures, made from a seed")
    registry.add(
      dataset: "cifar10", PictureDataset<CIFAR10>.self, "CIFAR-10, 32x32 colour, 10 classes",
      publication: PicturePublications.cifar10)
    registry.add(
      dataset: "cifar100", PictureDataset<CIFAR100>.self, "CIFAR-100, 32x32 colour, 100 classes",
      publication: PicturePublications.cifar100)
    registry.add(
      dataset: "mnist", PictureDataset<MNIST>.self, "MNIST, handwritten digits, 28x28 grey",
      publication: PicturePublications.mnist)
    registry.add(
      dataset: "fashion-mnist", PictureDataset<FashionMNIST>.self, "Fashion-MNIST, articles of clothing, 28x28 grey",
      publication: PicturePublications.fashionMNIST)
    registry.add(
      dataset: "emnist", PictureDataset<EMNIST>.self, "EMNIST, handwritten letters and digits, 28x28 grey",
      publication: PicturePublications.emnist)
    registry.add(
      dataset: "stl10", PictureDataset<STL10>.self, "STL-10, 96x96 colour, 10 classes",
      publication: PicturePublications.stl10)
    registry.add(
      dataset: "cifar10-jpg-subset", PictureDataset<CIFAR10JPEGSubset>.self,
      "6,000 JPEG pictures of CIFAR-10 in a tar file")
    registry.add(
      format: "images", PictureDataset<PictureFolder>.self, "a folder or tar of JPEG and PNG pictures by class")
    registry.add(format: "shards", PictureDataset<PictureShards>.self, "tar shards of pictures in the WebDataset layout")
    registry.add(
      benchmark: BenchmarkCase(
        model: "preresnet8", dataset: "shapes", epochs: 30, batchSize: 64, learningRate: 0.1, seeds: 3,
        settings: ["model.width": "8", "dataset.size": "24", "dataset.train": "2000"]))
    registry.add(PaperExperiments.cifar(10))
    registry.add(PaperExperiments.cifar(100))
    registry.add(StandardBenchmark.experiment)
  }
}
