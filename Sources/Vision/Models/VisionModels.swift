import PluginAPI

extension VisionModule {
  /// What the networks that were made for ImageNet are described by.
  private static let large = ImageBatch.Shape(channels: 3, height: 224, width: 224)
  private static let largeClasses = 1000

  func addModels(to registry: inout Registry) {
    for depth in [11, 13, 16, 19] {
      registry.add(
        model: "vgg\(depth)", VGG.self, "VGG of \(depth) layers", preset: ["depth": "\(depth)"],
        recipe: Self.papers(learningRate: 0.05))
      registry.add(
        model: "vgg\(depth)-bn", VGG.self, "VGG of \(depth) layers with batch normalization",
        preset: ["depth": "\(depth)", "batchNorm": "true"], recipe: Self.papers(learningRate: 0.05))
    }
    for depth in [8, 20, 56, 110, 164] {
      registry.add(
        model: "preresnet\(depth)", PreResNet.self, "pre-activation residual network of \(depth) layers",
        preset: ["depth": "\(depth)"], recipe: Self.papers(learningRate: 0.1))
    }
    for depth in [18, 34, 50, 101, 152] {
      registry.add(
        model: "resnet\(depth)", ResNet.self, "residual network of \(depth) layers", preset: ["depth": "\(depth)"],
        exampleShape: Self.large, exampleClasses: Self.largeClasses, recipe: Self.papers(learningRate: 0.1))
    }
    for (depth, widening) in [(28, 10), (16, 4)] {
      registry.add(
        model: "wrn\(depth)-\(widening)", WideResNet.self, "wide residual network of \(depth) layers, \(widening) times as wide",
        preset: ["depth": "\(depth)", "widening": "\(widening)"], recipe: Self.papers(learningRate: 0.1))
    }
    for depth in [121, 161, 169] {
      registry.add(
        model: "densenet\(depth)", DenseNet.self, "densely connected network of \(depth) layers", preset: ["depth": "\(depth)"],
        exampleShape: Self.large, exampleClasses: Self.largeClasses, recipe: Self.papers(learningRate: 0.1))
    }
    registry.add(
      model: "densenet-bc", DenseNetBC.self, "densely connected network with bottlenecks and compression, for small pictures",
      recipe: Self.papers(learningRate: 0.1))
    registry.add(
      model: "mobilenetv2", MobileNetV2.self, "inverted residuals of depthwise convolutions", exampleShape: Self.large,
      exampleClasses: Self.largeClasses, recipe: Self.papers(learningRate: 0.05))
    registry.add(
      model: "convnext-tiny", ConvNeXt.self, "convolutional network after the pattern of transformers", exampleShape: Self.large,
      exampleClasses: Self.largeClasses, recipe: Self.transformer)
    for (name, width, heads) in [("tiny", 192, 3), ("small", 384, 6)] {
      registry.add(
        model: "vit-\(name)", VisionTransformer.self, "vision transformer with tokens of width \(width)",
        preset: ["width": "\(width)", "heads": "\(heads)"], exampleShape: Self.large, exampleClasses: Self.largeClasses,
        recipe: Self.transformer)
    }
  }

  /// The SWA papers' training on CIFAR.
  private static func papers(learningRate: Double) -> Recipe {
    Recipe(
      epochs: 160, batchSize: 128, learningRate: learningRate, optimizer: "sgd", tail: 0.2,
      settings: ["optimizer.momentum": "0.9", "optimizer.weightDecay": "5e-4"])
  }

  /// What DeiT and ConvNeXt are trained by.
  private static let transformer = Recipe(
    epochs: 160, batchSize: 128, learningRate: 0.001, optimizer: "adamw", tail: 0.2,
    settings: ["optimizer.weightDecay": "0.05"])
}
