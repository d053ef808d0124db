import PluginAPI

/// The features of nodes, or of edges, put together from what a data set has.
struct NodeFeatures {
  /// What a feature is made of.
  enum Kind: String, CaseIterable, Sendable {
    /// Attributes `label`, `label.0`, ..., strings and booleans: a feature for each value that occurs.
    case labels
    /// All other attributes, as numbers.
    case attributes
    /// All other attributes, with a feature for each value that occurs.
    case categories
    /// The number of neighbours, with a feature for each up to a limit.
    case degree
    /// 1 for every node.
    case constant

    /// - Throws: `BasinError` of kind usage for an unknown word.
    static func list(_ text: String, option: String = "dataset.features") throws -> [Kind] {
      try text.split(separator: ",").map { word in
        let word = word.filter { $0 != " " }
        guard let kind = Kind(rawValue: word) else {
          throw BasinError.unknown("feature", word, of: option, among: allCases.map(\.rawValue))
        }
        return kind
      }
    }
  }

  private enum Block {
    /// The feature each node has, -1: none.
    case oneHot([Int32], width: Int)
    case numbers([Float])

    var width: Int {
      switch self {
      case .oneHot(_, let width): width
      case .numbers: 1
      }
    }
  }

  private let nodes: Int
  private var blocks: [Block] = []

  var width: Int { blocks.reduce(0) { $0 + $1.width } }

  /// A feature for each distinct value of a column takes at most this many.
  private static let maximumValues = 4096

  init(nodes: Int) { self.nodes = nodes }

  /// - Parameter kinds: empty: labels and attributes, or, without any, the degree.
  /// - Throws: `BasinError` naming the attribute that cannot be a feature.
  init(_ graphs: GraphCollection, _ kinds: [Kind], adjacency: SparseMatrix, maximumDegree: Int) throws {
    self.init(nodes: graphs.nodeCount)
    let chosen = kinds.isEmpty ? (graphs.nodeAttributes.isEmpty ? [.degree] : [.labels, .attributes]) : kinds
    for kind in chosen {
      switch kind {
      case .labels, .attributes, .categories: try add(graphs.nodeAttributes, as: kind, graphs.file)
      case .degree: add(degreesOf: adjacency, upTo: maximumDegree)
      case .constant: blocks.append(.numbers([Float](repeating: 1, count: nodes)))
      }
    }
    guard width > 0 else {
      throw BasinError.usage(
        "nodes have no \(chosen.map(\.rawValue).joined(separator: " and no ")) to make features of",
        advice: "Choose others by --set dataset.features=degree, or constant")
    }
  }

  /// The features of edges as the files list them; none where they have no such attribute.
  ///
  /// - Parameter weight: an attribute that is none of them.
  init(edgesOf graphs: GraphCollection, _ kinds: [Kind], besides weight: String) throws {
    self.init(nodes: graphs.edgeCount)
    for kind in kinds {
      guard [.labels, .attributes, .categories].contains(kind) else {
        throw BasinError.usage(
          "`\(kind.rawValue)` is no feature of an edge", advice: "Take labels, attributes or categories, or none")
      }
      try add(graphs.edgeAttributes.filter { $0.name != weight }, as: kind, graphs.file)
    }
  }

  // MARK: Blocks

  /// Those of some attributes that are of a kind.
  private mutating func add(_ columns: [AttributeColumn], as kind: Kind, _ file: String) throws {
    for column in columns {
      let isLabel = !column.type.isNumeric || column.name == "label" || column.name.hasPrefix("label.")
      switch (kind, isLabel) {
      case (.labels, true), (.categories, false): try add(categories: column, file)
      case (.attributes, false): add(numbers: column)
      default: continue
      }
    }
  }

  mutating func add(numbers values: [Float]) { blocks.append(.numbers(values)) }

  private mutating func add(numbers column: AttributeColumn) {
    add(numbers: (0..<nodes).map { Float(column.number($0) ?? 0) })
  }

  mutating func add(categories values: [Double?], named name: String, _ file: String) throws {
    let distinct = Set(values.compactMap { $0 }).sorted()
    guard distinct.count <= Self.maximumValues else {
      throw BasinError.badData(
        "`\(name)` has \(distinct.count) different values, too many for a feature each", file: file,
        advice: "Take it as a number, or leave it out, by --set dataset.features")
    }
    let number = Dictionary(uniqueKeysWithValues: distinct.enumerated().map { ($1, Int32(truncatingIfNeeded: $0)) })
    blocks.append(.oneHot(values.map { $0.flatMap { number[$0] } ?? -1 }, width: distinct.count))
  }

  private mutating func add(categories column: AttributeColumn, _ file: String) throws {
    let values = (0..<nodes).map { node -> Double? in
      column.type == .string ? (column.isPresent[node] ? Double(column.codes[node]) : nil) : column.number(node)
    }
    try add(categories: values, named: column.name, file)
  }

  mutating func add(degreesOf adjacency: SparseMatrix, upTo limit: Int) {
    let degrees = (0..<nodes).map { min(adjacency.rowPointers[$0 + 1] - adjacency.rowPointers[$0], limit) }
    blocks.append(.oneHot(degrees.map { Int32(truncatingIfNeeded: $0) }, width: (degrees.max() ?? 0) + 1))
  }

  // MARK: The matrix

  /// `[nodes, width]`.
  func matrix() throws(BasinError) -> SparseMatrix {
    var pointers = [0]
    pointers.reserveCapacity(nodes + 1)
    var indices: [Int32] = []
    var values: [Float] = []
    indices.reserveCapacity(nodes * blocks.count)
    values.reserveCapacity(nodes * blocks.count)
    for node in 0..<nodes {
      var offset: Int32 = 0
      for block in blocks {
        switch block {
        case .oneHot(let feature, let width):
          if feature[node] >= 0 {
            indices.append(offset + feature[node])
            values.append(1)
          }
          offset += Int32(truncatingIfNeeded: width)
        case .numbers(let numbers):
          if numbers[node] != 0 {
            indices.append(offset)
            values.append(numbers[node])
          }
          offset += 1
        }
      }
      pointers.append(values.count)
    }
    return try SparseMatrix(
      rows: nodes, columns: width, rowPointers: pointers, columnIndices: indices, values: values)
  }

  /// The numbers (not the one-hot features) brought to mean 0 and deviation 1 over some nodes; a number that is the same on all of
  /// them only loses its mean.
  func standardized(over some: [Range<Int>]) -> NodeFeatures {
    var result = self
    let count = Double(max(some.reduce(0) { $0 + $1.count }, 1))
    result.blocks = blocks.map { block in
      guard case .numbers(let numbers) = block else { return block }
      var (sum, squares) = (0.0, 0.0)
      for node in some.joined() { sum += Double(numbers[node]) }
      let mean = sum / count
      for node in some.joined() { squares += (Double(numbers[node]) - mean) * (Double(numbers[node]) - mean) }
      let deviation = (squares / count).squareRoot()
      let scale = deviation > 0 ? 1 / deviation : 1
      return .numbers(numbers.map { Float((Double($0) - mean) * scale) })
    }
    return result
  }
}
