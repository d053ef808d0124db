extension BasinError {
  /// An unknown name, with the nearest valid one offered and all of them listed.
  public static func unknown(_ kind: String, _ name: String, of owner: String? = nil, among names: [String]) -> BasinError {
    let place = owner.map { " of \($0)" } ?? ""
    let sorted = names.sorted()
    var advice = sorted.isEmpty ? "There are none" : "Known: \(sorted.joined(separator: ", "))"
    if let nearest = nearestName(to: name, among: sorted) { advice = "Did you mean '\(nearest)'? \(advice)" }
    return .usage("unknown \(kind) '\(name)'\(place)", advice: advice)
  }
}

/// The name with the fewest edits from `word`, if that is at most a third of its length (at least 2).
public func nearestName(to word: String, among names: [String]) -> String? {
  let scored = names.map { ($0, editDistance(word.lowercased(), $0.lowercased())) }
  guard let best = scored.min(by: { $0.1 < $1.1 }), best.1 <= max(2, word.count / 3), best.1 < best.0.count else {
    return nil
  }
  return best.0
}

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
func editDistance(_ a: String, _ b: String) -> Int {
  let a = Array(a), b = Array(b)
  var before: [Int] = []
  var previous = Array(0...b.count)
  for i in 0..<a.count {
    var row = [i + 1]
    for j in 0..<b.count {
      var cost = min(previous[j] + (a[i] == b[j] ? 0 : 1), previous[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, before[j - 1] + 1) }
      row.append(cost)
    }
    before = previous
    previous = row
  }
  return previous[b.count]
}
