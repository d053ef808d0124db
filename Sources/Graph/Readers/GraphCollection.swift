import PluginAPI

// The shape of a collection, for whoever builds on it (G graphs, N nodes and E edges of all of them together):
//
//   nodePointers      [Int]     [G + 1]  graph g has the nodes nodePointers[g] ..< nodePointers[g + 1]
//   edgePointers      [Int]     [G + 1]  and the edges edgePointers[g] ..< edgePointers[g + 1]
//   sources, targets  [Int32]   [E]      numbers of nodes in the whole packing: a slice of graphs is a slice of arrays, less an offset
//   isDirected        Bool               whether edges have a direction
//   edgeIsDirected    [Bool]    [E]      each edge's own direction where they are mixed; empty where all are as `isDirected` says
//   nodeAttributes    [AttributeColumn]  each of N values; edgeAttributes of E, graphAttributes of G
//   graphNames        [String]  [G]      file name or id
//   labels            [Int32]   [G]      class of each graph, -1 where unknown; classNames [C]
//   trainIndices, validationIndices, testIndices  [Int], numbers of graphs; all empty where nothing is published
//   warnings          [ReadWarning]

/// Many graphs in one packing, as collection files, folders and archives hold them: no object per graph.
public struct GraphCollection: Sendable {
  /// The name errors carry.
  public var file: String
  /// Where each graph's nodes begin, `[G + 1]`.
  public var nodePointers: [Int]
  /// Where each graph's edges begin, `[G + 1]`.
  public var edgePointers: [Int]
  /// The source of every edge as the files list them, `[E]`: a node of the whole packing.
  public var sources: [Int32]
  /// The target of every edge, `[E]`.
  public var targets: [Int32]
  /// Whether edges have a direction unless ``edgeIsDirected`` says otherwise.
  public var isDirected: Bool
  /// Whether each edge has a direction, `[E]`, where they are mixed; empty where all are as ``isDirected`` says.
  public var edgeIsDirected: [Bool]
  /// The attributes of nodes, each a column of N values.
  public var nodeAttributes: [AttributeColumn]
  /// The attributes of edges, each a column of E values.
  public var edgeAttributes: [AttributeColumn]
  /// The attributes of graphs, each a column of G values.
  public var graphAttributes: [AttributeColumn]
  /// The name of each graph, `[G]`.
  public var graphNames: [String]
  /// The class of each graph, `[G]`, from 0 to C - 1; -1 where unknown.
  public var labels: [Int32]
  /// The name of each class, `[C]`.
  public var classNames: [String]
  /// The graphs to train on as published, in rising order.
  public var trainIndices: [Int]
  /// The graphs to validate on as published, in rising order.
  public var validationIndices: [Int]
  /// The graphs to test on as published, in rising order.
  public var testIndices: [Int]
  /// What was unusual about the files.
  public var warnings: [ReadWarning]
  /// What the files are written in; nil where they are no graph files.
  public internal(set) var format: GraphFileFormat?
  /// Graphs, nodes and edges in the files, also those that were only counted.
  var totalGraphCount = 0
  var totalNodeCount = 0
  var totalEdgeCount = 0
  /// How many edges have another direction than ``isDirected`` says.
  public internal(set) var edgesAgainstDefault = 0
  /// The ids of the nodes; empty where the format has none.
  var identifiers = StringTable()
  /// For each node the number of its id in ``identifiers``, `[N]` or empty.
  var identifierOfNode: [Int32] = []

  public init(
    file: String, nodePointers: [Int] = [0], edgePointers: [Int] = [0], sources: [Int32] = [], targets: [Int32] = [],
    isDirected: Bool = false, edgeIsDirected: [Bool] = [], nodeAttributes: [AttributeColumn] = [],
    edgeAttributes: [AttributeColumn] = [], graphAttributes: [AttributeColumn] = [], graphNames: [String] = [],
    labels: [Int32] = [], classNames: [String] = [], trainIndices: [Int] = [], validationIndices: [Int] = [],
    testIndices: [Int] = [], warnings: [ReadWarning] = []
  ) {
    self.file = file
    self.nodePointers = nodePointers
    self.edgePointers = edgePointers
    self.sources = sources
    self.targets = targets
    self.isDirected = isDirected
    self.edgeIsDirected = edgeIsDirected
    self.nodeAttributes = nodeAttributes
    self.edgeAttributes = edgeAttributes
    self.graphAttributes = graphAttributes
    self.graphNames = graphNames
    self.labels = labels
    self.classNames = classNames
    self.trainIndices = trainIndices
    self.validationIndices = validationIndices
    self.testIndices = testIndices
    self.warnings = warnings
    totalGraphCount = graphCount
    totalNodeCount = nodeCount
    totalEdgeCount = edgeCount
    edgesAgainstDefault = edgeIsDirected.count { $0 != isDirected }
  }

