import Foundation
import Testing

/// Methods of a benchmark's file that have parts and options of their own.
@Suite("bench methods", .serialized) struct BenchMethodTests {
  private func methods(_ results: Document) -> [String] {
    results["rows"]?.items.compactMap { $0["method"]?.text } ?? []
  }

  @Test("a method may have parts and options of its own, and so may a case")
  func variants() throws {
    let space = try Workspace()
    try space.write(
      """
      methods:
        - backbone
        - swa
        - {name: swa-late, method: swa, schedule: "constant,cosine:0.2@0.5dur", lr: 0.02, set: {averaging.start: 0.9dur}}
        - method: ema
          set: {averaging.decay: 0.5, model.hidden: 4}
      seeds: 1
      cases:
        - {model: gcn, dataset: communities, epochs: 20, set: {model.hidden: 8}}
        - {model: gcn, dataset: communities, epochs: 20, schedule: "linear-warmup,cosine@5ep", optimizer: adamw}
      """, to: "own.yaml")
    let results = try space.json(["bench", "--config", "own.yaml", "--out", "own"])
    #expect(methods(results) == ["backbone", "swa", "swa-late", "ema", "backbone", "swa", "swa-late", "ema"])
    let labels = results["rows"]?.items.compactMap { $0["label"]?.text } ?? []
    #expect(
      labels.first?.contains("schedule=default") == true && labels.last?.contains("optimizer=adamw") == true,
      "\(labels)")
    func summaries(_ method: String) -> [Document] {
      zip(results["runs"]?.items ?? [], methods(results)).filter { $0.1 == method }.compactMap { $0.0["summary"] }
    }
    #expect(summaries("swa").map { $0["schedule"]?.text } == ["backbone-chc", "linear-warmup,cosine@5ep"])
    #expect(summaries("swa").map { $0["optimizer"]?.text } == ["adam", "adamw"])
    // The method's own over the case's.
    #expect(summaries("swa-late").map { $0["schedule"]?.text } == Array(repeating: "constant,cosine@0.5dur", count: 2))
    #expect(
      summaries("swa-late").allSatisfy { $0["averaged"]?["samples"]?.integer == 2 && $0["method"]?.text == "swa" })
    #expect(summaries("swa").allSatisfy { $0["averaged"]?["samples"]?.integer == 5 })
    func configuration(_ part: String) throws -> String {
      let name = try #require(space.names(in: "own/runs").first { $0.contains(part) })
      return String(decoding: try space.data("own/runs/\(name)/config.yaml"), as: UTF8.self)
    }
    let late = try configuration("-swa-late-0")
    #expect(late.contains("learningRate: 0.02") && late.contains("schedule.2.floor: 0.2"))
    #expect(
      try configuration("-ema-0").contains("model.hidden: 4") && configuration("-swa-0").contains("learningRate: 0.01"))
    let report = String(decoding: try space.data("own/report.txt"), as: UTF8.self)
    #expect(report.contains("swa-late") && report.contains("schedule constant,cosine:0.2@0.5dur"))

    // It is planned: going on needs no file, and a method of that name is that method.
    let more = try space.json(["bench", "--resume", "--out", "own", "--seeds", "2", "--methods", "swa-late,wa"])
    #expect(more["runs"]?.items.count == 8 && Set(methods(more)) == ["swa-late", "wa"])
    try space.write(
      String(decoding: space.data("own.yaml"), as: UTF8.self).replacingOccurrences(of: "0.9dur", with: "0.8dur"),
      to: "own.yaml")
    try space.refused(
      ["bench", "--resume", "--config", "own.yaml", "--out", "own"], 64, saying: "swa-late", "averaging.start=0.8dur",
      "0.9dur")
  }

  @Test(
    "what is wrong with a method of one's own has its place",
    arguments: [
      ("{name: x}", ["line 2, column 5", "method"]), ("{method: swaa}", ["line 2", "'swa'"]),
      ("{method: swa, name: a/b}", ["line 2", "name"]),
      ("{method: swa, schdule: cosine}", ["line 2, column 19", "'schedule'"]),
      ("{method: swa, schedule: cosin}", ["line 2, column 19", "'cosine'"]),
      ("{method: swa, schedule: \"constant,cosin@5ep\"}", ["line 2, column 19", "part 2", "'cosine'"]),
      ("{method: swa, set: {averaging.strat: 1ep}}", ["line 2, column 25", "'averaging.start'"]),
      ("{method: swa, set: 3}", ["line 2", "set"]), ("{method: swa, lr: fast}", ["line 2", "lr"]),
      ("{method: swa}\n  - {method: swa, set: {averaging.start: 1ep}}", ["line 3", "twice", "name"]),
    ])
  func badVariants(method: String, words: [String]) throws {
    let space = try Workspace()
    try space.write("methods:\n  - \(method)\ncases:\n  - {model: gcn, dataset: communities}\n", to: "own.yaml")
    let outcome = try space.refused(["bench", "--config", "own.yaml", "--out", "own"], 65)
    for word in words + ["own.yaml"] { #expect(outcome.errors.contains(word), "'\(word)' is not in: \(outcome)") }
    #expect(!space.exists("own"))
  }
}
