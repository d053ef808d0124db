/// Something in a file that is unusual but does not stop it from being read.
public struct ReadWarning: Sendable, Equatable, Encodable {
  /// The line, counted from 1; nil where the format has no lines.
  public var line: Int?
  /// The column, counted from 1; nil where unknown.
  public var column: Int?
  /// What was met and what was made of it, without a full stop.
  public var message: String

  public init(line: Int? = nil, column: Int? = nil, message: String) {
    self.line = line
    self.column = column
    self.message = message
  }
}
