import PluginAPI

/// The text experiment of "Stochastic Weight Averaging Revisited" (arXiv 2201.00519): RoBERTa fine-tuned on tasks of GLUE, with
/// and without averages of the last epochs.
///
/// As the paper fine-tunes: SGD with momentum 0.9 from a rate of 1e-4, weight decay 1e-2 on all weights, batches of 32, at most 128
/// tokens, 50 epochs without a warm-up, all training sentences, GLUE's published dev set as test. Averages begin after 45 epochs, and from
/// there on the rate falls from 1e-4 to 1e-5 in every epoch. The paper has no PSWA of text: `glue-pswa` is Basin's form of it,
/// cyclic from where averaging begins.
enum PaperExperiment {
  static let name = "paper-glue"

  static let methods = [
    Method(
      "glue-backbone", "fine-tuning of paper-glue: the rate falls to 0.01 of itself, no averaging", optimizer: "sgd",
      schedule: "backbone", settings: optimizer),
    Method(
      "glue-swa", "the same up to 0.9 of the run; then cycles of an epoch, and one average of these epochs", optimizer: "sgd",
      schedule: "backbone,cyclic@0.9dur", averaging: "swa",
      settings: optimizer.merging(["schedule.cycle": "1ep", "schedule.floor": "0.1", "averaging.start": "0.9dur"]) { $1 }),
    Method(
      "glue-pswa", "cycles of an epoch from a quarter of the run on, averages restarted eight times in a run", optimizer: "sgd",
      schedule: "pswa", averaging: "pswa",
      settings: optimizer.merging([
        "schedule.tail": "0.1", "schedule.cyclic": "true", "averaging.start": "0.25dur", "averaging.period": "0.125dur",
        "averaging.tail": "1dur",
      ]) { $1 }),
  ]

  private static let optimizer = ["optimizer.momentum": "0.9", "optimizer.weightDecay": "0.01", "schedule.warmup": "0ep"]

  static let experiment = Experiment(
    name,
    "the paper's table of GLUE: a RoBERTa folder (roberta-base, or --set model.checkpoint=DIR --set dataset.tokenizer=DIR), 50 epochs, three seeds",
    methods: methods.map(\.name),
    cases: ["cola", "mrpc", "rte", "sst2"].map { task in
      BenchmarkCase(
        model: "roberta", dataset: task, epochs: 50, batchSize: 32, learningRate: 1e-4, seeds: 3,
        settings: [
          "dataset.maximumLength": "128", "model.freshHead": "true",
          // Looked for in the folder one is in; where it is not there, the error names it.
          "model.checkpoint": "roberta-base", "dataset.tokenizer": "roberta-base",
        ],
        configuration: ["validationFraction": "0", "optimizer": "sgd"])
    })
}
