import Foundation
import PluginAPI

/// Errors that several commands give in the same words.
enum BasinErrors {
  static func missingFile(_ path: String) -> BasinError {
    .missing("is not there or cannot be read", file: path, advice: "Check the path")
  }

  static func notJSON(_ path: String, _ error: any Error) -> BasinError {
    .badData("is not the JSON expected here (\(error))", file: path, advice: "The file is damaged or from another program")
  }

  /// What a failed system call says of a file, with the status for it.
  static func system(_ message: String, file: String, code: Int32 = errno) -> BasinError {
    let reason = String(cString: strerror(code))
    switch code {
    case ENOSPC, EIO, EDQUOT, EFBIG:
      return BasinError(.inputOutput, "\(message) (\(reason))", file: file, advice: "Free some space, or choose another --out")
    default:
      return BasinError(.cannotCreate, "\(message) (\(reason))", file: file, advice: "Check that the folder exists and may be written to")
    }
  }
}
