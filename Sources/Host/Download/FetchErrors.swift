import Foundation
import PluginAPI

/// What a failed system call says of a file under the data root.
enum FetchErrors {
  static func system(_ message: String, file: String, code: Int32 = errno) -> BasinError {
    var error = BasinErrors.system(message, file: file, code: code)
    if error.kind == .inputOutput { error.advice = "Free some space, or choose another --data-root; what came is kept" }
    return error
  }
}
