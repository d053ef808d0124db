import Foundation
import PluginAPI
import Testing
import Vision

/// What the module registers, and what its manifest says.
@Suite struct ModelModuleTests {
  private struct Manifest: Decodable {
    var name, domain: String
    var models, datasets, formats, experiments: [String]
  }

  private func registry() -> Registry {
    var registry = Registry(module: "vision", domain: "vision")
    VisionModule().register(in: &registry)
    return registry
  }

  @Test func manifestListsWhatIsRegistered() throws {
    let text = VisionModule.manifest.description
    let start = try #require(text.range(of: "BASIN-MODULE-MANIFEST "))
    let end = try #require(text.range(of: " END-BASIN-MODULE-MANIFEST"))
    let manifest = try JSONDecoder().decode(Manifest.self, from: Data(text[start.upperBound..<end.lowerBound].utf8))
    let registry = registry()
    #expect(manifest.name == "vision" && manifest.domain == "vision")
    #expect(manifest.models == registry.models.map(\.name))
    #expect(manifest.datasets == registry.datasets.filter { !$0.isFormat }.map(\.name))
    #expect(manifest.formats == registry.datasets.filter(\.isFormat).map(\.name))
    #expect(manifest.experiments == registry.experiments.map(\.experiment.name))
  }

  /// arXiv 2201.00519, experiments on images.
  @Test func experimentsAreThePapers() throws {
    for (classes, entry) in zip([10, 100], registry().experiments) {
      let experiment = entry.experiment
      #expect(experiment.name == "paper-cifar\(classes)" && experiment.methods == ["backbone", "swa", "dswa", "tswa", "pswa"])
      #expect(experiment.cases.map(\.model) == ["vgg16", "preresnet164", "wrn28-10"])
      #expect(experiment.cases.map(\.learningRate) == [0.05, 0.1, 0.1])
      for item in experiment.cases {
        #expect(item.dataset == "cifar\(classes)" && item.epochs == 160 && item.batchSize == 128)
        #expect(item.settings == ["optimizer.momentum": "0.9", "optimizer.weightDecay": "0.0005"])
        #expect(item.configuration == ["validationFraction": "0", "bnUpdate": "reference", "optimizer": "sgd"])
        let model = try #require(registry().models.first { $0.name == item.model })
        #expect(model.recipe.settings["schedule.tail"] == "0.2" && model.recipe.settings["schedule.cyclic"] == "false")
      }
    }
  }

  @Test func recipesAreThoseOfThePapers() throws {
    let transformers = registry().models.filter { $0.recipe.optimizer == "adamw" }
    #expect(transformers.map(\.name) == ["convnext-tiny", "vit-tiny", "vit-small"])
    #expect(transformers.allSatisfy { $0.recipe.learningRate == 0.001 && $0.recipe.settings["optimizer.weightDecay"] == "0.05" })
    for model in registry().models where model.recipe.optimizer != "adamw" {
      let isLow = ["vgg", "mobilenet"].contains { model.name.hasPrefix($0) }
      #expect(model.recipe.learningRate == (isLow ? 0.05 : 0.1))
      #expect(model.recipe.batchSize == 128 && model.recipe.optimizer == "sgd")
      #expect(model.recipe.settings["schedule.tail"] == "0.2")
      #expect(model.recipe.settings["optimizer.momentum"] == "0.9")
    }
  }

  @Test func presetsMakeTheirModels() throws {
    for (name, count) in [("vgg16-bn", 15_253_578), ("preresnet8", 77_850), ("preresnet20", 272_282)] {
      let entry = try #require(registry().models.first { $0.name == name })
      let parameters = try entry.make([:], for: nil).module.tensors().filter { $0.role == .parameter }
      #expect(parameters.reduce(0) { $0 + $1.tensor.count } == count, "\(name)")
    }
  }

  @Test func modelsMeetDataSets() throws {
    let registry = registry()
    let shapes = try #require(registry.datasets.first { $0.name == "shapes" })
    let data = try shapes.make(
      ["train": "20", "test": "10", "size": "16"], source: DataSource(name: "shapes"), random: Random(seed: 1))
    try data.fit(training: Array(0..<20))
    let model = try #require(registry.models.first { $0.name == "preresnet8" }).make(["width": "8"], for: data)
    try model.module.initialize(Random(seed: 1))
    let batch = try data.batch([0, 1, 2], of: .train, augmentation: Random(seed: 1), device: .cpu)
    let output = try model.forward(batch, .train(RandomStream(Random(seed: 1))))
    #expect(output.prediction.shape == [3, 10])
    #expect(throws: BasinError.self) {
      try registry.models.first { $0.name == "vgg16" }?.make([:], for: data)
    }
  }
}
