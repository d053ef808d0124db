import GraphKernels
import PluginAPI

/// One step of message passing: rows of a weighted adjacency for some nodes (outputs, R), over the nodes they read
/// (inputs, C).
public final class Aggregation: @unchecked Sendable {
  /// Made once and never written again.
  let raw: UnsafeMutablePointer<BasinNeighborhood>
  /// `[R, C]`.
  public let forward: CompressedRows
  /// `[C, R]`, the transpose.
  public let backward: CompressedRows
  /// The graph whose rows these are, where its edges have features.
  var graph: GraphBatch.Graph?
  /// Made at the first use; see ``featuredEdges(like:)``.
  var featured: FeaturedEdges?

  private final class Memory {
    let raw: UnsafeMutablePointer<BasinNeighborhood>
    init(_ raw: UnsafeMutablePointer<BasinNeighborhood>) { self.raw = raw }
    deinit { basinNeighborhoodFree(raw) }
  }

  private init(_ made: UnsafeMutablePointer<BasinNeighborhood>?) throws {
    guard let made else { throw BasinError.internalError("there is not enough memory for the neighbours of a batch") }
    let memory = Memory(made)
    let found = made.pointee
    guard found.entryCount <= Int(Int32.max) else {
      throw BasinError.badData("\(found.entryCount) edges of a batch are more than Basin can number")
    }
    raw = made
    forward = CompressedRows(
      rows: Int(found.outputCount), columns: Int(found.inputCount), pointers: found.pointers,
      columnIndices: found.columns, values: found.values, owner: memory)
    backward = CompressedRows(
      rows: Int(found.inputCount), columns: Int(found.outputCount), pointers: found.backPointers,
      columnIndices: found.backColumns, values: found.backValues, owner: memory)
  }

  /// The neighbours of `nodes`, and the nodes themselves.
  ///
  /// - Parameters:
  ///   - fanout: how many neighbours of each node are drawn, and from what stream; nil: all.
  ///   - position: -1 for every node of the graph; used and left so.
  convenience init(
    of nodes: UnsafeBufferPointer<Int32>, in adjacency: CompressedRows, fanout: (count: Int, random: Random)? = nil,
    position: inout [Int32]
  ) throws {
    // Of an empty list there is no address.
    let nothing: [Int32] = [0]
    try self.init(
      adjacency.withAdjacency { adjacency in
        nothing.withUnsafeBufferPointer { nothing in
          let start = nodes.baseAddress ?? nothing.baseAddress
          guard let fanout else {
            return basinNeighborhoodOfNodes(adjacency, start, Int64(nodes.count), &position)
          }
          return basinNeighborhoodSampled(
            adjacency, start, Int64(nodes.count), Int32(clamping: fanout.count), fanout.random.key, &position)
        }
      })
  }

  /// Whole graphs of many: the nodes of each of `ranges`, one after the other.
  convenience init(graphs ranges: [Range<Int>], in adjacency: CompressedRows) throws {
    let begins = ranges.map { Int64($0.lowerBound) }, ends = ranges.map { Int64($0.upperBound) }
    try self.init(adjacency.withAdjacency { basinNeighborhoodOfRanges($0, begins, ends, Int64(ranges.count)) })
  }

  /// What is left of a square aggregation between the `kept` of its rows, in rising order.
  public func induced(_ kept: [Int32]) throws -> Aggregation {
    try withExtendedLifetime(self) { try Aggregation(basinNeighborhoodInduced(raw, kept, Int64(kept.count))) }
  }

  /// D^-1/2 (A + I) D^-1/2 of a square aggregation A.
  public func renormalized() throws -> Aggregation {
    try withExtendedLifetime(self) { try Aggregation(basinNeighborhoodRenormalized(raw)) }
  }

  /// R and C.
  public var outputCount: Int { forward.rows }
  public var inputCount: Int { forward.columns }
  /// Whether the inputs are the outputs, in the same order.
  public var isSquare: Bool { raw.pointee.isSquare != 0 }

  /// The nodes whose sums are given, `[R]`, as row numbers of the whole graph. Alive as long as the aggregation is.
  public var outputs: UnsafeBufferPointer<Int32> { UnsafeBufferPointer(start: raw.pointee.outputs, count: outputCount) }
  /// The nodes that are read, `[C]`, rising.
  public var inputs: UnsafeBufferPointer<Int32> { UnsafeBufferPointer(start: raw.pointee.inputs, count: inputCount) }
  /// The place of each output among the inputs, `[R]`.
  public var selves: UnsafeBufferPointer<Int32> { UnsafeBufferPointer(start: raw.pointee.selves, count: outputCount) }
}
