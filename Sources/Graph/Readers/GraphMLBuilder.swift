import Foundation
import PluginAPI

/// Builds an ``AttributedGraph`` from parser events. The work is in ``GraphMLState``, a struct, so that an event costs one
/// exclusivity check.
final class GraphMLBuilder: XMLEventSink {
  private var state: GraphMLState

  override init(file: String) {
    state = GraphMLState(file: file)
    super.init(file: file)
  }

  override func startElement(
    _ name: UnsafePointer<UInt8>, namespace: UnsafePointer<UInt8>?, attributes: XMLAttributes
  ) throws(BasinError) {
    try state.start(name, namespace: namespace, attributes: attributes, sink: self)
  }

  override func endElement() throws(BasinError) { try state.end(sink: self) }

  override func characters(_ bytes: UnsafeBufferPointer<UInt8>) { state.text(bytes) }

  override func parserWarning(_ message: String, line: Int, column: Int) {
    state.warnings.add(message, once: "xml " + message, line: line, column: column)
  }

  func finish() throws(BasinError) -> AttributedGraph { try state.finish() }
}

/// Warnings that are given once for each cause, and not without end.
struct WarningList {
  private(set) var warnings: [ReadWarning] = []
  private var causes: Set<String> = []
  private static let limit = 100

  mutating func add(_ message: String, once cause: String, line: Int?, column: Int?) {
    guard warnings.count <= Self.limit, causes.insert(cause).inserted else { return }
    if warnings.count == Self.limit {
      warnings.append(ReadWarning(line: line, column: column, message: "more warnings follow that are not listed"))
    } else {
      warnings.append(ReadWarning(line: line, column: column, message: message))
    }
  }
}

/// What is known in the middle of a document.
struct GraphMLState {
  enum Element { case graphml, key, defaultValue, graph, node, edge, data, description }

  /// An element that is open. The index is that of the node, edge or key; for a graph 1 if its edges are directed.
  struct Frame {
    var element: Element
    var index: Int
  }

  /// Where a key's column is: its index in the domain's list, or one of these.
  enum Column {
    static let undeclared: Int32 = -1
    static let skipped: Int32 = -2
  }

  var graph: AttributedGraph
  var warnings = WarningList()
  var frames: [Frame] = []
  /// Open elements inside one that is left out.
  var ignoredDepth = 0
  /// Inside a graph that is only counted.
  var isCounting = false
  var rootNamespace: String?
  var rootNamespacePointer: UnsafePointer<UInt8>?

  var keys = ByteInterner()
  /// For each key, its column among node, edge and graph attributes.
  var columns: [[Int32]] = [[], [], []]
  /// The columns the key that is open belongs to, as (domain, column).
  var openKeyColumns: [(domain: Int, column: Int)] = []

  var isCapturing = false
  var captured: [UInt8] = []
  var dataDomain = 0
  var dataElement = 0
  var dataColumn: Int32 = Column.skipped

  /// For each id its node, -1 until the node itself is met.
  var nodeOfIdentifier: [Int32] = []
  /// For each id where it was first met, for the error if the node never comes.
  var mentions: [(line: Int32, column: Int32)] = []

  init(file: String) { graph = AttributedGraph(file: file) }

  // MARK: Events

  mutating func start(
    _ name: UnsafePointer<UInt8>, namespace: UnsafePointer<UInt8>?, attributes: XMLAttributes, sink: XMLEventSink
  ) throws(BasinError) {
    if ignoredDepth > 0 {
      ignoredDepth += 1
      return
    }
    guard let parent = frames.last else {
      try startRoot(name, namespace: namespace, sink: sink)
      return
    }
    guard isOwn(namespace) else {
      ignore(name, inside: parent, isForeign: true, sink: sink)
      return
    }
    switch parent.element {
    case .graph:
      if matches(name, "node") {
        try startNode(attributes, sink: sink)
      } else if matches(name, "edge") {
        try startEdge(attributes, isDirected: parent.index == 1, sink: sink)
      } else if matches(name, "data") {
        // Data of a nested graph has no place in the result.
        let isNested = frames.count > 2
        try startData(attributes, domain: 2, element: isNested ? -1 : 0, sink: sink)
      } else if matches(name, "desc") {
        frames.append(Frame(element: .description, index: 0))
      } else {
        ignore(name, inside: parent, isForeign: false, sink: sink)
      }
    case .node, .edge:
      if matches(name, "data") {
        try startData(attributes, domain: parent.element == .node ? 0 : 1, element: parent.index, sink: sink)
      } else if matches(name, "graph") {
        try startGraph(attributes, isNested: true, sink: sink)
      } else if matches(name, "desc") {
        frames.append(Frame(element: .description, index: 0))
      } else {
        ignore(name, inside: parent, isForeign: false, sink: sink)
      }
    case .graphml:
      if matches(name, "graph") {
        try startGraph(attributes, isNested: false, sink: sink)
      } else if matches(name, "key") {
        try startKey(attributes, sink: sink)
      } else if matches(name, "data") {
        try startData(attributes, domain: 2, element: -1, sink: sink)
      } else if matches(name, "desc") {
        frames.append(Frame(element: .description, index: 0))
      } else {
        ignore(name, inside: parent, isForeign: false, sink: sink)
      }
    case .key:
      if matches(name, "default") {
        frames.append(Frame(element: .defaultValue, index: parent.index))
        startCapturing()
      } else if matches(name, "desc") {
        frames.append(Frame(element: .description, index: 0))
      } else {
        ignore(name, inside: parent, isForeign: false, sink: sink)
      }
    case .data, .defaultValue, .description:
      ignore(name, inside: parent, isForeign: false, sink: sink)
    }
  }

