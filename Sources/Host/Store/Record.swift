internal import GRDB

/// A value that is a row of a table, a column for each of its properties.
protocol TableRow: Codable, Sendable {
  static var table: String { get }
}

/// That row for GRDB, which users of this library do not see.
struct Record<Value: TableRow>: Codable, FetchableRecord, PersistableRecord {
  let value: Value

  static var databaseTableName: String { Value.table }

  init(_ value: Value) { self.value = value }
  init(from decoder: any Decoder) throws { value = try Value(from: decoder) }
  func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

extension StoredRun: TableRow { static var table: String { "runs" } }
extension StoredAttempt: TableRow { static var table: String { "attempts" } }
extension StoredWorkload: TableRow { static var table: String { "workloads" } }
extension StoredData: TableRow { static var table: String { "data" } }

extension TableRow {
  static func fetchAll(_ db: Database, sql: String, arguments: StatementArguments = .init()) throws -> [Self] {
    try Record<Self>.fetchAll(db, sql: sql, arguments: arguments).map(\.value)
  }

  static func fetchOne(_ db: Database, sql: String, arguments: StatementArguments = .init()) throws -> Self? {
    try Record<Self>.fetchOne(db, sql: sql, arguments: arguments)?.value
  }

  func insert(_ db: Database, onConflict: Database.ConflictResolution = .abort) throws {
    try Record(self).insert(db, onConflict: onConflict)
  }
}
