import PluginAPI

/// What is to be predicted for each node or each graph of a data set.
enum Targets {
  /// A class each, -1 where unknown.
  case classes([Int32], names: [String])
  /// `[items, width]`, row by row; NaN where unknown.
  case numbers([Float], width: Int)
  /// `[items, width]` of 0 and 1, row by row; NaN where unknown.
  case labels([Float], width: Int)

  /// How targets are read: by what they look like, or as said.
  enum Kind: String, CaseIterable, Sendable {
    case auto, classification, regression
    case multiLabel = "multi-label"
  }

  var task: Task {
    switch self {
    case .classes(_, let names): .classification(classes: names.count)
    case .numbers(_, let width): .regression(outputs: width)
    case .labels(_, let width): .multiLabel(labels: width)
    }
  }

  var classNames: [String] {
    if case .classes(_, let names) = self { names } else { [] }
  }

  /// Whether an item has all its targets (a multi-label item: any).
  func isKnown(_ item: Int) -> Bool {
    switch self {
    case .classes(let classes, _): classes[item] >= 0
    case .numbers(let values, let width): !values[item * width..<(item + 1) * width].contains { $0.isNaN }
    case .labels(let values, let width): values[item * width..<(item + 1) * width].contains { !$0.isNaN }
    }
  }

  /// The class of each item, for stratified splits; nil where there are none.
  func classes(_ items: [Int]) -> [Int32]? {
    if case .classes(let classes, _) = self { items.map { classes[$0] } } else { nil }
  }

  /// The targets of some items: int64 `[count]`, or float32 `[count, width]`.
  func tensor(_ items: [Int]) throws -> Tensor {
    switch self {
    case .classes(let classes, _): try Tensor(items.map { Int64(classes[$0]) })
    case .numbers(let values, let width), .labels(let values, let width):
      try Tensor(items.flatMap { values[$0 * width..<($0 + 1) * width] }, shape: [items.count, width])
    }
  }

  /// Targets from a table, a row an item.
  ///
  /// - Parameter kind: `auto`: one column of whole numbers is classes; several columns of 0 and 1 are labels; anything else is
  ///   numbers.
  /// - Throws: `BasinError` where the values cannot be what is asked for.
  init(_ table: NumberTable<Double>, _ kind: Kind, file: String) throws(BasinError) {
    let known = table.values.lazy.filter { !$0.isNaN }
    let isBinary = known.allSatisfy { $0 == 0 || $0 == 1 }
    let isWhole = known.allSatisfy { $0 == $0.rounded() && $0.magnitude <= 0x1p53 }
    let looksLike: Kind =
      table.columns == 1 && isWhole ? .classification : table.columns > 1 && isBinary ? .multiLabel : .regression
    let chosen = kind == .auto ? looksLike : kind
    func unfit(_ message: String) -> BasinError {
      .badData(message, file: file, advice: "Choose another by --set dataset.task=NAME")
    }
    switch chosen {
    case .classification:
      guard table.columns == 1, isWhole else {
        throw unfit("\(table.columns) columns of targets\(isWhole ? "" : ", some no whole numbers,") are no classes")
      }
      let classes = Set(known).sorted()
      let number = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, Int32(truncatingIfNeeded: $0)) })
      self = .classes(table.values.map { number[$0] ?? -1 }, names: classes.map { String(Int64($0)) })
    case .multiLabel:
      guard isBinary else { throw unfit("targets other than 0 and 1 are no labels") }
      self = .labels(table.values.map { Float($0) }, width: table.columns)
    default:
      self = .numbers(table.values.map { Float($0) }, width: table.columns)
    }
  }
}
