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

  /// A file or folder that an option of its cases names.
  struct FileNeed: Hashable {
    let option, path: String
    let isThere: Bool
  }

  let preset: BenchmarkPreset
  let runs, trajectories: Int
  let needs: [Need]
  let files: [FileNeed]

  var isReady: Bool { needs.allSatisfy { $0.problem == nil } && files.allSatisfy(\.isThere) }

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
      let (trajectories, files) = try whatRuns(plan, catalog)
      return Reproduction(
        preset: try .named(name, in: catalog), runs: plan.runs.count, trajectories: trajectories, needs: needs, files: files)
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

  /// How many runs have to be trained (passive averages share a trajectory), and the files that cases ask for.
  private static func whatRuns(_ plan: BenchmarkPlan, _ catalog: Catalog) throws -> (trajectories: Int, files: [FileNeed]) {
    var trajectories = 0
    var files: [FileNeed] = []
    for item in plan.cases {
      let planned = try plan.methods.map { method in
        let request = plan.request(item, method: method, seed: 0)
        let configuration = try RunConfiguration(request, in: catalog)
        for (option, path) in request.settings.sorted(by: { $0.key < $1.key }) where configuration.fileSettings.contains(option) {
          let file = FileNeed(option: option, path: path, isThere: FileManager.default.fileExists(atPath: path))
          if !files.contains(file) { files.append(file) }
        }
        return (configuration, try configuration.makePolicy(catalog))
      }
      trajectories += try TrajectoryPlanner(catalog: catalog).count(planned) * item.seeds
    }
    return (trajectories, files)
  }

  var json: JSONValue {
    [
      "name": .string(preset.name), "summary": .string(preset.summary), "methods": JSONValue(preset.methods), "runs": .int(runs),
      "trajectories": .int(trajectories), "ready": .bool(isReady),
      "datasets": .array(
        needs.map {
          ["name": .string($0.dataset), "present": .bool($0.problem == nil), "problem": JSONValue($0.problem), "fetch": JSONValue($0.command)]
        }),
      "files": .array(files.map { ["option": .string($0.option), "path": .string($0.path), "present": .bool($0.isThere)] }),
    ]
  }

  var text: String {
    var lines = ["\(preset.name): \(preset.summary)"]
    lines.append("  \(runs) runs on \(trajectories) trajectories of \(preset.methods.joined(separator: ", "))")
    let present = needs.filter { $0.problem == nil }.map(\.dataset) + files.filter(\.isThere).map(\.path)
    if !present.isEmpty { lines.append("  there: \(present.joined(separator: ", "))") }
    for need in needs {
      guard let problem = need.problem else { continue }
      // Where the files were looked for is a long list; `data inspect` has it.
      lines.append("  missing: \(need.dataset) - \(need.command ?? "\(problem.prefix { $0 != ":" }); basin data inspect \(need.dataset)")")
    }
    for file in files where !file.isThere {
      lines.append("  missing: \(file.path) - here, or elsewhere with --set \(file.option)=PATH")
    }
    lines.append("  " + (isReady ? "basin reproduce \(preset.name)" : "then: basin reproduce \(preset.name)"))
    return lines.joined(separator: "\n")
  }
}
