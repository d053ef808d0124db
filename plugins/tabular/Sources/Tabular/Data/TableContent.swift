import PluginAPI

/// A table whose columns have been understood: numbers, categories, and the target.
///
/// Which kind a column is, and the classes, follow from all rows; whatever else is learned from data is ``TableEncoder``'s, which sees
/// training rows alone.
public struct TableContent: Sendable {
  public struct NumberColumn: Sendable {
    public let name: String
    /// NaN where a value is missing.
    public let values: [Double]
  }

  public struct CategoryColumn: Sendable {
    public let name: String
    /// nil where a value is missing.
    public let values: [String?]
  }

  public enum Target: Sendable {
    case classes(names: [String], labels: [Int32])
    case numbers([Double])
  }

  public let rows: Int
  public let numbers: [NumberColumn]
  public let categories: [CategoryColumn]
  /// nil where the table has no such column: examples to predict.
  public let target: Target?
  public let warnings: [DataInspection.Warning]

  /// Of a column of which this part or more are numbers the rest are mistakes.
  private static let mostlyNumbers = 0.9
  /// The most classes a target may have, and the most different numbers `auto` takes for classes.
  private static let mostClasses = 1000, mostNumberedClasses = 20

  /// - Throws: `BasinError`: `.usage` for a column that is not there, `.badData` with line and column for what cannot be read.
  public init(_ table: Table, _ settings: ColumnSettings) throws {
    let target = try settings.target.isEmpty ? table.names.count - 1 : table.column(settings.target)
    let ignored = Set(try ColumnSettings.names(settings.ignore).map(table.column))
    let categorical = Set(try ColumnSettings.names(settings.categorical).map(table.column))
    guard !ignored.contains(target) else {
      throw BasinError.usage("column \(table.names[target]) cannot be the target and be ignored", advice: "Set dataset.target")
    }
    let missing = settings.missingWords
    var numbers: [NumberColumn] = [], categories: [CategoryColumn] = [], warnings: [DataInspection.Warning] = []
    for column in table.names.indices where column != target && !ignored.contains(column) {
      let name = table.names[column]
      if !categorical.contains(column), let values = try Self.numbers(table, column, missing) {
        numbers.append(NumberColumn(name: name, values: values))
        if Set(values.filter { !$0.isNaN }).count < 2 {
          warnings.append(.init(message: "column \(name) has the same value everywhere: it tells nothing"))
        }
      } else {
        let values = table.columns[column].map { missing.contains($0) ? nil : $0 }
        categories.append(CategoryColumn(name: name, values: values))
        let different = Set(values.compactMap { $0 }).count
        if different > 20, 2 * different > table.rows {
          warnings.append(
            .init(message: "column \(name) has \(different) different values in \(table.rows) rows: if it names examples, ignore it"))
        }
      }
    }
    guard !numbers.isEmpty || !categories.isEmpty else {
      throw BasinError.badData(
        "the table has no column beside the target, \(table.names[target])", file: table.file,
        advice: "Another delimiter? Set dataset.delimiter")
    }
    rows = table.rows
    self.numbers = numbers
    self.categories = categories
    self.target = try Self.target(table, target, settings, missing)
    self.warnings = warnings
  }

  /// The columns of `training`, by name, of a table that need not have the target.
  public init(_ table: Table, like training: TableContent, _ settings: ColumnSettings) throws {
    let missing = settings.missingWords
    func column(_ name: String) throws -> Int {
      guard let index = table.names.firstIndex(of: name) else {
        throw BasinError.badData(
          "has no column \(name), which the model was trained with", file: table.file,
          advice: "Its columns are \(table.names.joined(separator: ", "))")
      }
      return index
    }
    numbers = try training.numbers.map { known in
      let index = try column(known.name)
      return NumberColumn(name: known.name, values: try Self.requireNumbers(table, index, missing))
    }
    categories = try training.categories.map { known in
      CategoryColumn(name: known.name, values: try table.columns[column(known.name)].map { missing.contains($0) ? nil : $0 })
    }
    rows = table.rows
    target = nil
    warnings = []
  }

  // MARK: Reading values

  /// A decimal number; nil for anything else, infinities, NaN and hexadecimal numbers among them.
  static func number(_ text: String) -> Double? {
    guard let first = text.utf8.first, first < 0x3A, !text.utf8.contains(UInt8(ascii: "x")), !text.utf8.contains(UInt8(ascii: "X")),
      let value = Double(text), value.isFinite
    else { return nil }
    return value
  }

  /// A column's numbers; nil where it is one of categories.
  private static func numbers(_ table: Table, _ column: Int, _ missing: Set<String>) throws -> [Double]? {
    var values = [Double](repeating: .nan, count: table.rows)
    var found = 0, strange = 0, firstStrange = 0
    for (row, text) in table.columns[column].enumerated() where !missing.contains(text) {
      if let value = number(text) {
        values[row] = value
        found += 1
      } else {
        if strange == 0 { firstStrange = row }
        strange += 1
      }
    }
    guard strange > 0 else { return found > 0 ? try inRange(values, table, column) : nil }
    guard Double(found) >= mostlyNumbers * Double(found + strange) else { return nil }
    throw table.error(
      "'\(table.columns[column][firstStrange])' is no number, but \(found) values of the column are", row: firstStrange,
      column: column,
      advice: "Correct it, name it in dataset.missing, or name the column in dataset.categorical")
  }

  private static func requireNumbers(_ table: Table, _ column: Int, _ missing: Set<String>) throws -> [Double] {
    let values = try table.columns[column].enumerated().map { row, text in
      if missing.contains(text) { return Double.nan }
      guard let value = number(text) else {
        throw table.error(
          "'\(text)' is no number", row: row, column: column,
          advice: "Correct it, or leave the field empty where the value is missing")
      }
      return value
    }
    return try inRange(values, table, column)
  }

  /// Tensors hold float32, whose range ends at 3.4e38.
  private static func inRange(_ values: [Double], _ table: Table, _ column: Int) throws -> [Double] {
    guard let row = values.firstIndex(where: { abs($0) > 1e30 }) else { return values }
    throw table.error(
      "\(values[row]) is too large", row: row, column: column,
      advice: "Numbers go up to 1e30: give the column another unit")
  }

  private static func target(
    _ table: Table, _ column: Int, _ settings: ColumnSettings, _ missing: Set<String>
  ) throws -> Target {
    let texts = table.columns[column]
    if let row = texts.firstIndex(where: missing.contains) {
      throw table.error(
        "the target is missing", row: row, column: column,
        advice: "Remove the row, or set dataset.target to another column")
    }
    let isRegression: Bool
    switch settings.task {
    case .regression: isRegression = true
    case .classification: isRegression = false
    case .auto:
      let values = texts.compactMap(number)
      isRegression = values.count == texts.count
        && (Set(values).count > mostNumberedClasses || values.contains { $0 != $0.rounded() })
    }
    guard !isRegression else { return .numbers(try requireNumbers(table, column, [])) }
    let names = Set(texts).sorted { a, b in
      // Classes that are numbers go by their value.
      if let x = number(a), let y = number(b), x != y { return x < y }
      return a < b
    }
    guard 2...mostClasses ~= names.count else {
      throw BasinError.badData(
        "the target, \(table.names[column]), has \(names.count) different values, classes are 2 to \(mostClasses)", file: table.file,
        advice: names.count < 2 ? "Set dataset.target to another column" : "For numbers set dataset.task=regression")
    }
    let index = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
    return .classes(names: names, labels: texts.map { index[$0] ?? 0 })
  }
}
