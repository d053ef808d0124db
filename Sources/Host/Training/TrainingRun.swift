import Foundation
import Optim
import PluginAPI

/// Trains one model on one data set by one method, from the first step or from a checkpoint to the last.
public final class TrainingRun {
  private let configuration: RunConfiguration
  private let run: PreparedRun
  private let directory: RunDirectory
  private let trainingStep: TrainingStep
  private let model: ModelState
  /// The method's average first, then the observers'.
  private let tracks: [AveragingTrack]
  private var own: AveragingTrack { tracks[0] }
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

  init(
    _ run: PreparedRun, in catalog: Catalog, directory: RunDirectory, checkpoint: Checkpoint?, quiet: Bool
  ) throws {
    configuration = run.configuration
    self.run = run
    self.directory = directory
    trainingStep = try TrainingStep(run, in: catalog)
    model = ModelState(run: run, rule: trainingStep.rule)
    tracks = try configuration.makeTracks(catalog, run.parameters, in: run.length)
    try directory.cutMetrics(to: Int(checkpoint?.state["metricsLength"]?.number ?? 0))
    log = try MetricsLog(directory.metrics)
    if let checkpoint { watch = Stopwatch(json: checkpoint.state["seconds"]) }
    earlier = watch.total
    bar = ProgressBar(total: run.lastStep, from: Int(checkpoint?.state["step"]?.number ?? 0), quiet: quiet)
    watch.add(.data, run.dataSeconds)
    if let checkpoint {
      try restore(checkpoint)
    } else if let path = configuration.initialCheckpoint {
      try InitialWeights(file: WeightsFile.find(path, .last), fresh: configuration.initFresh).load(into: run.tensors)
    }
  }

  // MARK: The loop

  /// Trains to the end and writes `summary.json`.
  ///
  /// - Throws: `Interrupted` after a signal (a checkpoint is written first); `BasinError` otherwise.
  public func train() throws -> JSONValue {
    defer { bar.clear() }
    let length = run.length
    while step < run.lastStep, !history.isStopped {
      try trainStep()
      try average()
      if step % length.stepsPerEpoch == 0 { try endEpoch(step / length.stepsPerEpoch) }
      try stopIfAsked()
      if isCheckpointDue { try writeCheckpoint() }
    }
    if step < length.steps, !history.isStopped { history.stop("--stop-after \(configuration.stopAfter?.description ?? "")") }
    do { return try finish() } catch is Interrupted { throw Interrupted(checkpoint: try writeCheckpoint()) }
  }

  private func trainStep() throws {
    let result = try trainingStep(step, update: samplingStep)
    watch.add(.data, result.dataSeconds)
    watch.add(.train, result.trainSeconds)
    if let failure = result.failure {
      let kept = Checkpoint.all(in: directory).last
      throw BasinError.internalError(
        "\(failure) at step \(step + 1)",
        advice: "Lower --lr, add warm-up (\(configuration.warmupAdvice)) or limit gradients (--set gradient.clipNorm=1)"
          + (kept.map { "; the last good checkpoint is \($0)" } ?? ""))
    }
    try history.count(loss: result.loss, correct: result.correct, predictions: result.predictions)
    stepTimes.append(result.trainSeconds)
    step += 1
    Heartbeat.beat(step: step, of: run.lastStep)
    bar.update(
      step: step, examplesPerStep: Double(run.splits.train.count) / Double(run.length.stepsPerEpoch), progressText)
  }

  // MARK: Averaging

  /// The optimizer's step that takes the sample of the method's average with it, where one follows this step; nil: none
  /// does, or the weights to sample are not those that are stepped.
  private var samplingStep: ((Double) throws -> Void)? {
    guard own.samples(after: step + 1), model.switching == nil else { return nil }
    return { [self] rate in
      try stepAndSample(trainingStep.rule, learningRate: rate, into: own.averager)
      own.skipSample()
      history.totalSamples += 1
    }
  }

  private func average() throws {
    for track in tracks {
      let due = track.due(after: step)
      if !due.isEmpty { try trainingStep.settle() }
      for event in due {
        switch event.kind {
        case .sample:
          let start = Clock.now()
          try model.withEvaluationWeights { try track.averager.sample() }
          count(.average, Clock.now() - start, of: track)
          if track === own { history.totalSamples += 1 }
        case .restart: try restart()
        }
      }
    }
  }

  private func count(_ part: Stopwatch.Part, _ seconds: Double, of track: AveragingTrack) {
    watch.add(part, seconds)
    track.watch.add(part, seconds)
  }

  private func restart() throws {
    let start = Clock.now()
    if let average = try own.averager.average() { try model.assign(average) }
    own.averager.reset()
    try trainingStep.rule.reset()
    let middle = Clock.now()
    count(.average, middle - start, of: own)
    _ = try model.updateStatistics(step)
    count(.bnUpdate, Clock.now() - middle, of: own)
    history.restarts += 1
  }

  private func evaluate(_ part: Splits.Part?) throws -> Metrics? {
    guard let part else { return nil }
    return try run.locatingErrors {
      try watch.measure(.evaluate) { try run.evaluation.metrics(part) }
    }
  }

  // MARK: Epochs

