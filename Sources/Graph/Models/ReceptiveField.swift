import PluginAPI

/// The part of a graph that the predictions for some nodes depend on, layer by layer.
///
/// A network of L layers sees the L-step neighbourhood of the nodes it is asked about; everything else is left out of
/// the computation, which changes no result. With 140 training nodes of Cora the last layer computes 140 rows of 2,708
/// and the first about 1,700.
public final class ReceptiveField: @unchecked Sendable {
  /// The message passing of each layer, the first layer's first.
  public let layers: [Aggregation]
  /// The features of the whole graph.
  public let features: CompressedRows
  /// The transpose of the features of the nodes the first layer reads; values by place in ``features``.
  public let featuresTransposed: CompressedRows
  /// Those nodes, in memory that does not move.
  let readNodes: UnsafeMutablePointer<Int32>
  public let readCount: Int

  /// - Throws: `BasinError` for a node that is not in the graph.
  init(_ nodes: [Int64], depth: Int, graph: DerivedGraph) throws {
    var outputs: [Int32] = []
    outputs.reserveCapacity(nodes.count)
    for node in nodes {
      guard node >= 0, node < graph.adjacency.rows else {
        throw BasinError.internalError(
          "node \(node) is asked about, but the graph has nodes 0 to \(graph.adjacency.rows - 1)")
      }
      outputs.append(Int32(truncatingIfNeeded: node))
    }
    var position = [Int32](repeating: -1, count: graph.adjacency.rows)
    var layers: [Aggregation] = []
    for _ in 0..<depth {
      // Once a layer reads just what it gives, so do all layers before it.
      if let last = layers.last, last.inputs == last.outputs {
        layers.append(last)
        continue
      }
      let layer = try Aggregation(outputs: outputs, of: graph.adjacency, position: &position)
      outputs = layer.inputs
      layers.append(layer)
    }
    self.layers = layers.reversed()
    features = graph.rows
    featuresTransposed = try CompressedRows(transposing: outputs, of: graph.graph.features)
    readCount = outputs.count
    readNodes = .allocate(capacity: max(outputs.count, 1))
    readNodes.initialize(from: outputs, count: outputs.count)
  }

  deinit { readNodes.deallocate() }
}

/// What a network derives from a graph once.
final class DerivedGraph {
  let graph: GraphBatch.Graph
  /// Renormalized.
  let adjacency: SparseMatrix
  let rows: CompressedRows

  init(_ graph: GraphBatch.Graph) throws {
    guard graph.features.rows == graph.adjacency.rows else {
      throw BasinError.badData("features of \(graph.features.rows) nodes do not fit a graph of \(graph.adjacency.rows)")
    }
    self.graph = graph
    adjacency = try graph.adjacency.renormalized()
    rows = try CompressedRows(graph.features)
  }
}

/// Keeps the receptive fields of the batches used last, so that training on one graph derives nothing twice.
///
/// Found by identity of the graph and the tensor of nodes, else by the nodes' values. Few are kept; not thread-safe.
public final class ReceptiveFieldCache {
  private struct Entry {
    let graph: DerivedGraph
    let nodes: Tensor
    let values: [Int64]
    let field: ReceptiveField
  }

  /// The last used first.
  private var entries: [Entry] = []
  private let capacity: Int

  /// - Parameter capacity: how many fields are kept: those of three splits, and one to spare.
  public init(capacity: Int = 4) { self.capacity = max(capacity, 1) }

  /// How many fields are kept at present.
  public var count: Int { entries.count }

  public func field(of batch: GraphBatch, depth: Int) throws -> ReceptiveField {
    if let first = entries.first, first.graph.graph === batch.graph, first.nodes.isIdentical(to: batch.nodes) {
      return first.field
    }
    if let index = entries.firstIndex(where: {
      $0.graph.graph === batch.graph && $0.nodes.isIdentical(to: batch.nodes)
    }) {
      return use(entries.remove(at: index))
    }
    let values: [Int64] = try batch.nodes.values()
    if let index = entries.firstIndex(where: { $0.graph.graph === batch.graph && $0.values == values }) {
      let entry = entries.remove(at: index)
      return use(Entry(graph: entry.graph, nodes: batch.nodes, values: values, field: entry.field))
    }
    let graph: DerivedGraph
    if let known = entries.first(where: { $0.graph.graph === batch.graph })?.graph {
      graph = known
    } else {
      // Another graph: what was derived from the last one is let go, or a stream of graphs would fill the memory.
      entries = []
      graph = try DerivedGraph(batch.graph)
    }
    let field = try ReceptiveField(values, depth: depth, graph: graph)
    if entries.count >= capacity { entries.removeLast() }
    return use(Entry(graph: graph, nodes: batch.nodes, values: values, field: field))
  }

  private func use(_ entry: Entry) -> ReceptiveField {
    entries.insert(entry, at: 0)
    return entry.field
  }
}
