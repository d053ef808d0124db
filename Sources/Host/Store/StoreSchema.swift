internal import GRDB

/// The tables, and how older files get them.
enum StoreSchema {
  /// Marks a SQLite file as one of results: "Basn" in the file's header.
  static let applicationID: Int32 = 0x4261_736E
  /// In the header too, so that a later version is recognized before its tables are touched.
  static let version: Int32 = 1

  /// Every step from an empty file to the present version, in order; a step is never changed once it was released.
  static func migrator() -> DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { db in
      try db.execute(
        sql: """
          -- Where runs were computed.
          CREATE TABLE environments (
            id INTEGER PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,
            machine TEXT NOT NULL, system TEXT NOT NULL, cpu TEXT NOT NULL,
            cores INTEGER NOT NULL, memoryBytes INTEGER NOT NULL,
            basin TEXT NOT NULL, code TEXT NOT NULL, libtorch TEXT, swift TEXT NOT NULL
          );
          CREATE TABLE modules (
            environment INTEGER NOT NULL REFERENCES environments(id) ON DELETE CASCADE,
            name TEXT NOT NULL, version TEXT NOT NULL, origin TEXT NOT NULL, sha256 TEXT NOT NULL,
            PRIMARY KEY (environment, name)
          ) WITHOUT ROWID;

          -- What the files of a data set hashed to, and which files those were.
          CREATE TABLE data (
            key TEXT PRIMARY KEY,
            dataset TEXT NOT NULL, sha256 TEXT, files TEXT NOT NULL
          ) WITHOUT ROWID;

          -- A model on a data set with everything decided but method and seed.
          CREATE TABLE workloads (
            hash TEXT PRIMARY KEY,
            domain TEXT NOT NULL, model TEXT NOT NULL, dataset TEXT NOT NULL, document TEXT NOT NULL
          ) WITHOUT ROWID;

          CREATE TABLE runs (
            hash TEXT NOT NULL PRIMARY KEY,
            cell TEXT NOT NULL,
            workload TEXT NOT NULL REFERENCES workloads(hash),
            domain TEXT NOT NULL, model TEXT NOT NULL, dataset TEXT NOT NULL, method TEXT NOT NULL, methodParts TEXT,
            seed INTEGER NOT NULL,
            configuration TEXT NOT NULL, dataSHA256 TEXT, code TEXT NOT NULL,
            status TEXT NOT NULL, reason TEXT, attempts INTEGER NOT NULL,
            metric TEXT, test REAL, validation REAL, lastTest REAL, lastValidation REAL,
            seconds REAL NOT NULL, wallSeconds REAL NOT NULL, sharedBy INTEGER NOT NULL, trajectory TEXT,
            digest TEXT, summary TEXT, directory TEXT,
            environment INTEGER NOT NULL REFERENCES environments(id),
            startedAt TEXT NOT NULL, endedAt TEXT NOT NULL
          );
          CREATE INDEX runsByCell ON runs(cell);
          CREATE INDEX runsByKind ON runs(domain, model, dataset, method, seed);
          CREATE INDEX runsByStatus ON runs(status);

          CREATE TABLE attempts (
            run TEXT NOT NULL REFERENCES runs(hash) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            status TEXT NOT NULL, reason TEXT, exitStatus INTEGER, signal INTEGER,
            seconds REAL NOT NULL, peakMemoryBytes INTEGER, startedAt TEXT NOT NULL, log TEXT,
            PRIMARY KEY (run, number)
          ) WITHOUT ROWID;

          -- A series of a run: little-endian float64, one value an epoch, NaN where there is none.
          CREATE TABLE curves (
            run TEXT NOT NULL REFERENCES runs(hash) ON DELETE CASCADE,
            series TEXT NOT NULL, points BLOB NOT NULL,
            PRIMARY KEY (run, series)
          ) WITHOUT ROWID;
          """)
    }
    return migrator
  }

  /// Brings an open file up to this version, in one transaction a step.
  static func migrate(_ queue: DatabaseQueue) throws {
    try migrator().migrate(queue)
    try queue.write { db in
      try db.execute(sql: "PRAGMA application_id = \(applicationID)")
      try db.execute(sql: "PRAGMA user_version = \(version)")
    }
  }

  /// - Throws: ``StoreError`` for a file that is not of results, or of a later version. An empty file is fine.
  static func check(_ db: Database, file: String) throws {
    let application = try Int32.fetchOne(db, sql: "PRAGMA application_id") ?? 0
    let found = try Int32.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    if application == applicationID {
      guard found <= version else {
        throw StoreError(
          .newer, "was written by a later version (its tables are of version \(found), this program knows \(version))",
          file: file, advice: "Use the newer program")
      }
      return
    }
    // A process that was killed between the file's creation and its header leaves tables without the mark.
    let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
    let own: Set<String> = ["environments", "modules", "data", "workloads", "runs", "attempts", "curves", "grdb_migrations"]
    guard application == 0, found == 0, Set(tables).isSubset(of: own) else {
      throw StoreError.foreign(file, "a database of another program")
    }
  }
}
