import PluginAPI

/// An attribute as a class, or as a split.
extension AttributeColumn {
  /// Whether values repeat as classes do; a name of each element, or a coordinate called `y`, does not.
  var looksLikeClass: Bool {
    var different: Set<Double> = []
    var present = 0
    for element in isPresent.indices where isPresent[element] {
      present += 1
      let value = type == .string ? Double(codes[element]) : number(element) ?? 0
      guard value.isFinite, value.rounded() == value else { return false }
      different.insert(value)
    }
    return itemType == nil && different.count < present && different.count <= max(64, present / 2)
  }

  /// The class of each element, -1 where it has none. Classes are numbered in rising order of their value (numbers by
  /// size, strings
  /// by bytes, false before true).
  ///
  /// - Parameter failure: the error for an element whose value is not finite.
  func classes(
    orThrow failure: (_ element: Int) -> BasinError
  ) throws(BasinError) -> (labels: [Int32], names: [String]) {
    var labels = [Int32](repeating: -1, count: isPresent.count)
    guard type != .string else {
      let used = Set(codes.compactMap { $0 >= 0 ? Int($0) : nil })
      let order = used.sorted { strings.bytes($0).lexicographicallyPrecedes(strings.bytes($1)) }
      var classOf = [Int32](repeating: -1, count: strings.count)
      for (number, code) in order.enumerated() { classOf[code] = Int32(truncatingIfNeeded: number) }
      for (element, code) in codes.enumerated() where code >= 0 { labels[element] = classOf[Int(code)] }
      return (labels, order.map { strings.string($0) })
    }
    var names: [Double: String] = [:]
    for element in isPresent.indices {
      guard let value = number(element) else { continue }
      guard value.isFinite else { throw failure(element) }
      if names[value] == nil { names[value] = text(element) }
    }
    let order = names.keys.sorted()
    let classOf = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, Int32(truncatingIfNeeded: $0)) })
    for element in isPresent.indices {
      if let value = number(element), let number = classOf[value] { labels[element] = number }
    }
    return (labels, order.map { names[$0] ?? String($0) })
  }

  /// The elements of train, validation and test, in rising order.
  ///
  /// - Parameters:
  ///   - names: what the attribute calls each part.
  ///   - failure: the error for an element whose value is none of them.
  func splits(
    _ names: SplitNames, orThrow failure: (_ element: Int, _ value: String) -> BasinError
  ) throws(BasinError) -> [[Int]] {
    var splits: [[Int]] = [[], [], []]
    for element in isPresent.indices {
      guard let value = text(element), !value.isEmpty, value != "none" else { continue }
      guard let part = names.part(of: value) else { throw failure(element, value) }
      splits[part].append(element)
    }
    return splits
  }
}

/// What a split attribute calls the parts.
public struct SplitNames: Sendable, Equatable {
  public var train: [String]
  public var validation: [String]
  public var test: [String]

  public init(
    train: [String] = ["train"], validation: [String] = ["validation", "val", "valid"], test: [String] = ["test"]
  ) {
    self.train = train
    self.validation = validation
    self.test = test
  }

  func part(of value: String) -> Int? { [train, validation, test].firstIndex { $0.contains(value) } }
}
