import PluginAPI

/// The columns of the feature matrix that one node attribute becomes.
struct FeatureGroup {
  let column: AttributeColumn
  /// The names of its columns.
  private(set) var names: [String] = []
  /// Of strings and lists: for each different text the columns it fills, relative to the group, and their values.
  private var entriesOfText: [[(column: Int, value: Double)]] = []

  /// A string attribute with more different values than this is a name, not a category.
  static let maximumCategories = 64
  /// The longest list that is a vector.
  private static let maximumLength = 100_000

  /// A number or boolean is one column; a string of few different values one for each (one-hot); a list of numbers of
  /// the same length
  /// everywhere one for each place; a list of few different strings one for each (several may be 1).
  ///
  /// - Returns: nil with a warning where it can be none of these.
  init?(_ column: AttributeColumn, warnings: inout [ReadWarning]) {
    self.column = column
    guard column.type == .string else {
      let missing = column.missingCount
      if missing > 0 {
        warnings.append(ReadWarning(message: "feature `\(column.name)` is missing on \(missing) nodes; it is 0 there"))
      }
      names = [column.name]
      return
    }
    let reason: String?
    if let item = column.itemType {
      reason = item == .string ? addSets() : addVectors(item)
    } else if column.strings.count <= Self.maximumCategories {
      names = (0..<column.strings.count).map { "\(column.name)=\(column.strings.string($0))" }
      entriesOfText = (0..<column.strings.count).map { [($0, 1)] }
      reason = nil
    } else {
      reason = "\(column.strings.count) different values"
    }
    guard let reason else { return }
    warnings.append(ReadWarning(message: "`\(column.name)` has \(reason); it is not used as a feature"))
    return nil
  }

  /// The columns, relative to the group, and values of a node, in rising order; zeros and missing values left out.
  func entries(_ node: Int) -> [(column: Int, value: Double)] {
    guard column.type == .string else {
      guard let number = column.number(node), number != 0 else { return [] }
      return [(0, number)]
    }
    let code = column.codes[node]
    return code < 0 ? [] : entriesOfText[Int(code)]
  }

  private mutating func addSets() -> String? {
    var numbers: [String: Int] = [:]
    for code in 0..<column.strings.count {
      var found: Set<Int> = []
      for item in AttributeColumn.items(of: column.strings.string(code)) {
        let number = numbers[item] ?? names.count
        if number == names.count {
          guard number < Self.maximumCategories else { return "over \(Self.maximumCategories) different items" }
          numbers[item] = number
          names.append("\(column.name)=\(item)")
        }
        found.insert(number)
      }
      entriesOfText.append(found.sorted().map { ($0, 1) })
    }
    return nil
  }

  private mutating func addVectors(_ item: AttributeType) -> String? {
    var length: Int?
    for code in 0..<column.strings.count {
      let items = AttributeColumn.items(of: column.strings.string(code))
      guard items.count == length ?? items.count else { return "lists of different lengths" }
      guard items.count <= Self.maximumLength else { return "lists of \(items.count) items" }
      length = items.count
      var entries: [(Int, Double)] = []
      for (place, text) in items.enumerated() {
        let truth = item == .boolean ? ["true": 1.0, "false": 0][text.lowercased()] : nil
        guard let value = truth ?? parseReal(Array(text.utf8)) else { return "items that are no numbers" }
        if value != 0 { entries.append((place, value)) }
      }
      entriesOfText.append(entries)
    }
    names = (0..<(length ?? 0)).map { "\(column.name)[\($0)]" }
    return nil
  }
}
