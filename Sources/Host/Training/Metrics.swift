import PluginAPI

/// Loss, accuracy and the data set's own figures over some examples.
public struct Metrics: Hashable, Sendable {
  public var loss: Double
  /// From 0 to 1; nil for regression.
  public var accuracy: Double?
  /// The data set's own figures by name (`matthews`); NaN where one is not defined for these predictions.
  public var figures: [String: Double]
  /// The main figure of a data set that states one, turned so that more is better; NaN where it is not defined. nil: accuracy
  /// tells, or the loss.
  public var score: Double?
  /// Of further test examples, by their name.
  public var further: [String: Metrics]

  public init(
    loss: Double, accuracy: Double?, figures: [String: Double] = [:], score: Double? = nil, further: [String: Metrics] = [:]
  ) {
    self.loss = loss
    self.accuracy = accuracy
    self.figures = figures
    self.score = score
    self.further = further
  }

  public var json: JSONValue {
    var object: [String: JSONValue] = ["loss": JSONValue(loss), "accuracy": JSONValue(accuracy)]
    for (name, value) in figures { object[name] = JSONValue(value) }
    for (name, metrics) in further { object[name] = metrics.json }
    return .object(object)
  }

  /// With the score, for a checkpoint: what is compared with must be the same after a resume.
  var state: JSONValue {
    guard let score, case .object(var object) = json else { return json }
    object[Self.scoreKey] = JSONValue(score)
    return .object(object)
  }

  private static let scoreKey = "selectionScore"

  public init?(json: JSONValue?) {
    guard let json, case .object(let object) = json else { return nil }
    loss = json["loss"]?.number ?? .nan
    accuracy = json["accuracy"]?.number
    score = object[Self.scoreKey].map { $0.number ?? .nan }
    figures = [:]
    further = [:]
    for (name, value) in object where !["loss", "accuracy", Self.scoreKey].contains(name) {
      if let metrics = Metrics(json: value) { further[name] = metrics } else { figures[name] = value.number ?? .nan }
    }
  }

  /// Whether this is better than `other`: a higher main figure (accuracy, if the data set states none), or a lower loss where
  /// there is none or they are equal. What is not a number is worse than any number.
  public func isBetter(than other: Metrics) -> Bool {
    if let mine = comparable, let theirs = other.comparable, mine != theirs { return mine > theirs }
    return other.loss.isNaN ? !loss.isNaN : loss < other.loss
  }

  /// The figure that is compared; nil where the loss is.
  var comparable: Double? { (score ?? accuracy).map { $0.isNaN ? -.infinity : $0 } }
}