  mutating func end(sink: XMLEventSink) throws(BasinError) {
    if ignoredDepth > 0 {
      ignoredDepth -= 1
      return
    }
    guard let frame = frames.popLast() else { return }
    switch frame.element {
    case .data:
      if isCapturing { try endData(sink: sink) }
    case .defaultValue: try endDefault(sink: sink)
    case .graph: if frames.count == 1 { isCounting = false }
    case .graphml, .key, .node, .edge, .description: break
    }
  }

  mutating func text(_ bytes: UnsafeBufferPointer<UInt8>) {
    if isCapturing, ignoredDepth == 0 { captured.append(contentsOf: bytes) }
  }

  // MARK: Elements

  private mutating func startRoot(
    _ name: UnsafePointer<UInt8>, namespace: UnsafePointer<UInt8>?, sink: XMLEventSink
  ) throws(BasinError) {
    guard matches(name, "graphml") else {
      throw sink.error(
        "the root element is <\(String(cString: name))>, expected <graphml>", advice: "Give a GraphML file")
    }
    rootNamespace = namespace.map { String(cString: $0) }
    rootNamespacePointer = namespace
    frames.append(Frame(element: .graphml, index: 0))
  }

  private mutating func startGraph(
    _ attributes: XMLAttributes, isNested: Bool, sink: XMLEventSink
  ) throws(BasinError) {
    var isDirected: Bool?
    for index in 0..<attributes.count
    where !attributes.hasPrefix(index) && matches(attributes.name(index), "edgedefault") {
      let value = attributes.value(index)
      if matches(value, "directed") {
        isDirected = true
      } else if matches(value, "undirected") {
        isDirected = false
      } else {
        throw sink.error(
          "edgedefault is \"\(quoted(value))\", expected directed or undirected", advice: "Correct the attribute")
      }
    }
    if isNested {
      if !isCounting { warn("a nested graph is read as part of the outer one", once: "nested", sink: sink) }
    } else {
      graph.graphCount += 1
      isCounting = graph.graphCount > 1
      if isCounting { warn("the file holds several graphs; only the first is read", once: "graphs", sink: sink) }
    }
    if isDirected == nil {
      warn("a graph has no edgedefault; its edges are undirected", once: "edgedefault", sink: sink)
    }
    if !isNested, !isCounting { graph.isDirected = isDirected ?? false }
    frames.append(Frame(element: .graph, index: isDirected ?? false ? 1 : 0))
  }

  private mutating func startNode(_ attributes: XMLAttributes, sink: XMLEventSink) throws(BasinError) {
    graph.totalNodeCount += 1
    if isCounting {
      frames.append(Frame(element: .node, index: -1))
      return
    }
    for index in 0..<attributes.count where !attributes.hasPrefix(index) && matches(attributes.name(index), "id") {
      let number = identifier(attributes.value(index), sink: sink)
      guard nodeOfIdentifier[number] < 0 else {
        throw sink.error(
          "node \"\(quoted(attributes.value(index)))\" is declared twice", advice: "Give every node an id of its own")
      }
      let node = graph.identifierOfNode.count
      guard node < Int(Int32.max) else { throw sink.error("there are more than \(Int32.max) nodes") }
      nodeOfIdentifier[number] = Int32(truncatingIfNeeded: node)
      graph.identifierOfNode.append(Int32(truncatingIfNeeded: number))
      frames.append(Frame(element: .node, index: node))
      return
    }
    throw sink.error("a node has no id", advice: "Give every node an id")
  }

  private mutating func startEdge(
    _ attributes: XMLAttributes, isDirected: Bool, sink: XMLEventSink
  ) throws(BasinError) {
    graph.totalEdgeCount += 1
    if isCounting {
      frames.append(Frame(element: .edge, index: -1))
      return
    }
    var source: Int?
    var target: Int?
    var ownDirection = isDirected
    for index in 0..<attributes.count where !attributes.hasPrefix(index) {
      guard let name = attributes.name(index) else { continue }
      if matches(name, "source") {
        source = identifier(attributes.value(index), sink: sink)
      } else if matches(name, "target") {
        target = identifier(attributes.value(index), sink: sink)
      } else if matches(name, "directed") {
        guard let value = parseBoolean(attributes.value(index)) else {
          throw sink.error(
            "directed is \"\(quoted(attributes.value(index)))\", expected true or false",
            advice: "Correct the attribute")
        }
        ownDirection = value
      } else if matches(name, "sourceport") || matches(name, "targetport") {
        warn("ports are left out; edges join the nodes themselves", once: "port", sink: sink)
      }
    }
    guard let source, let target else {
      throw sink.error("an edge has no \(source == nil ? "source" : "target")", advice: "Give every edge both ends")
    }
    if ownDirection != graph.isDirected {
      graph.edgesAgainstDefault += 1
      warn("directed and undirected edges are mixed", once: "mixed", sink: sink)
    }
    graph.sources.append(Int32(truncatingIfNeeded: source))
    graph.targets.append(Int32(truncatingIfNeeded: target))
    frames.append(Frame(element: .edge, index: graph.sources.count - 1))
  }

