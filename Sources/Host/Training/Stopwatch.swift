/// Where the time of a run goes; carried over when it is resumed.
struct Stopwatch {
  enum Part: String, CaseIterable { case train, data, evaluate, average, bnUpdate }

  private(set) var seconds: [Part: Double] = [:]
  /// Of earlier sessions and this one.
  var total = 0.0

  mutating func measure<R>(_ part: Part, _ body: () throws -> R) rethrows -> R {
    let start = Clock.now()
    defer { add(part, Clock.now() - start) }
    return try body()
  }

  mutating func add(_ part: Part, _ time: Double) { seconds[part, default: 0] += time }

  var json: JSONValue {
    var object: [String: JSONValue] = ["total": JSONValue(total)]
    for part in Part.allCases { object[part.rawValue] = JSONValue(seconds[part] ?? 0) }
    return .object(object)
  }

  /// What an average costs: `{"average", "bnUpdate", "evaluate"}`.
  var costs: JSONValue {
    .object(Dictionary(uniqueKeysWithValues: [Part.average, .bnUpdate, .evaluate].map { ($0.rawValue, JSONValue(seconds[$0] ?? 0)) }))
  }

  init() {}

  init(json: JSONValue?) {
    total = json?["total"]?.number ?? 0
    for part in Part.allCases { seconds[part] = json?[part.rawValue]?.number ?? 0 }
  }
}
