internal import GRDB

/// What came of putting files of results together.
public struct MergeReport: Sendable {
  /// Two finished runs of the same hash with different results.
  public struct Conflict: Hashable, Sendable {
    public let hash: String
    /// `graph gcn cora swa seed 3`
    public let title: String
    /// The file whose run was not taken.
    public let file: String
    public let kept, other: Double?
  }

  public var added = 0
  /// Runs that are in both with the same results.
  public var same = 0
  /// Runs that had failed and are finished in the other file.
  public var replaced = 0
  /// Failures of what is finished or failed here already.
  public var passedOver = 0
  public var conflicts: [Conflict] = []
}

extension ResultStore {
  /// Adds the runs of other files to this one, in one transaction: all of them, or, where one of the files cannot be read, none.
  ///
  /// Of two runs with the same hash this file's stays, unless it failed and the other is finished. Finished runs of one hash
  /// with different results are conflicts: code, data and seed were the same, so that the machine or a fault made the
  /// difference.
  ///
  /// - Throws: ``StoreError`` for a file that is missing, of another kind, of a later version, or damaged.
  public func merge(_ others: [ResultStore]) throws -> MergeReport {
    try Self.located(path) {
      try queue.write { db in
        var report = MergeReport()
        for other in others { try Self.located(other.path) { try add(other, db, &report) } }
        return report
      }
    }
  }

  private func add(_ other: ResultStore, _ db: Database, _ report: inout MergeReport) throws {
    let environments = try other.environments()
    let workloads = try other.workloads()
    let attempts = try other.attempts()
    for data in try other.data() { try data.insert(db, onConflict: .ignore) }
    var numbers: [Int64: Int64] = [:]
    for (old, environment) in environments { numbers[old] = try environment.number(in: db) }
    for run in try other.runs() {
      if let mine = try StoredRun.fetchOne(db, sql: "SELECT * FROM runs WHERE hash = ?", arguments: [run.hash]) {
        switch (mine.status == .finished, run.status == .finished) {
        case (true, true) where mine.digest == run.digest: report.same += 1
        case (true, true):
          report.conflicts.append(
            MergeReport.Conflict(
              hash: run.hash, title: "\(run.domain) \(run.model) \(run.dataset) \(run.method) seed \(run.seed)", file: other.path,
              kept: mine.test, other: run.test))
        case (false, true): report.replaced += 1
        case (_, false): report.passedOver += 1
        }
        guard mine.status != .finished, run.status == .finished else { continue }
        try db.execute(sql: "DELETE FROM runs WHERE hash = ?", arguments: [run.hash])
      } else {
        report.added += 1
      }
      var copy = run
      copy.environment = numbers[run.environment] ?? 0
      // Folders stay where they are.
      copy.directory = nil
      if let workload = workloads[run.workload] { try workload.insert(db, onConflict: .ignore) }
      try copy.insert(db)
      for attempt in attempts[run.hash] ?? [] { try attempt.insert(db) }
      try Self.insert(other.curves(of: run.hash), of: run.hash, db)
    }
  }
}
