import Foundation

/// All that a report is made of: what was compared on which machine, and what every run came to. The report computes the
/// rest from it.
public struct ReportDocument: Codable, Sendable {
  public var title: String
  /// When the last run ended.
  public var date: Date
  public var environment: Environment
  /// What makes the same results again, in order.
  public var commands: [Command]
  /// The name of the method that the others are compared with; where it is not among `methods`, the first of them.
  public var reference: String
  public var workloads: [Workload]
  public var methods: [Method]
  /// In any order. Of several runs of one workload, method and seed the last that finished counts.
  public var runs: [Run]
  /// Pictures such as loss landscapes.
  public var figures: [Figure]
  /// What else a reader must know, a paragraph each.
  public var notes: [String]

  public init(
    title: String, date: Date, environment: Environment, commands: [Command] = [], reference: String,
    workloads: [Workload], methods: [Method], runs: [Run], figures: [Figure] = [], notes: [String] = []
  ) {
    self.title = title
    self.date = date
    self.environment = environment
    self.commands = commands
    self.reference = reference
    self.workloads = workloads
    self.methods = methods
    self.runs = runs
    self.figures = figures
    self.notes = notes
  }
}

extension ReportDocument {
  /// Where it ran, and with what.
  public struct Environment: Codable, Sendable {
    public struct Item: Codable, Sendable {
      public var name, value: String
      public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
      }
    }

    public struct Module: Codable, Sendable {
      public var name: String
      public var version: String?
      /// Where it came from: with the program, a path, a repository.
      public var origin: String
      public init(name: String, version: String? = nil, origin: String) {
        self.name = name
        self.version = version
        self.origin = origin
      }
    }

    /// Processor, memory, system, threads a run, and the like.
    public var machine: [Item]
    public var versions: [Item]
    public var modules: [Module]

    public init(machine: [Item] = [], versions: [Item] = [], modules: [Module] = []) {
      self.machine = machine
      self.versions = versions
      self.modules = modules
    }
  }

  public struct Command: Codable, Sendable {
    /// What it does, such as `All runs and this report`.
    public var purpose: String
    /// As typed into a shell; may have several lines.
    public var text: String
    public init(purpose: String, text: String) {
      self.purpose = purpose
      self.text = text
    }
  }

  /// A model on a data set, with the figure that counts.
  public struct Workload: Codable, Sendable {
    /// What runs name it by.
    public var id: String
    public var domain, model, dataset: String
    /// What tells it from another of the same model and data set; empty where nothing does.
    public var label: String
    public var metric: Metric
    /// How a seed divides the data, in words, such as `10 folds`; nil: all runs have the same division.
    public var division: String?
    /// The validation figure that counts as reached for times to target; nil: what the reference has at the end of its
    /// curves, on average.
    public var target: Double?
    /// SHA-256 or the like of the data.
    public var dataHash: String?

    public init(
      id: String, domain: String, model: String, dataset: String, label: String = "", metric: Metric = .accuracy,
      division: String? = nil, target: Double? = nil, dataHash: String? = nil
    ) {
      self.id = id
      self.domain = domain
      self.model = model
      self.dataset = dataset
      self.label = label
      self.metric = metric
      self.division = division
      self.target = target
      self.dataHash = dataHash
    }

    public var title: String { "\(model) on \(dataset)" + (label.isEmpty ? "" : " (\(label))") }
  }

  public struct Metric: Codable, Sendable, Hashable {
    /// The key in the runs' scores.
    public var name: String
    public var higherIsBetter: Bool
    /// Whether values are fractions from 0 (or -1) to 1, told in hundredths: differences are then in points.
    public var isFraction: Bool

    public init(name: String, higherIsBetter: Bool = true, isFraction: Bool = true) {
      self.name = name
      self.higherIsBetter = higherIsBetter
      self.isFraction = isFraction
    }

    public static let accuracy = Metric(name: "accuracy")
  }

  public struct Method: Codable, Sendable {
    public var name: String
    /// What it is, in a line.
    public var summary: String
    public init(name: String, summary: String = "") {
      self.name = name
      self.summary = summary
    }
  }

  /// A picture in the report.
  public struct Figure: Codable, Sendable {
    public enum Content: Codable, Sendable {
      /// An SVG document; shown as an image, so that nothing in it runs.
      case svg(String)
      case png(Data)
    }

    public var title: String
    /// What it shows, for those who cannot see it too.
    public var caption: String
    public var content: Content
    public init(title: String, caption: String, content: Content) {
      self.title = title
      self.caption = caption
      self.content = content
    }
  }
}
