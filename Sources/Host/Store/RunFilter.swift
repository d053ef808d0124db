internal import GRDB

/// Which runs are wanted: those that have, in every column named, one of the values given for it.
public struct RunFilter: Sendable {
  /// Columns that runs can be chosen and sorted by: all of a run's but its documents.
  public enum Column: String, CaseIterable, Sendable {
    case hash, cell, workload, domain, model, dataset, method, seed, dataSHA256, code, status, attempts, metric, test, validation
    case lastTest, lastValidation, seconds, wallSeconds, sharedBy, digest, directory, environment, startedAt, endedAt
  }

  public enum Comparison: String, Sendable {
    case equal = "="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
  }

  private(set) var sets: [Column: [String]] = [:]
  private(set) var bounds: [(column: Column, comparison: Comparison, value: Double)] = []
  /// Of several runs of one cell (after a change of code or data) only the latest; a finished one before any other.
  public var latestOfCell = false
  public var order: [Column] = [.domain, .model, .dataset, .workload, .method, .seed]
  public var limit: Int?

  public init() {}

  public static var all: RunFilter { RunFilter() }

  /// Only runs whose column holds one of the values.
  public func having(_ column: Column, _ values: [String]) -> RunFilter {
    var result = self
    result.sets[column] = values
    return result
  }

  public func having(_ column: Column, _ comparison: Comparison, _ value: Double) -> RunFilter {
    var result = self
    result.bounds.append((column, comparison, value))
    return result
  }

  public func latest() -> RunFilter {
    var result = self
    result.latestOfCell = true
    return result
  }

  /// What comes after `SELECT ... FROM runs`.
  var clause: (sql: String, arguments: StatementArguments) {
    var conditions: [String] = []
    var arguments = StatementArguments()
    for (column, values) in sets.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
      // SQLite compares a text with a number column by the column's affinity, so that seeds may be given as text.
      conditions.append("\(column.rawValue) IN (\(databaseQuestionMarks(count: values.count)))")
      arguments += StatementArguments(values)
    }
    for bound in bounds {
      conditions.append("\(bound.column.rawValue) \(bound.comparison.rawValue) ?")
      arguments += [bound.value]
    }
    if latestOfCell {
      conditions.append(
        """
        hash = (SELECT hash FROM runs AS other WHERE other.cell = runs.cell
          ORDER BY other.status = 'finished' DESC, other.endedAt DESC, other.hash LIMIT 1)
        """)
    }
    var sql = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
    if !order.isEmpty { sql += " ORDER BY " + order.map(\.rawValue).joined(separator: ", ") }
    if let limit { sql += " LIMIT \(limit)" }
    return (sql, arguments)
  }
}
