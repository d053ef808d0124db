internal import GRDB

extension ResultStore {
  /// Runs without their documents cost a few microseconds each; summaries and configurations are text that nothing parses here.
  ///
  /// - Complexity: 10,000 runs in a few tenths of a second.
  public func runs(_ filter: RunFilter = .all) throws -> [StoredRun] {
    try reading { db in
      let clause = filter.clause
      return try StoredRun.fetchAll(db, sql: "SELECT * FROM runs" + clause.sql, arguments: clause.arguments)
    }
  }

  public func run(_ hash: String) throws -> StoredRun? {
    try reading { try StoredRun.fetchOne($0, sql: "SELECT * FROM runs WHERE hash = ?", arguments: [hash]) }
  }

  public func count(_ filter: RunFilter = .all) throws -> Int {
    try reading { db in
      var plain = filter
      plain.order = []
      let clause = plain.clause
      return try Int.fetchOne(db, sql: "SELECT count(*) FROM (SELECT 1 FROM runs\(clause.sql))", arguments: clause.arguments) ?? 0
    }
  }

  /// Each value of a column, sorted.
  public func values(_ column: RunFilter.Column) throws -> [String] {
    try reading { db in
      try String.fetchAll(
        db, sql: "SELECT DISTINCT CAST(\(column.rawValue) AS TEXT) FROM runs WHERE \(column.rawValue) IS NOT NULL ORDER BY 1")
    }
  }

  /// The status of each of these runs that is there.
  public func statuses(of hashes: [String]) throws -> [String: RunStatus] {
    let wanted = Set(hashes)
    return try reading { db in
      var result: [String: RunStatus] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT hash, status FROM runs") {
        let hash: String = row["hash"]
        if wanted.contains(hash) { result[hash] = RunStatus(rawValue: row["status"]) }
      }
      return result
    }
  }

  /// A finished run, and the data it was about.
  public struct Finished: Hashable, Sendable {
    public let hash: String
    public let dataSHA256: String?
  }

  /// Finished runs by the cell they belong to, whichever code computed them; the latest first.
  public func finished(cells: [String]) throws -> [String: [Finished]] {
    let wanted = Set(cells)
    return try reading { db in
      var result: [String: [Finished]] = [:]
      let sql = "SELECT cell, hash, dataSHA256 FROM runs WHERE status = 'finished' ORDER BY endedAt DESC, hash"
      for row in try Row.fetchAll(db, sql: sql) {
        let cell: String = row["cell"]
        if wanted.contains(cell) { result[cell, default: []].append(Finished(hash: row["hash"], dataSHA256: row["dataSHA256"])) }
      }
      return result
    }
  }

  public func attempts(of hash: String) throws -> [StoredAttempt] {
    try reading { try StoredAttempt.fetchAll($0, sql: "SELECT * FROM attempts WHERE run = ? ORDER BY number", arguments: [hash]) }
  }

  /// Every attempt by its run.
  public func attempts() throws -> [String: [StoredAttempt]] {
    try reading { db in
      Dictionary(grouping: try StoredAttempt.fetchAll(db, sql: "SELECT * FROM attempts ORDER BY run, number"), by: \.run)
    }
  }

  public func curves(of hash: String) throws -> [Curve] {
    try reading { db in
      try Row.fetchAll(db, sql: "SELECT series, points FROM curves WHERE run = ? ORDER BY series", arguments: [hash])
        .map { Curve(series: $0["series"], bytes: $0["points"]) }
    }
  }

  /// One series of every run that has it.
  public func curves(series: String) throws -> [String: [Double]] {
    try reading { db in
      var result: [String: [Double]] = [:]
      let cursor = try Row.fetchCursor(db, sql: "SELECT run, points FROM curves WHERE series = ?", arguments: [series])
      while let row = try cursor.next() { result[row["run"]] = Curve(series: series, bytes: row["points"]).values }
      return result
    }
  }

  /// The names of all series there are.
  public func series() throws -> [String] {
    try reading { try String.fetchAll($0, sql: "SELECT DISTINCT series FROM curves ORDER BY 1") }
  }

  /// By hash.
  public func workloads() throws -> [String: StoredWorkload] {
    try reading { db in
      Dictionary(uniqueKeysWithValues: try StoredWorkload.fetchAll(db, sql: "SELECT * FROM workloads").map { ($0.hash, $0) })
    }
  }

  public func environments() throws -> [Int64: StoredEnvironment] { try reading { try StoredEnvironment.all(in: $0) } }

  public func data(_ key: String) throws -> StoredData? {
    try reading { try StoredData.fetchOne($0, sql: "SELECT * FROM data WHERE key = ?", arguments: [key]) }
  }

  public func data() throws -> [StoredData] { try reading { try StoredData.fetchAll($0, sql: "SELECT * FROM data ORDER BY key") } }

  /// A number of every run's summary by its path, such as `averaged.test.f1`; those that lack it are left out.
  public func figure(_ path: String, _ filter: RunFilter = .all) throws -> [String: Double] {
    try reading { db in
      var plain = filter
      plain.order = []
      let clause = plain.clause
      var arguments: StatementArguments = ["$." + path]
      arguments += clause.arguments
      var result: [String: Double] = [:]
      let cursor = try Row.fetchCursor(
        db, sql: "SELECT hash, json_extract(summary, ?) AS value FROM runs" + clause.sql, arguments: arguments)
      while let row = try cursor.next() { if let value = Double.fromDatabaseValue(row["value"]) { result[row["hash"]] = value } }
      return result
    }
  }

  private func reading<R>(_ body: (Database) throws -> R) throws -> R { try Self.located(path) { try queue.read(body) } }
}
