import Foundation
internal import GRDB

/// The results of benchmarks in one SQLite file.
///
/// The file is in WAL mode with full synchronization: what ``record(_:attempts:curves:workload:environment:)`` returned from is there
/// after a kill at any instant, and after a loss of power; a kill in the middle of it leaves the file as before. Others may
/// read while one process writes.
public final class ResultStore: Sendable {
  /// In a benchmark's folder.
  public static let fileName = "results.sqlite"

  public let path: String
  let queue: DatabaseQueue

  private init(path: String, queue: DatabaseQueue) {
    self.path = path
    self.queue = queue
  }

  /// Opens a file for writing; makes it, or brings it to this version, where needed.
  ///
  /// - Throws: ``StoreError`` for a file of another kind, of a later version, or that is damaged.
  public static func open(_ path: String) throws -> ResultStore {
    try located(path) {
      var configuration = Configuration()
      configuration.journalMode = .wal
      configuration.busyMode = .timeout(30)
      configuration.foreignKeysEnabled = true
      configuration.prepareDatabase { db in
        try StoreSchema.check(db, file: path)
        try db.execute(sql: "PRAGMA synchronous = FULL")
      }
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try StoreSchema.migrate(queue)
      return ResultStore(path: path, queue: queue)
    }
  }

  /// Opens a file that is there, without changing it.
  ///
  /// - Parameter thoroughly: looks at every page for damage.
  /// - Throws: ``StoreError`` as ``open(_:)``, and where there is no such file.
  public static func read(_ path: String, thoroughly: Bool = false) throws -> ResultStore {
    guard FileManager.default.fileExists(atPath: path) else {
      throw StoreError(.missing, "is not there", file: path, advice: "Name the folder of a benchmark, or the results.sqlite in it")
    }
    return try located(path) {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(30)
      configuration.prepareDatabase { db in try StoreSchema.check(db, file: path) }
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      if thoroughly {
        let complaints = try queue.read { try String.fetchAll($0, sql: "PRAGMA quick_check(3)") }
        guard complaints == ["ok"] else { throw StoreError.corrupted(path, complaints.joined(separator: "; ")) }
      }
      let found = try queue.read { try Int32.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
      guard found < StoreSchema.version else { return ResultStore(path: path, queue: queue) }
      // An older file is not changed: a copy in memory gets the tables of today.
      let copy = try DatabaseQueue()
      try queue.backup(to: copy)
      try StoreSchema.migrate(copy)
      return ResultStore(path: path, queue: copy)
    }
  }

  /// Folds the log of writes into the file, and lets go of it.
  public func close() throws { try Self.located(path) { try queue.close() } }

  static func located<R>(_ path: String, _ body: () throws -> R) throws -> R {
    do { return try body() } catch { throw StoreError.from(error, file: path) }
  }

  // MARK: Writing

  /// A run that has ended, with all that belongs to it: in the file as a whole, or not at all.
  public struct Ended: Sendable {
    public var run: StoredRun
    public var attempts: [StoredAttempt]
    public var curves: [Curve]
    public var workload: StoredWorkload

    public init(run: StoredRun, attempts: [StoredAttempt], curves: [Curve], workload: StoredWorkload) {
      self.run = run
      self.attempts = attempts
      self.curves = curves
      self.workload = workload
    }
  }

  /// Stores runs that ended together, in one transaction. One that is there already is replaced, and so are failures of the
  /// same cell: what was asked for has been tried again.
  public func record(_ ended: [Ended], environment: StoredEnvironment) throws {
    try Self.located(path) {
      try queue.write { db in
        let number = try environment.number(in: db)
        for item in ended {
          var run = item.run
          run.environment = number
          try db.execute(
            sql: "DELETE FROM runs WHERE hash = ? OR (cell = ? AND status <> 'finished')", arguments: [run.hash, run.cell])
          try item.workload.insert(db, onConflict: .ignore)
          try run.insert(db)
          for attempt in item.attempts { try attempt.insert(db) }
          try Self.insert(item.curves, of: run.hash, db)
        }
      }
    }
  }

  static func insert(_ curves: [Curve], of run: String, _ db: Database) throws {
    let statement = try db.cachedStatement(sql: "INSERT INTO curves (run, series, points) VALUES (?, ?, ?)")
    for curve in curves { try statement.execute(arguments: [run, curve.series, curve.bytes]) }
  }

  public func record(_ data: StoredData) throws {
    try Self.located(path) { try queue.write { try data.insert($0, onConflict: .replace) } }
  }
}