  private func endEpoch(_ epoch: Int) throws {
    let train = history.endEpoch()
    try trainingStep.settle()
    var monitored: Metrics?
    try withWeightsToEvaluate {
      monitored = try evaluate(configuration.monitor == .test ? run.splits.test : run.splits.validation)
      if let monitored, history.improves(monitored, epoch: epoch), configuration.select == .best {
        bestTensors = try run.copyTensors()
      }
    }
    try log.append([
      "epoch": .int(epoch), "step": .int(step), "learningRate": JSONValue(trainingStep.rate(step - 1)), "train": train.json,
      .init(configuration.monitor.rawValue): monitored?.json ?? .null, "samples": .int(own.averager.samples),
    ])
    if let patience = configuration.patience, monitored != nil, epoch - history.bestEpoch >= patience {
      history.stop("no improvement in \(patience) epochs")
    }
    if let limit = configuration.maxTime, totalSeconds >= limit { history.stop("--max-time is over") }
  }

  /// Runs `body` with the weights that count: where the optimizer trains others, with statistics re-estimated for them, and
  /// everything put back afterwards.
  private func withWeightsToEvaluate(_ body: () throws -> Void) throws {
    guard model.switching != nil else { return try body() }
    let statistics = try run.buffers.map { try $0.tensor.clone() }
    defer { for (buffer, value) in zip(run.buffers, statistics) { try? buffer.tensor.copy(from: value) } }
    try model.withEvaluationWeights {
      _ = try watch.measure(.bnUpdate) { try model.updateStatistics(step) }
      try body()
    }
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

  private var state: RunState { RunState(run: run, step: trainingStep, tracks: tracks) }

  @discardableResult
  private func writeCheckpoint() throws -> String {
    try trainingStep.settle()
    try log.sync()
    watch.total = totalSeconds
    let plain: [String: JSONValue] = [
      "step": .int(step), "metricsLength": .int(log.length), "history": history.json, "seconds": watch.json,
      "trackSeconds": .array(tracks.map(\.watch.json)),
    ]
    let path = try state.checkpoint(plain, best: bestTensors).write(to: directory, step: step, keep: configuration.keep)
    lastCheckpoint = (step, Clock.now())
    try TensorBoardEvents.write(metricsFile: directory.metrics, to: directory.path)
    return path
  }

  private func restore(_ checkpoint: Checkpoint) throws {
    step = Int(checkpoint.state["step"]?.number ?? 0)
    try state.restore(checkpoint, done: step, file: directory.checkpoints)
    bestTensors = checkpoint.groups["best"]
    for (track, seconds) in zip(tracks, checkpoint.state["trackSeconds"]?.items ?? []) { track.watch = Stopwatch(json: seconds) }
    history = try RunHistory(json: checkpoint.state["history"], device: configuration.device)
    lastCheckpoint = (step, Clock.now())
  }

  // MARK: The end

  private func finish() throws -> JSONValue {
    try trainingStep.settle()
    try AtomicFile.makeFolder(directory.weights)
    var summary: JSONValue = .null
    try withWeightsToEvaluate { summary = try summarize() }
    try TensorBoardEvents.write(metricsFile: directory.metrics, to: directory.path)
    // Last of all: its presence says that the run is finished.
    try AtomicFile.write(summary.data(), to: directory.summary)
    return summary
  }

  private func summarize() throws -> JSONValue {
    let end = RunEnd(model: model, directory: directory)
    let validation = try evaluate(run.splits.validation)
    let test = try evaluate(run.splits.test)
    try end.save(run.copyTensors(), "last")
    var averaged = try end.evaluate(own, moment: step, file: "averaged", watch: &watch)
    averaged?["totalSamples"] = .int(history.totalSamples)
    averaged?["restarts"] = .int(history.restarts)
    var observed: [String: JSONValue] = [:]
    for track in tracks.dropFirst() {
      var json: [String: JSONValue] =
        try end.evaluate(track, moment: step, file: RunEnd.fileName(ofObserver: track.name), watch: &watch)
        ?? ["samples": 0, "validation": .null, "test": .null]
      json["totalSamples"] = .int(track.totalSamples)
      observed[track.name] = .object(json)
    }
    var selected: [String: JSONValue] = [
      "epoch": .int(step / run.length.stepsPerEpoch), "validation": validation?.json ?? .null, "test": test?.json ?? .null,
    ]
    if configuration.select == .best, let bestTensors {
      selected = try model.restoringTensors {
        try Checkpoint.load(bestTensors, into: run.tensors, file: directory.weights)
        return [
          "epoch": .int(history.bestEpoch), "validation": try evaluate(run.splits.validation)?.json ?? .null,
          "test": try evaluate(run.splits.test)?.json ?? .null,
        ]
      }
      try end.save(bestTensors, "best")
    }
    watch.total = totalSeconds
    return try RunSummary.make(
      run, history: history, watch: watch, stepTimes: stepTimes, step: step, validation: validation, test: test,
      selected: .object(selected), averaged: averaged.map { .object($0) } ?? .null, observed: .object(observed),
      averages: .object(Dictionary(uniqueKeysWithValues: zip(["own"] + configuration.observe.map(\.text), tracks.map(\.watch.costs)))))
  }

  private var progressText: String {
    let epoch = min((step - 1) / run.length.stepsPerEpoch + 1, run.length.epochs)
    var text = "epoch \(epoch)/\(run.length.epochs)  loss " + String(format: "%.4f", history.lastLoss)
    if let metrics = history.lastMonitored, let value = run.dataset.mainMetric.flatMap({ metrics.figures[$0] }) ?? metrics.accuracy {
      text += "  \(configuration.monitor.rawValue) " + String(format: "%.4f", value)
    }
    return text
  }
}
