import PluginAPI

/// What a module says of itself in its own bytes, so that `list` can name its models without loading it.
///
/// In the library it is `BASIN-MODULE-MANIFEST {...} END-BASIN-MODULE-MANIFEST`, one JSON object between two marks.
/// Only `name` has to be there; unknown keys are ignored.
public struct ModuleManifest: Codable, Hashable, Sendable {
  /// Short name: letters, digits, `-`, `_`, `.`; at most 64. Used as in `graph/gcn`.
  public var name: String
  public var version: String
  /// One sentence.
  public var summary: String
  /// The domain it brings; empty where it only adds to others'.
  public var domain: String
  public var models: [String]
  public var datasets: [String]
  public var methods: [String]
  /// Optimizers, those that go around another among them.
  public var optimizers: [String]
  public var schedules: [String]
  /// Averaging policies.
  public var averagings: [String]
  /// File formats it reads: `graphml`.
  public var formats: [String]
  /// Benchmarks known by name: `basin bench --preset NAME`.
  public var experiments: [String]
  /// Names of the modules that have to be loaded before it.
  public var requires: [String]
  /// The compiler in words, for messages; usually left out.
  public var compiler: String?

  public init(
    name: String, version: String = "", summary: String = "", domain: String = "", models: [String] = [],
    datasets: [String] = [], methods: [String] = [], optimizers: [String] = [], schedules: [String] = [],
    averagings: [String] = [], formats: [String] = [], experiments: [String] = [], requires: [String] = [],
    compiler: String? = nil
  ) {
    self.name = name
    self.version = version
    self.summary = summary
    self.domain = domain
    self.models = models
    self.datasets = datasets
    self.methods = methods
    self.optimizers = optimizers
    self.schedules = schedules
    self.averagings = averagings
    self.formats = formats
    self.experiments = experiments
    self.requires = requires
    self.compiler = compiler
  }

  private enum CodingKeys: String, CodingKey {
    case name, version, summary, domain, models, datasets, methods, optimizers, schedules, averagings, formats
    case experiments, requires, compiler
  }

  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func text(_ key: CodingKeys) throws -> String { try values.decodeIfPresent(String.self, forKey: key) ?? "" }
    func list(_ key: CodingKeys) throws -> [String] { try values.decodeIfPresent([String].self, forKey: key) ?? [] }
    self.init(
      name: try values.decode(String.self, forKey: .name), version: try text(.version), summary: try text(.summary),
      domain: try text(.domain), models: try list(.models), datasets: try list(.datasets),
      methods: try list(.methods), optimizers: try list(.optimizers), schedules: try list(.schedules),
      averagings: try list(.averagings), formats: try list(.formats), experiments: try list(.experiments),
      requires: try list(.requires), compiler: try values.decodeIfPresent(String.self, forKey: .compiler))
    try check(values)
  }

  /// Names end up in paths, tables and terminals: nothing that could break those gets in.
  private func check(_ values: KeyedDecodingContainer<CodingKeys>) throws {
    guard Self.isName(name) else {
      throw DecodingError.dataCorruptedError(
        forKey: .name, in: values, debugDescription: "a name has 1 to 64 letters, digits, '-', '_' or '.'")
    }
    let lists: [(CodingKeys, [String])] = [
      (.models, models), (.datasets, datasets), (.methods, methods), (.optimizers, optimizers), (.schedules, schedules),
      (.averagings, averagings), (.formats, formats), (.experiments, experiments), (.requires, requires),
      (.version, [version]), (.summary, [summary]), (.domain, [domain]), (.compiler, compiler.map { [$0] } ?? []),
    ]
    for (key, texts) in lists where !texts.allSatisfy(Self.isPrintable) {
      throw DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: "it has control characters")
    }
  }

  private static func isName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count) && text != "." && text != ".."
      && text.utf8.allSatisfy {
        0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 || [0x2D, 0x2E, 0x5F].contains($0)
      }
  }

  private static func isPrintable(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
  }
}

extension ModuleManifest {
  /// What is said of each kind beside what was registered, for the names to be compared.
  func parts(beside offered: Registry) -> [(kind: String, said: [String], registered: [String])] {
    [
      ("models", models, offered.models.map(\.name)),
      ("datasets", datasets, offered.datasets.filter { !$0.isFormat }.map(\.name)),
      ("formats", formats, offered.datasets.filter(\.isFormat).map(\.name)),
      ("methods", methods, offered.methods.map(\.name)),
      ("optimizers", optimizers, offered.optimizers.map(\.name) + offered.wrappers.map(\.name)),
      ("schedules", schedules, offered.schedules.map(\.name)),
      ("averagings", averagings, offered.averagings.map(\.name)),
      ("experiments", experiments, offered.experiments.map(\.experiment.name)),
    ]
  }
}
