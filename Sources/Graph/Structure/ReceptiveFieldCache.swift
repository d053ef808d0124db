import PluginAPI

/// Keeps the receptive fields of the batches used last, so that training on one graph derives nothing twice.
///
/// Found by identity of the graph and the tensor of items, else by their values. Few are kept; not thread-safe.
public final class ReceptiveFieldCache {
  private struct Entry {
    let items: Tensor
    let values: [Int64]
    let field: ReceptiveField
  }

  public let weighting: Weighting
  private var derived: DerivedGraph?
  /// Of that graph, the last used first.
  private var entries: [Entry] = []
  private let capacity: Int
  /// All nodes of the graph.
  private var everyNode: Tensor?

  /// - Parameter capacity: how many fields are kept: those of three splits, and one to spare.
  public init(capacity: Int = 4, weighting: Weighting = .renormalized) {
    self.capacity = max(capacity, 1)
    self.weighting = weighting
  }

  /// How many fields are kept at present.
  public var count: Int { entries.count }

  /// What is derived from the graph of a batch.
  func graph(of batch: GraphBatch) throws -> DerivedGraph {
    if let derived, derived.graph === batch.graph { return derived }
    // What was derived from the last one is let go, or a stream of graphs would fill the memory.
    entries = []
    everyNode = nil
    let made = try DerivedGraph(batch.graph)
    derived = made
    return made
  }

  /// The field of a batch for a network of `depth` layers.
  ///
  /// - Parameter fanouts: see ``ReceptiveField``; a field that is drawn is not kept.
  public func field(of batch: GraphBatch, depth: Int, fanouts: (counts: [Int], random: Random)? = nil) throws
    -> ReceptiveField
  {
    let graph = try graph(of: batch)
    if let fanouts, batch.level == .node {
      return try ReceptiveField(
        batch.items.values(), depth: depth, graph: graph, weighting: weighting, fanouts: fanouts)
    }
    if let first = entries.first, first.items.isIdentical(to: batch.items) { return first.field }
    if let index = entries.firstIndex(where: { $0.items.isIdentical(to: batch.items) }) {
      return use(entries.remove(at: index))
    }
    let values: [Int64] = try batch.items.values()
    if let index = entries.firstIndex(where: { $0.values == values }) {
      let entry = entries.remove(at: index)
      return use(Entry(items: batch.items, values: values, field: entry.field))
    }
    let field =
      batch.level == .node
      ? try ReceptiveField(values, depth: depth, graph: graph, weighting: weighting)
      : try ReceptiveField(graphs: values, depth: depth, graph: graph, weighting: weighting)
    if entries.count >= capacity { entries.removeLast() }
    return use(Entry(items: batch.items, values: values, field: field))
  }

  /// The field of all nodes of the graph of a batch.
  func wholeField(of batch: GraphBatch, depth: Int) throws -> ReceptiveField {
    _ = try graph(of: batch)
    let nodes = try everyNode ?? Tensor((0..<batch.graph.nodes).map { Int64($0) })
    everyNode = nodes
    return try field(of: GraphBatch(graph: batch.graph, nodes: nodes), depth: depth)
  }

  private func use(_ entry: Entry) -> ReceptiveField {
    entries.insert(entry, at: 0)
    return entry.field
  }
}
