/// The type of an attribute, by its name in GraphML.
public enum AttributeType: String, Sendable, CaseIterable {
  case boolean, int, long, float, double, string

  /// Whether values are numbers (``AttributeColumn/numbers``).
  public var isNumeric: Bool { self != .string && self != .boolean }
}

/// One attribute of all nodes (or edges, or of the graph): a column with a value per element.
///
/// Integers are kept as 64-bit numbers, reals as doubles, strings as codes into a table of the different strings; of the
/// arrays only the one that ``type`` names is filled.
public struct AttributeColumn: Sendable {
  /// The key's id, by which `<data>` refers to it.
  public let id: String
  /// The attribute's name; the key's id where the file gives none.
  public let name: String
  /// What the values are.
  public let type: AttributeType
  /// `int`, `long`: the value of each element, 0 where missing.
  public internal(set) var integers: [Int64] = []
  /// `float`, `double`: the value of each element, 0 where missing. May hold NaN and infinities.
  public internal(set) var reals: [Double] = []
  /// `boolean`: the value of each element, false where missing.
  public internal(set) var booleans: [Bool] = []
  /// `string`: the number of each element's string in ``strings``, -1 where missing.
  public internal(set) var codes: [Int32] = []
  /// `string`: the different strings, in the order they were met.
  public internal(set) var strings = ByteInterner()
  /// Whether an element has a value, its own or the attribute's default.
  public internal(set) var isPresent: [Bool] = []
  /// The first value that is NaN or infinite.
  public internal(set) var firstNonFinite: (element: Int, line: Int, column: Int)?

  /// The value of elements without one of their own, from `<default>`.
  var defaultValue: Value?

  /// One value, of the column's type.
  enum Value {
    case integer(Int64)
    case real(Double)
    case boolean(Bool)
    case code(Int32)
  }

  init(id: String, name: String, type: AttributeType) {
    self.id = id
    self.name = name
    self.type = type
  }

  /// A column of whole numbers.
  ///
  /// - Parameter isPresent: whether each element has a value; nil where all have one.
  public init(name: String, integers: [Int64], isPresent: [Bool]? = nil) {
    self.init(id: name, name: name, type: .long)
    self.integers = integers
    self.isPresent = isPresent ?? [Bool](repeating: true, count: integers.count)
  }

  /// A column of reals.
  public init(name: String, reals: [Double], isPresent: [Bool]? = nil) {
    self.init(id: name, name: name, type: .double)
    self.reals = reals
    self.isPresent = isPresent ?? [Bool](repeating: true, count: reals.count)
  }

  /// A column of strings, nil where missing.
  public init(name: String, strings values: [String?]) {
    self.init(id: name, name: name, type: .string)
    codes.reserveCapacity(values.count)
    for value in values {
      guard var value else {
        codes.append(-1)
        continue
      }
      codes.append(Int32(truncatingIfNeeded: value.withUTF8 { strings.intern($0) }))
    }
    isPresent = codes.map { $0 >= 0 }
  }

  /// How many elements have no value.
  public var missingCount: Int { isPresent.count { !$0 } }

  /// The value of an element as text, nil if it has none.
  public func text(_ element: Int) -> String? {
    guard isPresent[element] else { return nil }
    switch type {
    case .int, .long: return String(integers[element])
    case .float, .double: return String(reals[element])
    case .boolean: return String(booleans[element])
    case .string: return strings.string(Int(codes[element]))
    }
  }

  /// The value of an element as a number; booleans are 0 or 1, strings and missing values nil.
  public func number(_ element: Int) -> Double? {
    guard isPresent[element] else { return nil }
    switch type {
    case .int, .long: return Double(integers[element])
    case .float, .double: return reals[element]
    case .boolean: return booleans[element] ? 1 : 0
    case .string: return nil
    }
  }
}

/// A graph with attributes, as a file such as GraphML holds it, before any decision about what is a feature or a label.
public struct AttributedGraph: Sendable {
  /// The name errors carry.
  public internal(set) var file: String
  /// The ids of the nodes; node n's is ``nodeID(_:)``.
  var identifiers = ByteInterner()
  /// For each node the number of its id in ``identifiers``, `[N]`.
  var identifierOfNode: [Int32] = []
  /// The source node of every edge in file order, `[E]`.
  public internal(set) var sources: [Int32] = []
  /// The target node of every edge in file order, `[E]`.
  public internal(set) var targets: [Int32] = []
  /// Whether edges have a direction unless they say otherwise (`edgedefault`).
  public internal(set) var isDirected = false
  /// How many edges say otherwise.
  public internal(set) var edgesAgainstDefault = 0
  /// The node attributes in the order they are declared.
  public internal(set) var nodeAttributes: [AttributeColumn] = []
  /// The edge attributes in the order they are declared.
  public internal(set) var edgeAttributes: [AttributeColumn] = []
  /// The attributes of the graph itself, each a column of one element.
  public internal(set) var graphAttributes: [AttributeColumn] = []
  /// How many graphs the file holds side by side; the first is the one read.
  public internal(set) var graphCount = 0
  /// The nodes of all graphs of the file.
  public internal(set) var totalNodeCount = 0
  /// The edges of all graphs of the file.
  public internal(set) var totalEdgeCount = 0
  /// What was unusual about the file.
  public internal(set) var warnings: [ReadWarning] = []

  init(file: String) { self.file = file }

  /// N, isolated nodes included.
  public var nodeCount: Int { identifierOfNode.count }
  /// E, as the file lists them.
  public var edgeCount: Int { sources.count }
  /// The id of a node in the file.
  public func nodeID(_ node: Int) -> String { identifiers.string(Int(identifierOfNode[node])) }
}
