import Foundation
import PluginAPI

/// Trains one model on one data set by one method, from the first step or from a checkpoint to the last.
public final class TrainingRun {
  private let configuration: RunConfiguration
  private let run: PreparedRun
  private let directory: RunDirectory
  private let trainingStep: TrainingStep
  private var optimizer: any UpdateRule { trainingStep.optimizer }
  private let averager: any Averager
  private let events: [Int: [AveragingEvent.Kind]]
  private let log: MetricsLog
  private let bar: ProgressBar

  // What a checkpoint holds.
  private var step = 0
  private var history = RunHistory()
  private var watch = Stopwatch()
  private var bestTensors: [(name: String, tensor: Tensor)]?

  private var stepTimes: [Double] = []
  private var lastCheckpoint = (step: 0, time: Clock.now())
  private let started = Clock.now()
  private let earlier: Double

  /// - Parameter notes: gets remarks for the user.
  init(
    _ run: PreparedRun, in catalog: Catalog, directory: RunDirectory, checkpoint: Checkpoint?, quiet: Bool
  ) throws {
    configuration = run.configuration
    self.run = run
    self.directory = directory
    trainingStep = try TrainingStep(run, in: catalog)
    let policy = try configuration.makePolicy(catalog)
    averager = try policy.makeAverager(run.parameters, in: run.length)
    events = Dictionary(grouping: try policy.events(in: run.length), by: \.step).mapValues { $0.map(\.kind) }
    if let checkpoint {
      try directory.cutMetrics(to: Int(checkpoint.state["metricsLength"]?.number ?? 0))
    } else {
      try directory.cutMetrics(to: 0)
    }
    log = try MetricsLog(directory.metrics)
    if let checkpoint { watch = Stopwatch(json: checkpoint.state["seconds"]) }
    earlier = watch.total
    bar = ProgressBar(total: run.length.steps, from: Int(checkpoint?.state["step"]?.number ?? 0), quiet: quiet)
    watch.add(.data, run.dataSeconds)
    if let checkpoint {
      try restore(checkpoint)
    } else if let path = configuration.initialCheckpoint {
      let file = try WeightsFile.find(path, .last)
      try Checkpoint.load(Safetensors.read(file).tensors.map { ($0.key, $0.value) }, into: run.tensors, file: file)
    }
  }

  // MARK: The loop

  /// Trains to the end and writes `summary.json`.
  ///
  /// - Throws: `Interrupted` after a signal (a checkpoint is written first); `BasinError` otherwise.
  public func train() throws -> JSONValue {
    defer { bar.clear() }
    let length = run.length
    while step < length.steps, !history.isStopped {
      let epoch = step / length.stepsPerEpoch
      let order = EpochOrder.training(run.splits.train.ids, size: configuration.batchSize, epoch: epoch, run.random)
      for index in (step % length.stepsPerEpoch)..<length.stepsPerEpoch {
        try trainStep(order[index])
        for event in events[step] ?? [] { try apply(event) }
        if step % length.stepsPerEpoch == 0 { try endEpoch(step / length.stepsPerEpoch) }
        try stopIfAsked()
        if isCheckpointDue { try writeCheckpoint() }
        if history.isStopped { break }
      }
    }
    return try finish()
  }

  private func trainStep(_ ids: [Int]) throws {
    let result = try trainingStep(step, ids)
    watch.add(.data, result.dataSeconds)
    watch.add(.train, result.trainSeconds)
    guard result.loss.isFinite else {
      let kept = Checkpoint.all(in: directory).last
      throw BasinError.internalError(
        "the loss became \(result.loss) at step \(step + 1)",
        advice: "Lower --lr or add warm-up (--set schedule.warmup=1ep)" + (kept.map { "; the last good checkpoint is \($0)" } ?? ""))
    }
    try history.count(loss: result.loss, correct: result.correct, examples: ids.count)
    stepTimes.append(result.trainSeconds)
    step += 1
    bar.update(
      step: step, examplesPerStep: Double(run.splits.train.count) / Double(run.length.stepsPerEpoch), progressText)
  }

  private func apply(_ event: AveragingEvent.Kind) throws {
    switch event {
    case .sample:
      try watch.measure(.average) { try averager.sample() }
      history.totalSamples += 1
    case .restart:
      try watch.measure(.average) {
        if let average = try averager.average() { try Self.assign(average, to: run.parameters) }
        averager.reset()
        try optimizer.reset()
      }
      try updateStatistics()
      history.restarts += 1
    }
  }

  private static func assign(_ values: [Tensor], to parameters: [NamedTensor]) throws {
    for (parameter, value) in zip(parameters, values) { try parameter.tensor.copy(from: value) }
  }

  private func updateStatistics() throws {
    try run.locatingErrors {
      try watch.measure(.bnUpdate) { _ = try run.evaluation.updateStatistics(run.splits.train) }
    }
  }

  private func evaluate(_ part: Splits.Part?) throws -> Metrics? {
    guard let part else { return nil }
    return try run.locatingErrors {
      try watch.measure(.evaluate) { try run.evaluation.metrics(part) }
    }
  }

  private func endEpoch(_ epoch: Int) throws {
    let monitored = try evaluate(configuration.monitor == .test ? run.splits.test : run.splits.validation)
    let train = history.endEpoch()
    if let monitored, history.improves(monitored, epoch: epoch), configuration.select == .best {
      bestTensors = try run.copyTensors()
    }
    let rate = trainingStep.rate(step - 1)
    try log.append([
      "epoch": .int(epoch), "step": .int(step), "learningRate": JSONValue(rate), "train": train.json,
      .init(configuration.monitor.rawValue): monitored?.json ?? .null, "samples": .int(averager.samples),
    ])
    if let patience = configuration.patience, monitored != nil, epoch - history.bestEpoch >= patience {
      history.stop("no improvement in \(patience) epochs")
    }
    if let limit = configuration.maxTime, totalSeconds >= limit { history.stop("--max-time is over") }
  }

