internal import GRDB

/// What is wrong with a file of results, in the words for the person who named it.
public struct StoreError: Error, CustomStringConvertible {
  public enum Kind: Sendable {
    /// There is no such file.
    case missing
    /// A file, but not one of results.
    case foreign
    /// Written by a later version, with tables that this one does not know.
    case newer
    /// Damaged: SQLite cannot read all of it.
    case corrupted
    /// Another process holds it, and did not let go in time.
    case busy
    /// It cannot be read or written: no space, no permission, a failing disk.
    case inputOutput
  }

  public let kind: Kind
  public let file: String
  public let message: String
  public let advice: String

  public init(_ kind: Kind, _ message: String, file: String, advice: String) {
    self.kind = kind
    self.file = file
    self.message = message
    self.advice = advice
  }

  public var description: String { "\(file): \(message). \(advice)" }
}

extension StoreError {
  static func foreign(_ file: String, _ why: String) -> StoreError {
    StoreError(
      .foreign, "is not a file of benchmark results (\(why))", file: file,
      advice: "Name the folder of a benchmark, or the results.sqlite in it")
  }

  static func corrupted(_ file: String, _ why: String) -> StoreError {
    StoreError(
      .corrupted, "is damaged (\(why))", file: file,
      advice: "Move it away: finished runs are taken from their folders again by bench --resume")
  }

  /// What an error of SQLite means for `file`.
  static func from(_ error: any Error, file: String) -> StoreError {
    if let error = error as? StoreError { return error }
    guard let error = error as? DatabaseError else {
      return StoreError(.inputOutput, "cannot be used (\(error))", file: file, advice: "Check the file and its folder")
    }
    let text = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
    switch error.resultCode {
    case .SQLITE_NOTADB: return .foreign(file, "no SQLite database")
    case .SQLITE_CORRUPT: return .corrupted(file, text)
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      return StoreError(.busy, "is in use by another process (\(text))", file: file, advice: "Wait for it, and try again")
    case .SQLITE_CANTOPEN:
      return StoreError(.inputOutput, "cannot be opened (\(text))", file: file, advice: "Check the path and its permissions")
    case .SQLITE_FULL, .SQLITE_IOERR:
      return StoreError(.inputOutput, "cannot be written (\(text))", file: file, advice: "Free some space, and try again")
    case .SQLITE_READONLY, .SQLITE_PERM:
      return StoreError(.inputOutput, "may not be written (\(text))", file: file, advice: "Check the permissions of its folder")
    default: return StoreError(.inputOutput, "cannot be used (\(text))", file: file, advice: "Check the file and its folder")
    }
  }
}
