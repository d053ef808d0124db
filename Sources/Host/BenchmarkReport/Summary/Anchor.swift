/// Names of places in the HTML report.
enum Anchor {
  static func workload(_ w: Int) -> String { "w\(w)" }
  /// The row of a comparison.
  static func cell(_ w: Int, _ m: Int) -> String { "w\(w)-m\(m)" }
  /// The runs behind it.
  static func runs(_ w: Int, _ m: Int) -> String { "runs-w\(w)-m\(m)" }
  static func course(_ w: Int) -> String { "course-w\(w)" }
}