  // MARK: Stopping and checkpoints

  private var totalSeconds: Double { earlier + Clock.now() - started }

  private func stopIfAsked() throws {
    guard Interruption.isRequested else { return }
    throw Interrupted(checkpoint: try writeCheckpoint())
  }

  private var isCheckpointDue: Bool {
    switch configuration.checkpointEvery {
    case .automatic: step % run.length.stepsPerEpoch == 0 && Clock.now() - lastCheckpoint.time >= 10
    case .every(let landmark): step - lastCheckpoint.step >= max(1, landmark.steps(in: run.length))
    case .seconds(let seconds): Clock.now() - lastCheckpoint.time >= seconds
    }
  }

  @discardableResult
  private func writeCheckpoint() throws -> String {
    try log.sync()
    watch.total = totalSeconds
    let optimizerState = try optimizer.state
    let averagerState = try averager.state
    var groups = ["model": try run.copyTensors()]
    if !optimizerState.tensors.isEmpty { groups["optimizer"] = optimizerState.tensors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
    if !averagerState.tensors.isEmpty { groups["averager"] = averagerState.tensors.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
    if let bestTensors { groups["best"] = bestTensors }
    let state: JSONValue = [
      "step": .int(step), "metricsLength": .int(log.length), "history": history.json, "seconds": watch.json,
      "optimizer": .object(optimizerState.counters.mapValues { .int($0) }),
      "averager": .object(averagerState.counters.mapValues { .int($0) }),
    ]
    let path = try Checkpoint(state: state, groups: groups).write(to: directory, step: step, keep: configuration.keep)
    lastCheckpoint = (step, Clock.now())
    return path
  }

  private func restore(_ checkpoint: Checkpoint) throws {
    func counters(_ key: String) -> [String: Int] {
      guard case .object(let object)? = checkpoint.state[key] else { return [:] }
      return object.compactMapValues { $0.number.map { Int($0) } }
    }
    func tensors(_ group: String) -> [String: Tensor] { Dictionary(checkpoint.groups[group] ?? [], uniquingKeysWith: { $1 }) }
    try Checkpoint.load(checkpoint.groups["model"] ?? [], into: run.tensors, file: directory.checkpoints)
    try optimizer.restore(OptimizerState(tensors: tensors("optimizer"), counters: counters("optimizer")))
    try averager.restore(OptimizerState(tensors: tensors("averager"), counters: counters("averager")))
    bestTensors = checkpoint.groups["best"]
    step = Int(checkpoint.state["step"]?.number ?? 0)
    history = try RunHistory(json: checkpoint.state["history"], device: configuration.device)
    lastCheckpoint = (step, Clock.now())
  }

  // MARK: The end

  private func finish() throws -> JSONValue {
    let validation = try evaluate(run.splits.validation)
    let test = try evaluate(run.splits.test)
    let last = try run.copyTensors()
    try AtomicFile.makeFolder(directory.weights)
    try AtomicFile.write(Safetensors.encode(last), to: "\(directory.weights)/last.safetensors")

    var averaged: JSONValue = .null
    if let average = try averager.average() {
      try Self.assign(average, to: run.parameters)
      try updateStatistics()
      averaged = [
        "samples": .int(averager.samples), "totalSamples": .int(history.totalSamples), "restarts": .int(history.restarts),
        "validation": try evaluate(run.splits.validation)?.json ?? .null, "test": try evaluate(run.splits.test)?.json ?? .null,
      ]
      try AtomicFile.write(Safetensors.encode(run.copyTensors()), to: "\(directory.weights)/averaged.safetensors")
      try Checkpoint.load(last, into: run.tensors, file: directory.weights)
    }

    var selected: JSONValue = [
      "epoch": .int(step / run.length.stepsPerEpoch), "validation": validation?.json ?? .null, "test": test?.json ?? .null,
    ]
    if configuration.select == .best, let bestTensors {
      try Checkpoint.load(bestTensors, into: run.tensors, file: directory.weights)
      selected = [
        "epoch": .int(history.bestEpoch), "validation": try evaluate(run.splits.validation)?.json ?? .null,
        "test": try evaluate(run.splits.test)?.json ?? .null,
      ]
      try AtomicFile.write(Safetensors.encode(bestTensors), to: "\(directory.weights)/best.safetensors")
      try Checkpoint.load(last, into: run.tensors, file: directory.weights)
    }
    watch.total = totalSeconds
    let summary = try RunSummary.make(
      run, history: history, watch: watch, stepTimes: stepTimes, step: step, validation: validation, test: test,
      selected: selected, averaged: averaged)
    // Last of all: its presence says that the run is finished.
    try AtomicFile.write(summary.data(), to: directory.summary)
    return summary
  }

  private var progressText: String {
    let epoch = min((step - 1) / run.length.stepsPerEpoch + 1, run.length.epochs)
    var text = "epoch \(epoch)/\(run.length.epochs)  loss " + String(format: "%.4f", history.lastLoss)
    if let accuracy = history.lastMonitored?.accuracy { text += "  \(configuration.monitor.rawValue) " + String(format: "%.4f", accuracy) }
    return text
  }
}