  /// G.
  public var graphCount: Int { nodePointers.count - 1 }
  /// N, of all graphs together.
  public var nodeCount: Int { nodePointers.last ?? 0 }
  /// E, of all graphs together, as the files list them.
  public var edgeCount: Int { sources.count }

  /// The bytes that all arrays together hold.
  public var byteCount: Int {
    let columns = nodeAttributes + edgeAttributes + graphAttributes
    return 8
      * (nodePointers.count + edgePointers.count + trainIndices.count + validationIndices.count + testIndices.count)
      + 4 * (sources.count + targets.count + identifierOfNode.count + labels.count) + edgeIsDirected.count
      + identifiers.byteCount + columns.reduce(0) { $0 + $1.byteCount }
  }

  /// The id of a node in its file; its number within its graph where the format has no ids.
  public func nodeID(_ node: Int) -> String {
    guard identifierOfNode.isEmpty else { return identifiers.string(Int(identifierOfNode[node])) }
    var (low, high) = (0, graphCount)
    while low < high {
      let middle = (low + high) / 2
      if nodePointers[middle + 1] <= node { low = middle + 1 } else { high = middle }
    }
    return String(node - nodePointers[low])
  }

  /// The first node attribute of a name.
  public func nodeAttribute(named name: String) -> AttributeColumn? { nodeAttributes.first { $0.name == name } }
  /// The first edge attribute of a name.
  public func edgeAttribute(named name: String) -> AttributeColumn? { edgeAttributes.first { $0.name == name } }
  /// The first graph attribute of a name.
  public func graphAttribute(named name: String) -> AttributeColumn? { graphAttributes.first { $0.name == name } }

  /// Checks that all parts fit together.
  ///
  /// - Throws: ``BasinError`` of kind `.badData` naming the first part that does not.
  public func validate() throws(BasinError) {
    func fail(_ message: String) -> BasinError { .badData(message, file: file) }
    for (what, pointers, count) in [("node", nodePointers, nodeCount), ("edge", edgePointers, edgeCount)] {
      guard pointers.first == 0, pointers.count == nodePointers.count, pointers.last == count,
        zip(pointers, pointers.dropFirst()).allSatisfy({ $0 <= $1 })
      else { throw fail("the \(what) pointers do not rise from 0 to \(count)") }
    }
    guard nodeCount <= Int(Int32.max) else { throw fail("\(nodeCount) nodes are not possible") }
    guard targets.count == edgeCount else {
      throw fail("\(edgeCount) edge sources do not fit \(targets.count) targets")
    }
    for graph in 0..<graphCount {
      let nodes = Int32(nodePointers[graph])..<Int32(nodePointers[graph + 1])
      for edge in edgePointers[graph]..<edgePointers[graph + 1]
      where !nodes.contains(sources[edge]) || !nodes.contains(targets[edge]) {
        throw fail("edge \(edge) leads out of graph \(graph)")
      }
    }
    guard edgeIsDirected.isEmpty || edgeIsDirected.count == edgeCount else {
      throw fail("\(edgeIsDirected.count) directions do not fit \(edgeCount) edges")
    }
    for (what, columns, count) in [
      ("node", nodeAttributes, nodeCount), ("edge", edgeAttributes, edgeCount), ("graph", graphAttributes, graphCount),
    ] {
      for column in columns where column.isPresent.count != count {
        throw fail("\(what) attribute `\(column.name)` has \(column.isPresent.count) values for \(count) \(what)s")
      }
    }
    for (what, count) in [("names", graphNames.count), ("labels", labels.count)]
    where count != 0 && count != graphCount { throw fail("\(count) \(what) do not fit \(graphCount) graphs") }
    for (graph, label) in labels.enumerated() where label < -1 || label >= classNames.count {
      throw fail("graph \(graph) has class \(label), but there are \(classNames.count) classes")
    }
    var used = [Bool](repeating: false, count: graphCount)
    for (name, split) in [("train", trainIndices), ("validation", validationIndices), ("test", testIndices)] {
      for graph in split {
        guard graph >= 0, graph < graphCount else {
          throw fail("the \(name) split names graph \(graph) of \(graphCount)")
        }
        guard !used[graph] else { throw fail("graph \(graph) is in two splits, or twice in one") }
        used[graph] = true
      }
    }
  }
}
