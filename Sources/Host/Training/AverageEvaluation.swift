import PluginAPI

/// What an average of weights is worth: its metrics on validation and test data.
struct AverageEvaluation {
  let model: ModelState
  private var run: PreparedRun { model.run }

  struct Outcome {
    /// What the summary says of it.
    let json: [String: JSONValue]
    /// Every tensor of the model with the average in it and its statistics re-estimated.
    let tensors: [(name: String, tensor: Tensor)]
  }

  /// Evaluates an average; the model's tensors are as before afterwards.
  ///
  /// A distribution over weights is evaluated by the mean prediction of its draws, each with statistics of its own; its mean
  /// is reported beside that.
  ///
  /// - Parameters:
  ///   - moment: distinguishes what is random from other such passes of the run.
  ///   - timing: puts the statistics pass on the right clock.
  /// - Returns: nil for an average without a sample.
  func callAsFunction(
    _ averager: any Averager, moment: Int, watch: inout Stopwatch
  ) throws -> Outcome? {
    guard let average = try averager.average() else { return nil }
    let draws = try drawn(averager, moment: moment, watch: &watch)
    return try model.restoringTensors {
      try model.assign(average)
      let pass = try watch.measure(.bnUpdate) { try model.updateStatistics(moment) }
      let metrics = try watch.measure(.evaluate) { try metricsOfParts() }
      var json: [String: JSONValue] = ["samples": .int(averager.samples), "normalization": pass?.json(run.configuration.bnUpdate) ?? .null]
      if let draws {
        json["mean"] = .object(metrics)
        json["draws"] = .int(draws.count)
        json.merge(draws.metrics) { $1 }
      } else {
        json.merge(metrics) { $1 }
      }
      return Outcome(json: json, tensors: try run.copyTensors())
    }
  }

  private var parts: [(name: String, part: Splits.Part?)] {
    [("validation", run.splits.validation), ("test", run.splits.test)]
  }

  private func metricsOfParts() throws -> [String: JSONValue] {
    var json: [String: JSONValue] = [:]
    for (name, part) in parts { json[name] = try part.map { try run.evaluation.metrics($0) }?.json ?? .null }
    return json
  }

  private func drawn(
    _ averager: any Averager, moment: Int, watch: inout Stopwatch
  ) throws -> (count: Int, metrics: [String: JSONValue])? {
    guard let sampling = averager as? any SamplingAverager, sampling.draws > 0 else { return nil }
    let evaluation = run.evaluation
    return try model.restoringTensors {
      var sums: [String: [Tensor]] = [:]
      for index in 0..<sampling.draws {
        guard let weights = try sampling.draw(run.random["draw"][index]) else { return nil }
        try model.assign(weights)
        _ = try watch.measure(.bnUpdate) { try model.updateStatistics(moment) }
        try watch.measure(.evaluate) {
          for (name, part) in parts {
            guard let part else { continue }
            let probabilities = try run.locatingErrors { try evaluation.probabilities(part) }
            if let sum = sums[name] {
              for (total, new) in zip(sum, probabilities) { try total.add(new) }
            } else {
              sums[name] = probabilities
            }
          }
        }
        if Interruption.isRequested { throw Interrupted(checkpoint: nil) }
      }
      var json: [String: JSONValue] = [:]
      for (name, part) in parts {
        json[name] = try part.flatMap { part in
          try sums[name].map { sum in
            let predictions = try sum.map { try run.objective.prediction(of: $0 / Double(sampling.draws)) }
            return try evaluation.metrics(part, of: predictions).json
          }
        } ?? .null
      }
      return (sampling.draws, json)
    }
  }
}
