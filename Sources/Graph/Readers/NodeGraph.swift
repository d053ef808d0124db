import PluginAPI

/// One graph whose nodes are to be classified: what every node-classification reader of this module delivers.
///
/// With N nodes, E edges as the file lists them, F features and C classes.
public struct NodeGraph: Sendable {
  /// N, isolated nodes included.
  public var nodeCount: Int
  /// The source of every edge in file order, `[E]`. Duplicates and self-loops stay; where a file lists both
  /// directions of an
  /// edge (Planetoid does) both are here.
  public var sources: [Int32]
  /// The target of every edge in file order, `[E]`.
  public var targets: [Int32]
  /// Whether every edge has a direction.
  public var isDirected: Bool
  /// The node features, `[N, F]`.
  public var features: SparseMatrix
  /// The name of each feature, `[F]`; empty where the file does not name them.
  public var featureNames: [String]
  /// The class of each node, `[N]`, from 0 to C - 1; -1 where unknown.
  public var labels: [Int32]
  /// The name of each class, `[C]`.
  public var classNames: [String]
  /// The nodes to train on, in rising order.
  public var trainIndices: [Int]
  /// The nodes to validate on, in rising order.
  public var validationIndices: [Int]
  /// The nodes to test on, in rising order.
  public var testIndices: [Int]
  /// The weight of each edge, `[E]`; empty where edges have none.
  public var edgeWeights: [Float]
  /// The names of the node attributes the file declares.
  public var nodeAttributes: [String]
  /// The names of the edge attributes the file declares.
  public var edgeAttributes: [String]
  /// What was unusual about the file.
  public var warnings: [ReadWarning]

  public init(
    nodeCount: Int, sources: [Int32], targets: [Int32], isDirected: Bool, features: SparseMatrix,
    featureNames: [String] = [], labels: [Int32], classNames: [String], trainIndices: [Int], validationIndices: [Int],
    testIndices: [Int], edgeWeights: [Float] = [], nodeAttributes: [String] = [], edgeAttributes: [String] = [],
    warnings: [ReadWarning] = []
  ) {
    self.nodeCount = nodeCount
    self.sources = sources
    self.targets = targets
    self.isDirected = isDirected
    self.features = features
    self.featureNames = featureNames
    self.labels = labels
    self.classNames = classNames
    self.trainIndices = trainIndices
    self.validationIndices = validationIndices
    self.testIndices = testIndices
    self.edgeWeights = edgeWeights
    self.nodeAttributes = nodeAttributes
    self.edgeAttributes = edgeAttributes
    self.warnings = warnings
  }

  /// E, the edges as the file lists them.
  public var edgeCount: Int { sources.count }

  /// The edges a model works on: the symmetric 0/1 matrix `[N, N]` with an entry at (u, v) and (v, u) for every
  /// listed edge.
  ///
  /// This is what `networkx.adjacency_matrix` of an undirected graph gives, which Kipf & Welling's code starts from:
  /// duplicates count once, a listed self-loop stays as one diagonal entry (adding the identity then makes it 2).
  /// PyTorch Geometric's Planetoid drops self-loops; pass `keepingSelfLoops: false` for that. Time is linear in N + E.
  public func symmetricAdjacency(keepingSelfLoops: Bool = true) -> SparseMatrix {
    var pairs: [(row: Int32, column: Int32)] = []
    pairs.reserveCapacity(2 * sources.count)
    for (source, target) in zip(sources, targets) {
      if source == target {
        if keepingSelfLoops { pairs.append((source, target)) }
      } else {
        pairs.append((source, target))
        pairs.append((target, source))
      }
    }
    return SparseMatrix.indicator(rows: nodeCount, columns: nodeCount, pairs: pairs)
  }

