/// An error written for a person: what went wrong, where, and what to do about it.
///
/// The host prints ``description`` and ends with ``Kind/exitStatus``. Readers and modules throw this type for everything a
/// user can cause; a ``TensorError`` is for a tensor operation that failed inside a model.
public struct BasinError: Error, CustomStringConvertible, Equatable, Sendable {
  /// The family of an error; it fixes the exit status (the numbers of `sysexits.h`).
  public enum Kind: Int32, Sendable {
    /// An unknown command, option or value.
    case usage = 64
    /// A file that is damaged, truncated or says something impossible.
    case badData = 65
    /// A file, data set, module or checkpoint that is not there.
    case missingInput = 66
    /// A defect in a model or in Basin itself.
    case internalError = 70
    /// An output folder or file that cannot be made.
    case cannotCreate = 73
    /// Reading or writing failed part of the way (a full disk, a device error).
    case inputOutput = 74

    /// What the program ends with.
    public var exitStatus: Int32 { rawValue }
  }

  /// The family; it fixes the exit status.
  public var kind: Kind
  /// What is wrong, as a sentence without a full stop: `expected 7 classes, found 8`.
  public var message: String
  /// The file it is about.
  public var file: String?
  /// The place inside the file: `line 12, column 5`, `byte 4096`, `record 17`, `node "n4", key "d0"`.
  public var place: String?
  /// What the user can do, as a sentence without a full stop.
  public var advice: String?

  /// An error of any kind.
  public init(_ kind: Kind, _ message: String, file: String? = nil, place: String? = nil, advice: String? = nil) {
    self.kind = kind
    self.message = message
    self.file = file
    self.place = place
    self.advice = advice
  }

  /// A file that is damaged or says something impossible: exit status 65.
  public static func badData(_ message: String, file: String? = nil, place: String? = nil, advice: String? = nil) -> Self {
    Self(.badData, message, file: file, place: place, advice: advice)
  }

  /// An unknown name, or a value that is not allowed: exit status 64.
  public static func usage(_ message: String, advice: String? = nil) -> Self { Self(.usage, message, advice: advice) }

  /// A file, data set or module that is not there: exit status 66.
  public static func missing(_ message: String, file: String? = nil, advice: String? = nil) -> Self {
    Self(.missingInput, message, file: file, advice: advice)
  }

  /// A defect in a model or in Basin itself: exit status 70.
  public static func internalError(_ message: String, advice: String? = nil) -> Self {
    Self(.internalError, message, advice: advice)
  }

  /// `cora/ind.cora.x: byte 120: opcode 0xff is not part of the safe subset. Fetch the file again.`
  public var description: String {
    var text = ""
    if let file { text += file + ": " }
    if let place { text += place + ": " }
    text += message
    if let advice { text += ". " + advice }
    return text
  }
}
