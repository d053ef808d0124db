/// How a run, or one attempt at it, ended.
public enum RunStatus: String, Codable, Sendable, CaseIterable {
  case finished
  /// Ended by a signal that nobody here sent.
  case crashed
  /// Ended by itself with an exit status: bad options, missing data, a loss that is not a number.
  case refused
  case timedOut = "timed out"
  case outOfMemory = "out of memory"
  /// Ended because it made no progress any more.
  case stuck
}

/// A run as stored.
public struct StoredRun: Codable, Hashable, Sendable {
  /// SHA-256 of what determines it: configuration with threads and seed, data, code, plug-ins.
  public var hash: String
  /// SHA-256 of what was asked for: the same without data and code. Runs of one cell are the same question.
  public var cell: String
  /// SHA-256 of the case: everything but method and seed.
  public var workload: String
  public var domain, model, dataset, method: String
  /// What a method of one's own consists of; nil for a method that is what its name says.
  public var methodParts: String?
  public var seed: Int
  /// Canonical JSON.
  public var configuration: String
  /// Of the data's files; `generated` where there are none, `absent` where they could not be read.
  public var dataSHA256: String?
  /// The code that decides results.
  public var code: String
  public var status: RunStatus
  /// Why it is not finished.
  public var reason: String?
  public var attempts: Int
  /// What the run counts with: `accuracy`, or the data set's main metric.
  public var metric: String?
  /// That metric of the weights the method is for: its average where it makes one, else those of the last step.
  public var test, validation: Double?
  /// The same of the weights of the last step.
  public var lastTest, lastValidation: Double?
  /// Seconds this run costs by itself: its training, evaluations, averages and passes over statistics.
  public var seconds: Double
  /// Its part of the time that really passed; less than `seconds` where a trajectory was shared.
  public var wallSeconds: Double
  /// How many runs shared its trajectory, itself among them.
  public var sharedBy: Int
  /// The run that was trained for it, by its hash; nil: itself.
  public var trajectory: String?
  /// SHA-256 of its results: equal where two computed the same, whatever the time it took.
  public var digest: String?
  /// JSON: `summary.json`.
  public var summary: String?
  /// Relative to the benchmark's folder.
  public var directory: String?
  public var environment: Int64
  /// UTC, ISO 8601.
  public var startedAt, endedAt: String

  public init(
    hash: String, cell: String, workload: String, domain: String, model: String, dataset: String, method: String,
    methodParts: String? = nil, seed: Int, configuration: String, dataSHA256: String? = nil, code: String, status: RunStatus,
    reason: String? = nil, attempts: Int = 1, metric: String? = nil, test: Double? = nil, validation: Double? = nil,
    lastTest: Double? = nil, lastValidation: Double? = nil, seconds: Double, wallSeconds: Double, sharedBy: Int = 1,
    trajectory: String? = nil, digest: String? = nil, summary: String? = nil, directory: String? = nil, environment: Int64 = 0, startedAt: String,
    endedAt: String
  ) {
    self.hash = hash
    self.cell = cell
    self.workload = workload
    self.domain = domain
    self.model = model
    self.dataset = dataset
    self.method = method
    self.methodParts = methodParts
    self.seed = seed
    self.configuration = configuration
    self.dataSHA256 = dataSHA256
    self.code = code
    self.status = status
    self.reason = reason
    self.attempts = attempts
    self.metric = metric
    self.test = test
    self.validation = validation
    self.lastTest = lastTest
    self.lastValidation = lastValidation
    self.seconds = seconds
    self.wallSeconds = wallSeconds
    self.sharedBy = sharedBy
    self.trajectory = trajectory
    self.digest = digest
    self.summary = summary
    self.directory = directory
    self.environment = environment
    self.startedAt = startedAt
    self.endedAt = endedAt
  }
}

/// One try at a run.
public struct StoredAttempt: Codable, Hashable, Sendable {
  public var run: String
  /// From 1.
  public var number: Int
  public var status: RunStatus
  public var reason: String?
  public var exitStatus, signal: Int?
  public var seconds: Double
  public var peakMemoryBytes: Int?
  public var startedAt: String
  /// Relative to the benchmark's folder.
  public var log: String?

  public init(
    run: String, number: Int, status: RunStatus, reason: String? = nil, exitStatus: Int? = nil, signal: Int? = nil,
    seconds: Double, peakMemoryBytes: Int? = nil, startedAt: String, log: String? = nil
  ) {
    self.run = run
    self.number = number
    self.status = status
    self.reason = reason
    self.exitStatus = exitStatus
    self.signal = signal
    self.seconds = seconds
    self.peakMemoryBytes = peakMemoryBytes
    self.startedAt = startedAt
    self.log = log
  }
}

/// A model on a data set with everything decided but method and seed.
public struct StoredWorkload: Codable, Hashable, Sendable {
  public var hash: String
  public var domain, model, dataset: String
  /// Canonical JSON.
  public var document: String

  public init(hash: String, domain: String, model: String, dataset: String, document: String) {
    self.hash = hash
    self.domain = domain
    self.model = model
    self.dataset = dataset
    self.document = document
  }
}

/// The files of a data set at one time, and their hash.
public struct StoredData: Codable, Hashable, Sendable {
  /// Of the data set's name, its options and the folder it was looked for in.
  public var key: String
  public var dataset: String
  /// nil: generated, there are no files.
  public var sha256: String?
  /// JSON: paths, sizes and times of change.
  public var files: String

  public init(key: String, dataset: String, sha256: String?, files: String) {
    self.key = key
    self.dataset = dataset
    self.sha256 = sha256
    self.files = files
  }
}
