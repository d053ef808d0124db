import ArgumentParser
import PluginAPI

/// The flags that say what a run is: `train` and `plan` take them.
struct RunOptions: ParsableArguments {
  @Option(help: "The domain, where two have a model of that name.") var domain: String?
  @Option(help: "The model family.") var model: String?
  @Option(help: "The data set: a name, or FORMAT:PATH for files of your own.") var dataset: String?
  @Option(help: "The method: backbone, backbone-chc, wa, swa, dswa, tswa, pswa, ... (default: backbone).") var method: String?
  @Option(help: "Passes over the training data (default: the model's recipe).") var epochs: String?
  @Option(help: "Examples a step, or all.") var batchSize: String?
  @Option(name: .customLong("lr"), help: "The initial learning rate.") var learningRate: String?
  @Option(help: "The optimizer, instead of the recipe's; sam:sgd and the like go around another.") var optimizer: String?
  @Option(help: "The learning-rate schedule, instead of the method's; several one after another as in linear-warmup,cosine@5ep.") var schedule: String?
  @Option(help: "The averaging policy, instead of the method's.") var averaging: String?
  @Option(help: ArgumentHelp("Averages to take along the way that change nothing, such as swa,ema:0.99,lawa:5.", valueName: "list"))
  var observe: String?
  @Option(help: "How normalization statistics are estimated again: pooled or exact, of examples as they are, or reference, augmented as in training, which augmented pictures want (default: pooled).")
  var bnUpdate: String?
  @Option(help: "Training examples --bn-update exact looks at, all at once (default: 4096).") var bnExamples: String?
  @Option(help: "End that pass once the statistics move by less than this, such as 0.001 (default: never early).") var bnTolerance: String?
  @Option(help: "float32, or products in bf16 or fp16 (default: float32).") var precision: String?
  @Flag(inversion: .prefixedNo, help: "The same bits run after run (default: on).") var deterministic: Bool?
  @Option(help: "The seed of weights, order, dropout and augmentation (default: 0).") var seed: String?
  @Option(name: .customLong("set"), help: ArgumentHelp("An option, such as model.hidden=32; `basin describe` lists them.", valueName: "key=value"))
  var settings: [String] = []
  @Option(help: ArgumentHelp("A YAML file with these values; flags override it.", valueName: "file")) var config: String?
  @Option(help: "The folder of data sets (default: $BASIN_DATA).") var dataRoot: String?
  @Option(help: "cpu, cuda or mps (default: cpu).") var device: String?
  @Option(help: "Threads of one run (default: all cores).") var threads: String?
  @Option(help: "Threads that make batches while a step runs: a number, 0 for none, auto (default: auto, where steps wait).")
  var dataThreads: String?
  @Option(name: .customLong("init"), help: ArgumentHelp("Start from these weights: a run, a checkpoint or a .safetensors file.", valueName: "checkpoint"))
  var initialCheckpoint: String?
  @Option(help: ArgumentHelp("Tensors or layers that --init leaves fresh, such as fc for other classes.", valueName: "patterns"))
  var initFresh: String?
  @Option(help: "Which weights are reported as selected: last or best by validation (default: last).") var select: String?
  @Option(help: "Stop after so many epochs without an improvement.") var patience: String?
  @Option(help: "Stop after so much time, such as 90s, 5m, 1h.") var maxTime: String?
  @Option(help: "Stop early with the schedule of the whole run, such as 0.5dur: what an early stage is worth.") var stopAfter: String?
  @Option(help: "What is watched during training: validation or test (default: validation).") var monitor: String?
  @Option(help: "The part of train held out where no validation set is published (default: 0.1).") var validationFraction: String?
  @Option(help: "The seed of that division (default: 0).") var splitSeed: String?
  @Option(help: "Part I of N of the training data is the test split where none is published, else validation; as I/N.") var fold: String?
  @Option(help: "How often to write a checkpoint: 5ep, 300st, 60s (default: after an epoch, at most every 10 s).") var checkpointEvery: String?
  @Option(help: "How many checkpoints to keep (default: 2).") var keep: String?
  @OptionGroup var plugins: PluginOptions

  /// The configuration file with the flags over it.
  func request() throws -> RunRequest {
    var request = RunRequest()
    let flags: [(RunRequest.Key, String?)] = [
      (.domain, domain), (.model, model), (.dataset, dataset), (.method, method), (.epochs, epochs), (.batchSize, batchSize),
      (.learningRate, learningRate), (.optimizer, optimizer), (.schedule, schedule), (.averaging, averaging), (.observe, observe),
      (.bnUpdate, bnUpdate), (.bnExamples, bnExamples), (.bnTolerance, bnTolerance), (.precision, precision),
      (.deterministic, deterministic.map { "\($0)" }),
      (.seed, seed), (.dataRoot, dataRoot), (.device, device), (.threads, threads), (.dataThreads, dataThreads),
      (.initialCheckpoint, initialCheckpoint), (.initFresh, initFresh),
      (.select, select), (.patience, patience), (.maxTime, maxTime), (.stopAfter, stopAfter), (.monitor, monitor),
      (.validationFraction, validationFraction), (.splitSeed, splitSeed), (.fold, fold), (.checkpointEvery, checkpointEvery), (.keep, keep),
    ]
    for (key, value) in flags { if let value { request[key] = value } }
    for setting in settings { try request.set(setting) }
    request.plugins = plugins.plugins
    guard let config else { return request }
    return try RunRequest.read(config).overridden(by: request)
  }
}
