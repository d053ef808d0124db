extension ReportDocument {
  /// What one run came to.
  public struct Run: Codable, Sendable {
    public enum Status: String, Codable, Sendable, CaseIterable {
      case finished
      /// It ended with an error, or was killed.
      case failed
      /// It ran past its limit of time, or made no progress.
      case timedOut
      case outOfMemory
      /// It was not started yet, or is running.
      case pending
    }

    /// The weights that figures are of.
    public enum Weights: String, Codable, Sendable, CaseIterable {
      /// Those of the last step.
      case last
      /// The best by validation.
      case selected
      /// The method's average.
      case averaged
    }

    /// Figures by the metric's name.
    public struct Scores: Codable, Sendable {
      public var validation, test: [String: Double]
      public init(validation: [String: Double] = [:], test: [String: Double] = [:]) {
        self.validation = validation
        self.test = test
      }
    }

    /// Wall-clock seconds by part.
    public struct Seconds: Codable, Sendable {
      /// From the start of the process to its end.
      public var total: Double
      /// Forward, backward and optimizer steps; waiting for data; evaluations; taking samples of the weights; passes that
      /// estimate normalization statistics again.
      public var train, data, evaluate, average, bnUpdate: Double
      public init(
        total: Double, train: Double = 0, data: Double = 0, evaluate: Double = 0, average: Double = 0, bnUpdate: Double = 0
      ) {
        self.total = total
        self.train = train
        self.data = data
        self.evaluate = evaluate
        self.average = average
        self.bnUpdate = bnUpdate
      }

      /// All that the method is to be billed for.
      public var billed: Double { train + data + evaluate + average + bnUpdate }
    }

    /// An evaluation along the way; of the workload's metric.
    public struct CurvePoint: Codable, Sendable {
      public var epoch: Double
      public var step: Int
      /// Seconds of training and data so far, evaluations and averaging left out: the report bills those on top.
      public var seconds: Double?
      public var trainLoss, validation, test: Double?
      /// Validation of the method's average, where it was evaluated.
      public var averaged: Double?
      public init(
        epoch: Double, step: Int, seconds: Double? = nil, trainLoss: Double? = nil, validation: Double? = nil,
        test: Double? = nil, averaged: Double? = nil
      ) {
        self.epoch = epoch
        self.step = step
        self.seconds = seconds
        self.trainLoss = trainLoss
        self.validation = validation
        self.test = test
        self.averaged = averaged
      }
    }

    /// What the run is known by, such as the hash of what determines it. Unique.
    public var id: String
    /// `Workload.id` and `Method.name`.
    public var workload, method: String
    /// Of the seed or split; runs of the same are paired.
    public var seed: Int
    public var status: Status
    /// Why it did not finish, in words.
    public var message: String?
    /// How often it was started.
    public var attempts: Int
    /// The weights the method is for.
    public var counts: Weights
    public var last, selected, averaged: Scores?
    /// By the observer's name.
    public var observed: [String: Scores]
    public var seconds: Seconds?
    public var peakMemoryBytes: Int?
    public var curve: [CurvePoint]
    /// The run whose trajectory it shares: its costs are that run's but for the averaging.
    public var sharesTrajectoryOf: String?
    /// What runs it alone.
    public var command: String?

    public init(
      id: String, workload: String, method: String, seed: Int, status: Status, message: String? = nil, attempts: Int = 1,
      counts: Weights = .last, last: Scores? = nil, selected: Scores? = nil, averaged: Scores? = nil,
      observed: [String: Scores] = [:], seconds: Seconds? = nil, peakMemoryBytes: Int? = nil, curve: [CurvePoint] = [],
      sharesTrajectoryOf: String? = nil, command: String? = nil
    ) {
      self.id = id
      self.workload = workload
      self.method = method
      self.seed = seed
      self.status = status
      self.message = message
      self.attempts = attempts
      self.counts = counts
      self.last = last
      self.selected = selected
      self.averaged = averaged
      self.observed = observed
      self.seconds = seconds
      self.peakMemoryBytes = peakMemoryBytes
      self.curve = curve
      self.sharesTrajectoryOf = sharesTrajectoryOf
      self.command = command
    }

    public func scores(_ weights: Weights) -> Scores? {
      switch weights {
      case .last: last
      case .selected: selected
      case .averaged: averaged
      }
    }

    /// The test figure the run counts with: of the weights the method is for. Nil where it did not finish, and for what is
    /// not a finite number.
    public func value(_ metric: String) -> Double? {
      guard status == .finished else { return nil }
      return scores(counts)?.test[metric].flatMap { $0.isFinite ? $0 : nil }
    }
  }
}