  private mutating func identifier(_ bytes: UnsafeBufferPointer<UInt8>, sink: XMLEventSink) -> Int {
    let number = graph.identifiers.intern(bytes)
    if number == nodeOfIdentifier.count {
      nodeOfIdentifier.append(-1)
      let (line, column) = sink.position
      mentions.append((Int32(truncatingIfNeeded: line), Int32(truncatingIfNeeded: column)))
    }
    return number
  }

  /// Leaves out an element and all inside it.
  private mutating func ignore(_ name: UnsafePointer<UInt8>, inside parent: Frame, isForeign: Bool, sink: XMLEventSink)
  {
    ignoredDepth = 1
    if isCounting { return }
    switch parent.element {
    case .data where dataColumn < 0, .description: return
    case .data, .defaultValue:
      warn("elements inside <data> are left out, only text is read", once: "markup", sink: sink)
    default:
      let name = String(cString: name)
      let what = isForeign ? "element <\(name)> of another namespace" : "element <\(name)>"
      warn("\(what) is left out", once: "element \(name)", sink: sink)
    }
  }

  // MARK: End

  mutating func finish() throws(BasinError) -> AttributedGraph {
    if graph.graphCount == 0 {
      warnings.add("the document holds no <graph>", once: "no graph", line: nil, column: nil)
    }
    // Numbers of ids become numbers of nodes. Arrays by themselves: a call on self would copy the state for every edge.
    var missing = Int32(-1)
    Self.resolve(&graph.sources, nodeOfIdentifier, &missing)
    Self.resolve(&graph.targets, nodeOfIdentifier, &missing)
    if missing >= 0 {
      let (line, column) = mentions[Int(missing)]
      throw .badData(
        "an edge leads to node \"\(graph.identifiers.string(Int(missing)).prefix(60))\", which does not exist",
        file: graph.file, place: "line \(line), column \(column)", advice: "Add the node, or remove the edge")
    }
    for index in graph.nodeAttributes.indices { graph.nodeAttributes[index].pad(to: graph.nodeCount) }
    for index in graph.edgeAttributes.indices { graph.edgeAttributes[index].pad(to: graph.edgeCount) }
    for index in graph.graphAttributes.indices { graph.graphAttributes[index].pad(to: 1) }
    graph.warnings = warnings.warnings
    return graph
  }

  /// Replaces numbers of ids by numbers of nodes; keeps the lowest id that has no node, which is the first in the file.
  private static func resolve(_ ends: inout [Int32], _ nodeOfIdentifier: [Int32], _ missing: inout Int32) {
    for edge in ends.indices {
      let node = nodeOfIdentifier[Int(ends[edge])]
      if node < 0, missing < 0 || ends[edge] < missing { missing = ends[edge] }
      ends[edge] = node
    }
  }

  // MARK: Small things

  mutating func warn(_ message: String, once cause: String, sink: XMLEventSink) {
    let (line, column) = sink.position
    warnings.add(message, once: cause, line: line, column: column)
  }

  mutating func startCapturing() {
    isCapturing = true
    captured.removeAll(keepingCapacity: true)
  }

  /// Whether an element belongs to the root's namespace. libxml2 keeps each name once, so the pointer mostly decides.
  private func isOwn(_ namespace: UnsafePointer<UInt8>?) -> Bool {
    if namespace == rootNamespacePointer { return true }
    guard let namespace else { return false }
    return rootNamespace.map { String(cString: namespace) == $0 } ?? false
  }
}

/// Whether a name that ends with a zero byte is the given one.
@inline(__always)
func matches(_ name: UnsafePointer<UInt8>?, _ expected: StaticString) -> Bool {
  guard let name else { return false }
  return strcmp(
    UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self),
    UnsafeRawPointer(expected.utf8Start).assumingMemoryBound(to: CChar.self)) == 0
}

func matches(_ bytes: UnsafeBufferPointer<UInt8>, _ expected: StaticString) -> Bool {
  bytes.count == expected.utf8CodeUnitCount
    && memcmp(bytes.baseAddress ?? expected.utf8Start, expected.utf8Start, bytes.count) == 0
}

/// The start of a text, for a message.
func quoted(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
  let text = String(decoding: bytes.prefix(60), as: UTF8.self)
  return bytes.count > 60 ? text + "..." : text
}
