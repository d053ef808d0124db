import PluginAPI

/// A rule whose tables make the steps of those rows alone that are read (``LazyTable``), and whose other parameters make
/// ordinary ones.
///
/// Its state is that of the ordinary rule over all parameters, so a run may go on with either.
public final class RowwiseRule: LaggingRule {
  private let inner: any UpdateRule
  private let tables: [any LazyTable]
  private let innerPaths: [String]
  private let countsSteps: Bool

  /// Tables with fewer rows gain nothing.
  public static let fewestRows = 64

  /// The rule of all `parameters`, rowwise for those that are tables where the optimizer can.
  ///
  /// - Parameters:
  ///   - fewestRows: of a table; a smaller one is an ordinary parameter.
  ///   - make: makes the optimizer of some of the parameters.
  public static func make(
    _ parameters: [NamedTensor], fewestRows: Int = RowwiseRule.fewestRows,
    _ make: ([NamedTensor]) throws -> any UpdateRule
  ) throws -> any UpdateRule {
    let isTable = { (item: NamedTensor) in item.rows != nil && (item.tensor.shape.first ?? 0) >= fewestRows }
    guard parameters.contains(where: isTable), let optimizer = (try? make([])) as? any RowwiseOptimizer else {
      return try make(parameters)
    }
    let tables = parameters.filter(isTable).compactMap { table($0, optimizer) }
    guard !tables.isEmpty else { return try make(parameters) }
    let others = parameters.filter { item in !tables.contains { $0.path == item.path } }
    return RowwiseRule(
      try make(others), tables, innerPaths: others.filter { $0.role == .parameter }.map(\.path),
      countsSteps: type(of: optimizer).countsSteps)
  }

  private static func table<O: RowwiseOptimizer>(_ parameter: NamedTensor, _ optimizer: O) -> (any LazyTable)? {
    optimizer.takesRows ? OptimizerTable(parameter, optimizer) : nil
  }

  private init(_ inner: any UpdateRule, _ tables: [any LazyTable], innerPaths: [String], countsSteps: Bool) {
    self.inner = inner
    self.tables = tables
    self.innerPaths = innerPaths
    self.countsSteps = countsSteps
  }

  public func step(learningRate: Double) throws {
    try LibTorch.withoutGradient {
      try inner.step(learningRate: learningRate)
      for table in tables { try table.step(learningRate: learningRate) }
    }
  }

  public func settle() throws { for table in tables { try table.settle() } }

  public func reset() throws {
    try inner.reset()
    for table in tables { try table.reset() }
  }

  // MARK: State

  public var state: OptimizerState {
    get throws {
      var state = try inner.state
      for table in tables { state.tensors.merge(try table.savedBuffers()) { $1 } }
      guard countsSteps else { return state }
      var counts = Dictionary(uniqueKeysWithValues: tables.map { ($0.path, $0.count) })
      let innerStep = state.counters["step"] ?? 0
      for path in innerPaths { counts[path] = state.counters["step/\(path)"] ?? innerStep }
      let step = counts.values.max() ?? 0
      state.counters = ["step": step]
      for (path, count) in counts where count != step { state.counters["step/\(path)"] = count }
      return state
    }
  }

  public func restore(_ state: OptimizerState) throws {
    var part = state
    var counts: [Int] = []
    for table in tables {
      for name in state.tensors.keys where name.hasSuffix("/" + table.path) {
        // `a/b.weight` ends with the path of another parameter where one's path holds a slash; none does.
        part.tensors[name] = nil
      }
      let own = "step/\(table.path)"
      counts.append(state.counters[own] ?? state.counters["step"] ?? 0)
      part.counters[own] = nil
    }
    try inner.restore(part)
    for (table, count) in zip(tables, counts) {
      guard count >= 0 else {
        throw BasinError.badData("the saved state has no sound step count", advice: "It was saved with another optimizer")
      }
      var own = OptimizerState()
      own.tensors = state.tensors.filter { $0.key.hasSuffix("/" + table.path) }
      try table.restore(own, count: count)
    }
  }
}
