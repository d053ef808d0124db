import Foundation
import PluginAPI

/// The nodes of one graph, or whole graphs, as examples: what every data set of this module is inside.
///
/// All graphs lie in one packing; a batch is numbers of nodes or of graphs in it, and copies nothing. A batch of the same
/// examples gives the same tensors and the same graph, so that a model derives nothing anew.
final class GraphExamples: @unchecked Sendable {
  let level: GraphBatch.Level
  let targets: Targets
  let files: [String]
  private let splits: [Split: [Int]]
  private var described: DataInspection
  /// Kept where the numbers among them are to be standardized over the training examples.
  private let unscaled: NodeFeatures?
  private let lock = NSLock()
  /// Under `lock`.
  private var packed: GraphBatch.Graph
  /// Under `lock`; the last used first.
  private var recent: [(split: Split, ids: [Int], input: GraphBatch, target: Tensor)] = []

  /// Full-batch training alternates between a few sets of nodes; small batches gain nothing from a longer memory.
  private static let remembered = 4

  /// - Parameters:
  ///   - targets: of each node or graph.
  ///   - splits: numbers of nodes or graphs; those whose target is not known are left out.
  ///   - described: what an inspection tells, but for shape, classes and examples.
  ///   - unscaled: the features before standardization, where that is wanted.
  ///   - advice: where there is nothing to learn.
  ///
  /// Where there is nothing to learn no example is in any split, so that such data can be looked at; the first warning says why.
  init(
    _ graph: GraphBatch.Graph, level: GraphBatch.Level, targets: Targets, splits: [Split: [Int]], files: [String],
    described: DataInspection, unscaled: NodeFeatures? = nil, advice: String? = nil
  ) throws {
    packed = graph
    self.level = level
    self.targets = targets
    self.files = files
    self.described = described
    self.unscaled = unscaled
    let known = splits.mapValues { $0.filter(targets.isKnown) }
    var obstacle: String?
    if case .classes(_, let names) = targets, names.count < 2 {
      obstacle = "\(names.count) classes of \(level.rawValue)s: there is nothing to classify"
    } else if known[.train]?.isEmpty ?? true {
      obstacle = "no \(level.rawValue) with a target is for training"
    }
    self.splits = obstacle == nil ? known : [:]
    if let obstacle {
      self.described.warnings.insert(.init(message: obstacle + (advice.map { ". \($0)" } ?? "")), at: 0)
    }
  }

  var graph: GraphBatch.Graph { lock.withLock { packed } }

  var facts: DatasetFacts<GraphBatch.Shape> {
    let graph = graph
    return DatasetFacts(
      shape: GraphBatch.Shape(
        features: graph.features.columns, level: level, meanNodes: Double(graph.nodes) / Double(max(graph.graphs, 1)),
        edgeFeatures: graph.edgeFeatures?.columns ?? 0),
      task: targets.task, classNames: targets.classNames)
  }

  /// The nodes or graphs of a split.
  func items(_ split: Split) -> [Int] { splits[split] ?? [] }

  func labels(_ split: Split) -> [Int32]? { targets.classes(items(split)) }

  /// Standardizes by the training examples, where that is wanted.
  func fit(training: [Int]) throws {
    guard let unscaled else { return }
    let items = items(.train)
    let graph = graph
    let nodes = training.map { id in
      level == .node ? items[id]..<items[id] + 1 : graph.graphPointers[items[id]]..<graph.graphPointers[items[id] + 1]
    }
    let features = try unscaled.standardized(over: nodes).matrix()
    let scaled = try GraphBatch.Graph(
      features: features, adjacency: graph.adjacency, graphPointers: graph.graphPointers,
      edgeFeatures: graph.edgeFeatures)
    lock.withLock {
      packed = scaled
      recent = []
    }
  }

  func batch(_ ids: [Int], of split: Split) throws -> (input: GraphBatch, target: Tensor) {
    lock.lock()
    defer { lock.unlock() }
    if let index = recent.firstIndex(where: { $0.split == split && $0.ids == ids }) {
      let found = recent[index]
      if index > 0 { recent.insert(recent.remove(at: index), at: 0) }
      return (found.input, found.target)
    }
    let known = items(split)
    let items = try ids.map { id in
      guard known.indices.contains(id) else {
        throw BasinError.internalError("example \(id) is asked for, but the \(split.rawValue) split has \(known.count)")
      }
      return known[id]
    }
    let numbers = try Tensor(items.map { Int64($0) })
    let input = level == .node ? GraphBatch(graph: packed, nodes: numbers) : GraphBatch(graph: packed, graphs: numbers)
    let target = try targets.tensor(items)
    // The batches of an epoch come in an order of their own, and not again.
    if level == .graph, zip(ids, ids.dropFirst()).contains(where: >) { return (input, target) }
    if recent.count >= Self.remembered { recent.removeLast() }
    recent.insert((split, ids, input, target), at: 0)
    return (input, target)
  }

  func inspection() -> DataInspection {
    var result = described
    result.classes = targets.classNames.isEmpty ? nil : targets.classNames.count
    result.examples = Dictionary(uniqueKeysWithValues: Split.allCases.map { ($0.rawValue, items($0).count) })
    result.shape = "\(facts.shape), \(facts.task)"
    return result
  }
}

/// A data set made of the nodes of a graph, or of many graphs.
protocol GraphDataset: Dataset where Input == GraphBatch {
  var content: GraphExamples { get }
}

extension GraphDataset {
  public var facts: DatasetFacts<GraphBatch.Shape> { content.facts }
  public func count(_ split: Split) -> Int { content.items(split).count }
  public func labels(_ split: Split) -> [Int32]? { content.labels(split) }
  public mutating func fit(training: [Int]) throws { try content.fit(training: training) }
  public var files: [String] { content.files }
  public func inspection() throws -> DataInspection { content.inspection() }

  public func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: GraphBatch, target: Tensor)
  {
    try content.batch(ids, of: split)
  }
}

extension DataInspection {
  init(format: String, _ graph: NodeGraph) {
    self.init(format: format)
    graphs = 1
    (nodes, edges, directed) = (graph.nodeCount, graph.edgeCount, graph.isDirected)
    (nodeAttributes, edgeAttributes) = (graph.nodeAttributes, graph.edgeAttributes)
    warnings = graph.warnings.map { Warning(line: $0.line, column: $0.column, message: $0.message) }
  }

  init(format: String, _ collection: GraphCollection, structure: [ReadWarning] = []) {
    self.init(format: format)
    graphs = collection.graphCount
    (nodes, edges, directed) = (collection.nodeCount, collection.edgeCount, collection.isDirected)
    (nodeAttributes, edgeAttributes) = (collection.nodeAttributes.map(\.name), collection.edgeAttributes.map(\.name))
    warnings = (collection.warnings + structure).map { Warning(line: $0.line, column: $0.column, message: $0.message) }
  }
}