  /// The weights a model works on: row u has an entry for every node that sends to u. Weights of parallel edges are
  /// added, an edge
  /// without a weight counts 1, and an edge without direction goes both ways (a self-loop once).
  ///
  /// - Parameter isSymmetric: whether edges of a directed graph go both ways, too.
  public func weightedAdjacency(isSymmetric: Bool = false) throws(BasinError) -> SparseMatrix {
    let goesBack = isSymmetric || !isDirected
    var entries: [(row: Int32, column: Int32, value: Float)] = []
    entries.reserveCapacity((goesBack ? 2 : 1) * edgeCount)
    for edge in 0..<edgeCount {
      let weight = edgeWeights.isEmpty ? 1 : edgeWeights[edge]
      entries.append((targets[edge], sources[edge], weight))
      if goesBack, sources[edge] != targets[edge] { entries.append((sources[edge], targets[edge], weight)) }
    }
    entries.sort { ($0.row, $0.column) < ($1.row, $1.column) }
    var (pointers, columns, values) = ([Int](repeating: 0, count: nodeCount + 1), [Int32](), [Float]())
    var last: (row: Int32, column: Int32) = (-1, -1)
    for entry in entries {
      if last == (entry.row, entry.column) {
        values[values.count - 1] += entry.value
      } else {
        columns.append(entry.column)
        values.append(entry.value)
        pointers[Int(entry.row) + 1] += 1
        last = (entry.row, entry.column)
      }
    }
    for node in 0..<nodeCount { pointers[node + 1] += pointers[node] }
    return try SparseMatrix(
      rows: nodeCount, columns: nodeCount, rowPointers: pointers, columnIndices: columns, values: values)
  }

  /// How many different edges there are when directions and duplicates are ignored.
  public var edgeStatistics: EdgeStatistics {
    let adjacency = symmetricAdjacency()
    var loops = 0
    for row in 0..<nodeCount {
      for index in adjacency.rowPointers[row]..<adjacency.rowPointers[row + 1]
      where Int(adjacency.columnIndices[index]) == row { loops += 1 }
    }
    return EdgeStatistics(uniqueEdges: (adjacency.entryCount - loops) / 2, selfLoops: loops)
  }

  /// The counts of ``edgeStatistics``.
  public struct EdgeStatistics: Sendable, Equatable {
    /// Different unordered pairs of different nodes that are joined.
    public var uniqueEdges: Int
    /// Nodes joined to themselves.
    public var selfLoops: Int

    public init(uniqueEdges: Int, selfLoops: Int) {
      self.uniqueEdges = uniqueEdges
      self.selfLoops = selfLoops
    }
  }

  /// Checks that all parts fit together.
  ///
  /// - Throws: ``BasinError`` of kind `.badData` naming the first part that does not.
  public func validate() throws(BasinError) {
    guard nodeCount >= 0, nodeCount <= Int(Int32.max) else { throw .badData("\(nodeCount) nodes are not possible") }
    guard sources.count == targets.count else {
      throw .badData("\(sources.count) edge sources do not fit \(targets.count) targets")
    }
    guard edgeWeights.isEmpty || edgeWeights.count == edgeCount else {
      throw .badData("\(edgeWeights.count) weights do not fit \(edgeCount) edges")
    }
    let nodes = Int32(nodeCount)
    for edge in 0..<sources.count {
      for end in [sources[edge], targets[edge]] where end < 0 || end >= nodes {
        throw .badData("edge \(edge) leads to node \(end), but there are \(nodeCount) nodes")
      }
    }
    guard features.rows == nodeCount else {
      throw .badData("features for \(features.rows) nodes do not fit \(nodeCount) nodes")
    }
    guard labels.count == nodeCount else { throw .badData("\(labels.count) labels do not fit \(nodeCount) nodes") }
    for (node, label) in labels.enumerated() where label < -1 || label >= classNames.count {
      throw .badData("node \(node) has class \(label), but there are \(classNames.count) classes")
    }
    var used = [Bool](repeating: false, count: nodeCount)
    for (name, split) in [("train", trainIndices), ("validation", validationIndices), ("test", testIndices)] {
      for node in split {
        guard node >= 0, node < nodeCount else {
          throw .badData("the \(name) split names node \(node) of \(nodeCount)")
        }
        guard !used[node] else { throw .badData("node \(node) is in two splits, or twice in one") }
        guard labels[node] >= 0 else { throw .badData("node \(node) of the \(name) split has no label") }
        used[node] = true
      }
    }
  }
}
