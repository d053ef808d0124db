import PluginAPI

/// Why a file did not come from one place.
struct FetchProblem {
  enum Kind {
    /// It is not there, or not for us.
    case absent
    /// What came is something else.
    case wrong
    /// The way there, or the server, fails: another time it may work.
    case trouble
  }

  let kind: Kind
  let url: String
  let text: String

  /// What to say when no place had the file. What came wrong weighs most, then what may work another time.
  static func error(_ problems: [FetchProblem], path: String) -> BasinError {
    let list = problems.map { "\n  \($0.url): \($0.text)" }.joined()
    let message = "could not be fetched\(list)"
    if problems.contains(where: { $0.kind == .wrong }) {
      return .badData(
        message, file: path,
        advice: "Nothing wrong was kept. Give another place by --mirror URL, or put the published file there by hand")
    }
    if problems.contains(where: { $0.kind == .trouble }) {
      return BasinError(
        .inputOutput, message, file: path,
        advice: "The same command tries again and goes on with what has come. --mirror URL names another place")
    }
    return .missing(message, file: path, advice: "Give another place by --mirror URL, or put the published file there by hand")
  }
}
