import Foundation
import PluginAPI

/// The nodes of one graph as examples: what every data set of this module is inside.
///
/// A batch of the same nodes gives the same tensors and the same graph, so that a model derives nothing anew.
final class NodeClassification: @unchecked Sendable {
  let source: NodeGraph
  let format: String
  let files: [String]
  let graph: GraphBatch.Graph
  private let lock = NSLock()
  /// Under `lock`; the last used first.
  private var recent: [(split: Split, ids: [Int], input: GraphBatch, target: Tensor)] = []

  /// Full-batch training alternates between a few sets of nodes; small batches gain nothing from a longer memory.
  private static let remembered = 4

  /// - Parameters:
  ///   - normalize: whether each node's features are divided by their sum.
  ///   - adjacency: row u has an entry for every node that sends to u.
  init(_ source: NodeGraph, format: String, files: [String], normalize: Bool, adjacency: SparseMatrix) throws {
    self.source = source
    self.format = format
    self.files = files
    guard source.classNames.count > 1 else {
      throw BasinError.badData(
        "\(source.classNames.count) classes of nodes: there is nothing to classify", file: files.first,
        advice: "Name the node attribute with the classes by --set dataset.label=NAME")
    }
    graph = GraphBatch.Graph(
      features: normalize ? source.features.rowNormalized() : source.features, adjacency: adjacency)
  }

  var facts: DatasetFacts<GraphBatch.Shape> {
    DatasetFacts(
      shape: GraphBatch.Shape(features: source.features.columns),
      task: .classification(classes: source.classNames.count),
      classNames: source.classNames)
  }

  func nodes(_ split: Split) -> [Int] {
    switch split {
    case .train: source.trainIndices
    case .validation: source.validationIndices
    case .test: source.testIndices
    }
  }

  func labels(_ split: Split) -> [Int32] { nodes(split).map { source.labels[$0] } }

  func batch(_ ids: [Int], of split: Split) throws -> (input: GraphBatch, target: Tensor) {
    lock.lock()
    defer { lock.unlock() }
    if let index = recent.firstIndex(where: { $0.split == split && $0.ids == ids }) {
      let found = recent[index]
      if index > 0 { recent.insert(recent.remove(at: index), at: 0) }
      return (found.input, found.target)
    }
    let known = nodes(split)
    let nodes = try ids.map { id in
      guard known.indices.contains(id) else {
        throw BasinError.internalError("example \(id) is asked for, but the \(split.rawValue) split has \(known.count)")
      }
      return known[id]
    }
    let input = GraphBatch(graph: graph, nodes: try Tensor(nodes.map { Int64($0) }))
    let target = try Tensor(nodes.map { Int64(source.labels[$0]) })
    if recent.count >= Self.remembered { recent.removeLast() }
    recent.insert((split, ids, input, target), at: 0)
    return (input, target)
  }

  func inspection() -> DataInspection {
    var result = DataInspection(format: format)
    result.graphs = 1
    result.nodes = source.nodeCount
    result.edges = source.edgeCount
    result.directed = source.isDirected
    result.nodeAttributes = source.nodeAttributes
    result.edgeAttributes = source.edgeAttributes
    result.classes = source.classNames.count
    result.examples = Dictionary(uniqueKeysWithValues: Split.allCases.map { ($0.rawValue, nodes($0).count) })
    result.shape = "\(facts.shape)"
    result.warnings = source.warnings.map {
      DataInspection.Warning(line: $0.line, column: $0.column, message: $0.message)
    }
    return result
  }
}

/// A data set made of the nodes of one graph.
protocol NodeDataset: Dataset where Input == GraphBatch {
  var content: NodeClassification { get }
}

extension NodeDataset {
  public var facts: DatasetFacts<GraphBatch.Shape> { content.facts }
  public func count(_ split: Split) -> Int { content.nodes(split).count }
  public func labels(_ split: Split) -> [Int32]? { content.labels(split) }
  public var files: [String] { content.files }
  public func inspection() throws -> DataInspection { content.inspection() }

  public func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: GraphBatch, target: Tensor)
  {
    try content.batch(ids, of: split)
  }
}
