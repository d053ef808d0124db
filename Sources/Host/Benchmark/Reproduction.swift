import Foundation
import PluginAPI

/// What an experiment of the paper consists of and needs: `basin reproduce`.
struct Reproduction {
  /// A data set and whether it is there.
  struct Need: Hashable {
    let dataset: String
    /// Why it cannot be read; nil where it can.
    let problem: String?
    /// How to get it, where a command does.
    let command: String?
  }

  let preset: BenchmarkPreset
  let runs, trajectories: Int
  let needs: [Need]

  var isReady: Bool { needs.allSatisfy { $0.problem == nil } }

  /// Every preset of the paper, the host's own and the modules'. Modules are loaded; each data set is read once, in a process of its
  /// own.
  static func all(_ catalog: Catalog, root: String?, program: String) throws -> [Reproduction] {
    let own = BenchmarkPreset.builtIn.map(\.name)
    let names = unique((own + catalog.modules.flatMap(\.manifest.experiments)).filter { $0.hasPrefix("paper-") })
    var known: [String: Need] = [:]
    return try names.map { name in
      var request = BenchmarkRequest()
      request.preset = name
      let plan = try BenchmarkPlanner(catalog: catalog, request: request, plugins: [], dataRoot: root, threads: 1).plan()
      var needs: [Need] = []
      for dataset in unique(plan.cases.map(\.dataset)) {
        let need = try known[dataset] ?? need(dataset, catalog, root: root, program: program)
        known[dataset] = need
        needs.append(need)
      }
      let (runs, trajectories) = try counts(plan, catalog)
      return Reproduction(preset: try .named(name, in: catalog), runs: runs, trajectories: trajectories, needs: needs)
    }
  }

  private static func need(_ name: String, _ catalog: Catalog, root: String?, program: String) throws -> Need {
    let entry = try catalog.dataset(name, root: root).entry
    var arguments = ["data", "inspect", name, "--json"]
    if let root { arguments += ["--data-root", root] }
    let result = try ChildProcess.run(program, arguments, timeout: .seconds(600))
    guard result.ending != .exited(0) else { return Need(dataset: name, problem: nil, command: nil) }
    let words = result.standardError.split(separator: "\n").last { $0.contains("error:") }.map { line in
      line.range(of: "error: ").map { String(line[$0.upperBound...]) } ?? String(line)
    }
    let folder = root ?? "DIR"
    return Need(
      dataset: name, problem: words ?? "it cannot be read",
      command: entry.publication == nil ? nil : "basin data fetch \(name) --data-root \(folder)")
  }

  /// How many runs there are, and how many have to be trained: passive averages share a trajectory.
  private static func counts(_ plan: BenchmarkPlan, _ catalog: Catalog) throws -> (runs: Int, trajectories: Int) {
    var trajectories = 0
    for item in plan.cases {
      let planned = try plan.methods.map { method in
        let request = plan.request(item, method: method, seed: 0)
        let configuration = try RunConfiguration(request, in: catalog)
        return (configuration, try configuration.makePolicy(catalog))
      }
      trajectories += try TrajectoryPlanner(catalog: catalog).count(planned) * item.seeds
    }
    return (plan.runs.count, trajectories)
  }

  var json: JSONValue {
    [
      "name": .string(preset.name), "summary": .string(preset.summary), "methods": JSONValue(preset.methods), "runs": .int(runs),
      "trajectories": .int(trajectories), "ready": .bool(isReady),
      "datasets": .array(
        needs.map {
          ["name": .string($0.dataset), "present": .bool($0.problem == nil), "problem": JSONValue($0.problem), "fetch": JSONValue($0.command)]
        }),
    ]
  }

  var text: String {
    var lines = ["\(preset.name): \(preset.summary)"]
    lines.append("  \(runs) runs on \(trajectories) trajectories of \(preset.methods.joined(separator: ", "))")
    let present = needs.filter { $0.problem == nil }.map(\.dataset)
    if !present.isEmpty { lines.append("  there: \(present.joined(separator: ", "))") }
    for need in needs {
      guard let problem = need.problem else { continue }
      // Where the files were looked for is a long list; `data inspect` has it.
      lines.append("  missing: \(need.dataset) - \(need.command ?? "\(problem.prefix { $0 != ":" }); basin data inspect \(need.dataset)")")
    }
    lines.append("  " + (isReady ? "basin reproduce \(preset.name)" : "then: basin reproduce \(preset.name)"))
    return lines.joined(separator: "\n")
  }
}
