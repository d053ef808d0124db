/// The type of an attribute, by its name in GraphML.
public enum AttributeType: String, Sendable, CaseIterable {
  case boolean, int, long, float, double, string

  /// Whether values are numbers (``AttributeColumn/numbers``).
  public var isNumeric: Bool { self != .string && self != .boolean }
}

/// One attribute of all nodes (or edges, or of the graph): a column with a value per element.
///
/// Integers are kept as 64-bit numbers, reals as doubles, strings as codes into a table of the different strings; of
/// the
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
  public internal(set) var strings = StringTable()
  /// Whether an element has a value, its own or the attribute's default.
  public internal(set) var isPresent: [Bool] = []
  /// The first value that is NaN or infinite.
  public internal(set) var firstNonFinite: (element: Int, line: Int, column: Int)?

  /// `string`: the type of the items where each value is a list, written as `[1, 2]`, `a|b` or `a, b`; see
  /// ``items(_:)``.
  public internal(set) var itemType: AttributeType?

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
    (strings, codes) = StringTable.numbering(values)
    isPresent = codes.map { $0 >= 0 }
  }

  /// The type as people read it: `double`, `list of string`.
  public var typeName: String { itemType.map { "list of \($0.rawValue)" } ?? type.rawValue }

  /// Whether it says how an element is drawn, called or dated rather than what it is: Gephi's and yEd's places and
  /// colours, GEXF's own
  /// `label`, `start`, `end` and `timestamp`. Such a column is no feature unless it is named.
  public var isDecoration: Bool {
    name.hasPrefix("viz:") || name.hasPrefix("y:") || ["#label", "#start", "#end", "#timestamp"].contains(id)
  }

  /// The bytes that the column's arrays hold.
  var byteCount: Int {
    8 * (integers.count + reals.count) + booleans.count + 4 * codes.count + strings.byteCount + isPresent.count
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
