import ArgumentParser
import Foundation
import PluginAPI
import ResultStore

/// `basin bench runs DIR`: the runs of a benchmark, chosen by any column.
struct BenchRunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs", abstract: "Lists the runs a benchmark has stored.",
    discussion: """
      Example: basin bench runs results --where method=swa,pswa --where 'test>=0.8' --sort test
      --json prints one JSON document, with summaries and attempts.
      Columns: \(RunFilter.Column.allCases.map(\.rawValue).joined(separator: ", ")).
      """)

  @Argument(help: "The benchmark's folder, or its file of results.") var benchmark: String
  @Option(
    name: .customLong("where"),
    help: ArgumentHelp("COLUMN=VALUE,... or COLUMN<NUMBER (also <=, >, >=); several must all hold.", valueName: "condition"))
  var conditions: [String] = []
  @Option(help: ArgumentHelp("Columns to sort by, separated by commas.", valueName: "columns")) var sort: String?
  @Option(help: "At most so many.") var limit: Int?
  // Its --json is the whole command's: a flag of both would be read as the parent's.
  @ParentCommand private var bench: BenchCommand

  func run() throws {
    try bench.refuseFlags(of: "runs")
    var filter = RunFilter.all
    for condition in conditions { filter = try Self.add(condition, to: filter) }
    if let sort { filter.order = try sort.split(separator: ",").map { try Self.column(String($0)) } }
    filter.limit = limit
    do {
      let store = try ResultStore.read(BenchMergeCommand.file(benchmark))
      let runs = try store.runs(filter)
      guard !bench.json else { return try print(runs, store) }
      let rows = runs.map { run in
        [
          run.domain, run.model, run.dataset, run.method, "\(run.seed)", run.status.rawValue,
          run.test.map { String(format: "%.4f", $0) } ?? "-", String(format: "%.1f s", run.seconds), String(run.hash.prefix(12)),
          run.reason ?? "",
        ]
      }
      Swift.print(
        Terminal.table(
          [["domain", "model", "data set", "method", "seed", "status", "test", "costs", "hash", rows.contains { $0.last != "" } ? "why" : ""]]
            + rows))
    } catch let error as StoreError { throw BasinError(error) }
  }

  private func print(_ runs: [StoredRun], _ store: ResultStore) throws {
    let attempts = try store.attempts()
    try Terminal.print([
      "runs": .array(
        try runs.map { run in
          try JSONValue(encoding: run).adding([
            "summary": try Self.document(run.summary), "configuration": try Self.document(run.configuration),
            "attempts": .array(try (attempts[run.hash] ?? []).map { try JSONValue(encoding: $0) }),
          ])
        })
    ])
  }

  private static func document(_ text: String?) throws -> JSONValue {
    try text.map { try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) } ?? .null
  }

  // MARK: Conditions

  private static func column(_ name: String) throws -> RunFilter.Column {
    guard let column = RunFilter.Column(rawValue: name) else {
      throw BasinError.unknown("column", name, among: RunFilter.Column.allCases.map(\.rawValue))
    }
    return column
  }

  private static func add(_ text: String, to filter: RunFilter) throws -> RunFilter {
    guard let start = text.firstIndex(where: { "=<>".contains($0) }) else {
      throw BasinError.usage("--where takes a condition, not '\(text)'", advice: "For example --where method=swa or --where 'test>=0.8'")
    }
    let sign = text[start...].prefix { "=<>".contains($0) }
    let value = String(text[text.index(start, offsetBy: sign.count)...])
    let column = try column(String(text[..<start]))
    if sign == "=" { return filter.having(column, value.split(separator: ",").map(String.init)) }
    guard let comparison = RunFilter.Comparison(rawValue: String(sign)), let number = Double(value) else {
      throw BasinError.usage("--where '\(text)' is not a comparison with a number", advice: "For example --where 'test>=0.8'")
    }
    return filter.having(column, comparison, number)
  }
}
