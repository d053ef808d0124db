import PluginAPI

/// The part of a graph that the predictions for some nodes depend on, layer by layer; or the whole graphs of a batch.
///
/// A network of L layers sees the L-step neighbourhood of the nodes it is asked about; everything else is left out of
/// the computation, which changes no result. With 140 training nodes of Cora the last layer computes 140 rows of 2,708
/// and the first about 1,700.
public final class ReceptiveField: @unchecked Sendable {
  /// The message passing of each layer, the first layer's first.
  public let layers: [Aggregation]
  /// The features of the whole graph.
  public let features: CompressedRows
  /// Whether the features are taken as dense rows.
  let isDense: Bool
  /// Where the nodes of each graph of a batch begin, `[B + 1]`; nil for a batch of nodes.
  public let segments: Segments?
  /// The nodes the first layer reads, in memory that does not move.
  let readNodes: UnsafeMutablePointer<Int32>
  public let readCount: Int
  private let source: SparseMatrix
  private var transpose: CompressedRows?

  /// - Parameters:
  ///   - nodes: those asked about.
  ///   - fanouts: how many neighbours each layer draws for a node, the last layer's first, and from what stream; nil:
  ///     all. The last number holds for the layers beyond.
  /// - Throws: `BasinError` for a node that is not in the graph.
  init(
    _ nodes: [Int64], depth: Int, graph: DerivedGraph, weighting: Weighting = .renormalized,
    fanouts: (counts: [Int], random: Random)? = nil
  ) throws {
    let outputs = try nodes.map { node in
      guard node >= 0, node < graph.graph.nodes else {
        throw BasinError.internalError(
          "node \(node) is asked about, but the graph has nodes 0 to \(graph.graph.nodes - 1)")
      }
      return Int32(truncatingIfNeeded: node)
    }
    let adjacency = try graph.adjacency(weighting)
    var layers: [Aggregation] = []
    for layer in 0..<depth {
      // Once a layer reads just what it gives, so do all layers before it.
      if let last = layers.last, last.isSquare, fanouts == nil {
        layers.append(last)
        continue
      }
      let fanout = fanouts.flatMap { fanouts in
        fanouts.counts.isEmpty
          ? nil : (fanouts.counts[min(layer, fanouts.counts.count - 1)], fanouts.random[layer])
      }
      func make(_ nodes: UnsafeBufferPointer<Int32>) throws -> Aggregation {
        let made = try Aggregation(of: nodes, in: adjacency, fanout: fanout, position: &graph.position)
        made.graph = graph.ofFeaturedEdges
        return made
      }
      if let last = layers.last { layers.append(try make(last.inputs)) } else {
        layers.append(try outputs.withUnsafeBufferPointer(make))
      }
    }
    self.layers = layers.reversed()
    segments = nil
    features = graph.rows
    isDense = graph.isDense
    source = graph.graph.features
    let inputs = layers.last.map { Array($0.inputs) } ?? outputs
    readCount = inputs.count
    readNodes = Self.copy(inputs)
  }

  /// Whole graphs: every layer computes all their nodes.
  ///
  /// - Throws: `BasinError` for a graph that is not there.
  init(graphs: [Int64], depth: Int, graph: DerivedGraph, weighting: Weighting) throws {
    let ranges = try graph.ranges(graphs)
    let aggregation = try Aggregation(graphs: ranges, in: graph.adjacency(weighting))
    aggregation.graph = graph.ofFeaturedEdges
    layers = Array(repeating: aggregation, count: depth)
    segments = try Segments(lengths: ranges.map(\.count))
    features = graph.rows
    isDense = graph.isDense
    source = graph.graph.features
    readCount = aggregation.inputCount
    readNodes = Self.copy(aggregation.inputs)
  }

  deinit { readNodes.deallocate() }

  private static func copy(_ nodes: some Collection<Int32>) -> UnsafeMutablePointer<Int32> {
    let memory = UnsafeMutablePointer<Int32>.allocate(capacity: max(nodes.count, 1))
    for (index, node) in nodes.enumerated() { memory[index] = node }
    return memory
  }

  /// The transpose of the features of the nodes the first layer reads; values by place in ``features``.
  func featuresTransposed() throws -> CompressedRows {
    if let transpose { return transpose }
    let made = try CompressedRows(
      transposing: UnsafeBufferPointer(start: readNodes, count: readCount), of: source)
    transpose = made
    return made
  }
}

/// Consecutive rows that belong together: the nodes of each graph of a batch.
public final class Segments: @unchecked Sendable {
  public let count: Int
  /// All rows.
  public let rows: Int
  /// Where each begins, `[count + 1]`, in memory that does not move.
  let pointers: UnsafeMutablePointer<Int64>

  public init(lengths: [Int]) throws {
    count = lengths.count
    pointers = .allocate(capacity: lengths.count + 1)
    pointers[0] = 0
    for (index, length) in lengths.enumerated() { pointers[index + 1] = pointers[index] + Int64(length) }
    rows = Int(pointers[lengths.count])
    guard rows <= Int(Int32.max) else {
      pointers.deallocate()
      throw BasinError.badData("\(rows) nodes of a batch are more than Basin can number", advice: "Take smaller batches")
    }
  }

  deinit { pointers.deallocate() }

  public func length(_ index: Int) -> Int { Int(pointers[index + 1] - pointers[index]) }
}
