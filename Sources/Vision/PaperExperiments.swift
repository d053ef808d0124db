import PluginAPI

/// The image experiments of "Stochastic Weight Averaging Revisited" (arXiv 2201.00519), section on CIFAR: three networks, 160
/// epochs of SGD, the backbone against averages restarted never to periodically.
///
/// As the paper trains: on all 50,000 pictures (none held out), pictures cropped from a border of four and mirrored, batches of
/// 128, momentum 0.9, weight decay 5e-4, initial rate 0.05 for VGG16 and 0.1 for the residual networks, a tail at a fifth of it,
/// statistics of normalizations estimated with the paper's running weights on augmented pictures. PSWA averages from epoch 40
/// with a period of 20. Numbers are test accuracies of the weights at the end.
enum PaperExperiments {
  private static let methods = ["backbone", "swa", "dswa", "tswa", "pswa"]

  static func cifar(_ classes: Int) -> Experiment {
    let dataset = "cifar\(classes)"
    return Experiment(
      "paper-\(dataset)",
      "the paper's table of CIFAR-\(classes): VGG16, PreResNet-164 and WRN-28-10 over 160 epochs, three seeds; a graphics card's work, half a year of two cores",
      methods: methods,
      cases: [("vgg16", 0.05), ("preresnet164", 0.1), ("wrn28-10", 0.1)].map { model, rate in
        BenchmarkCase(
          model: model, dataset: dataset, epochs: 160, batchSize: 128, learningRate: rate, seeds: 3,
          settings: ["optimizer.momentum": "0.9", "optimizer.weightDecay": "0.0005"],
          configuration: ["validationFraction": "0", "bnUpdate": "reference", "optimizer": "sgd"])
      })
  }
}
