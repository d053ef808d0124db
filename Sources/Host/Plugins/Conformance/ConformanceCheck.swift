import PluginAPI

/// One check of something that a module offers.
public struct ConformanceCheck {
  /// What is checked: `model my-net`.
  public let subject: String
  /// `determinism`.
  public let name: String
  private let body: () throws -> String

  /// - Parameter body: what was seen, as a phrase, where all is well; throws ``ConformanceFailure`` where it is not, and
  ///   ``NotChecked`` where the check does not apply. Any other error is a failure too.
  public init(_ subject: String, _ name: String, _ body: @escaping () throws -> String) {
    self.subject = subject
    self.name = name
    self.body = body
  }

  public func run() -> ConformanceResult {
    let start = Clock.now()
    func result(_ outcome: ConformanceResult.Outcome, _ message: String) -> ConformanceResult {
      ConformanceResult(subject: subject, check: name, outcome: outcome, message: message, seconds: Clock.now() - start)
    }
    do { return result(.passed, try body()) } catch let error as ConformanceFailure {
      return result(.failed, error.message)
    } catch let error as NotChecked {
      return result(.skipped, error.reason)
    } catch {
      return result(.failed, "\(error)")
    }
  }
}

/// What a check found.
public struct ConformanceResult: Codable, Hashable, Sendable {
  public enum Outcome: String, Codable, Sendable {
    case passed, failed
    /// It does not apply.
    case skipped
  }

  public let subject, check: String
  public let outcome: Outcome
  /// What was seen, what is wrong, or why it does not apply.
  public let message: String
  public let seconds: Double

  public init(subject: String, check: String, outcome: Outcome, message: String, seconds: Double) {
    self.subject = subject
    self.check = check
    self.outcome = outcome
    self.message = message
    self.seconds = seconds
  }
}

/// Something that a module must do and does not.
public struct ConformanceFailure: Error {
  public let message: String
  public init(_ message: String) { self.message = message }
}

/// A check that does not apply.
public struct NotChecked: Error {
  public let reason: String
  public init(_ reason: String) { self.reason = reason }
}

/// Throws a ``ConformanceFailure`` where a condition does not hold.
func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  guard condition else { throw ConformanceFailure(message()) }
}

/// What is to be checked, and with what.
public struct ConformanceSettings: Sendable {
  /// Names that are checked; empty: all.
  public var only: Set<String> = []
  /// The data set that models are checked with; nil: the first that can be made without files.
  public var dataset: String?
  public var dataRoot: String?
  /// Over the defaults of what is checked: `model.hidden`, `dataset.size`, ...
  public var settings: [String: String] = [:]
  /// Steps in which memory must not grow.
  public var steps = 1000

  public init() {}

  /// The settings of one section, as far as there are such options.
  func section(_ name: String, _ options: [OptionDescription]) -> [String: String] {
    var result: [String: String] = [:]
    for option in options { result[option.name] = settings["\(name).\(option.name)"] }
    return result
  }

  func wants(_ name: String) -> Bool { only.isEmpty || only.contains(name) }
}
