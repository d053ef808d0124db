import PluginAPI

/// What is counted along a run.
struct RunHistory {
  var totalSamples = 0
  var restarts = 0
  private(set) var lastLoss = Double.nan
  /// The epoch with the best monitored metrics, from 1.
  private(set) var bestEpoch = 0
  private(set) var best: Metrics?
  private(set) var lastMonitored: Metrics?
  /// Of the last whole epoch, in training mode.
  private(set) var lastTrain: Metrics?
  private(set) var stopReason: String?

  private var lossSum = 0.0
  private var examples = 0
  private var correct: Tensor?
  private var correctBefore = 0.0

  var isStopped: Bool { stopReason != nil }
  mutating func stop(_ reason: String) { stopReason = reason }

  /// - Parameters:
  ///   - correct: a one-element tensor; it is added up and read at the end of the epoch.
  ///   - count: the examples or, where the next token is predicted, tokens the loss is the mean of.
  mutating func count(loss: Double, correct right: Tensor?, predictions count: Int) throws {
    lastLoss = loss
    lossSum += loss * Double(count)
    examples += count
    guard let right else { return }
    if let correct { try correct.add(right) } else { correct = right }
  }

  private func readCorrect() -> Double? {
    guard let correct else { return correctBefore > 0 ? correctBefore : nil }
    return (try? correct.item()).map { $0 + correctBefore }
  }

  mutating func endEpoch() -> Metrics {
    let n = Double(max(examples, 1))
    let metrics = Metrics(loss: lossSum / n, accuracy: readCorrect().map { $0 / n })
    lastTrain = metrics
    lossSum = 0
    examples = 0
    correct = nil
    correctBefore = 0
    return metrics
  }

  /// Notes the monitored metrics of an epoch; true where they are the best so far.
  mutating func improves(_ metrics: Metrics, epoch: Int) -> Bool {
    lastMonitored = metrics
    if let best, !metrics.isBetter(than: best) { return false }
    best = metrics
    bestEpoch = epoch
    return true
  }

  // MARK: In a checkpoint

  init() {}

  var json: JSONValue {
    [
      "totalSamples": .int(totalSamples), "restarts": .int(restarts), "bestEpoch": .int(bestEpoch), "best": best?.state ?? .null,
      "lastMonitored": lastMonitored?.state ?? .null, "lastTrain": lastTrain?.json ?? .null, "stopReason": JSONValue(stopReason),
      "lossSum": JSONValue(lossSum), "examples": .int(examples), "correct": JSONValue(readCorrect()), "lastLoss": JSONValue(lastLoss),
    ]
  }

  init(json: JSONValue?, device: Device) throws {
    guard let json else { return }
    func integer(_ key: String) -> Int { Int(json[key]?.number ?? 0) }
    totalSamples = integer("totalSamples")
    restarts = integer("restarts")
    bestEpoch = integer("bestEpoch")
    best = Metrics(json: json["best"])
    lastMonitored = Metrics(json: json["lastMonitored"])
    lastTrain = Metrics(json: json["lastTrain"])
    stopReason = json["stopReason"]?.text
    lossSum = json["lossSum"]?.number ?? 0
    examples = integer("examples")
    correctBefore = json["correct"]?.number ?? 0
    lastLoss = json["lastLoss"]?.number ?? .nan
  }
}
