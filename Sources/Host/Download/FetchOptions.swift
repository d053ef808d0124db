/// How patient fetching is, and with whom it talks.
public struct FetchOptions: Sendable {
  /// Servers with a copy of a data root, tried before the published places: `URL/image/mnist/...`.
  public var mirrors: [String] = []
  /// Seconds without a byte after which a server is given up, connecting included.
  public var stallSeconds = 30.0
  /// How often all places are tried, with a pause in between.
  public var rounds = 3
  /// Seconds before the second and every further round, where no server asks for another time.
  public var pauseSeconds = 2.0
  /// Fetch what is there already, and replace what is there and differs.
  public var force = false
  public var quiet = false
  /// Notes for the person at the terminal.
  public var say: @Sendable (String) -> Void = { _ in }
  public var isCancelled: @Sendable () -> Bool = { false }

  public init() {}

  /// The longest a server may ask to be left alone before it counts as not there.
  static let longestPause = 60.0
}
