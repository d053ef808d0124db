import Foundation
import Optim
import PluginAPI
import Report
import ResultStore

/// Makes the document of a report from what a benchmark has stored, and from its plan where there is one.
struct ReportSource {
  let store: ResultStore
  /// nil for results that were merged, or whose plan is lost.
  let plan: BenchmarkPlan?
  let folder: String

  /// The folder of a benchmark, or its file of results.
  ///
  /// - Throws: `BasinError` where there is none, or it cannot be read.
  init(_ path: String) throws {
    let file = BenchMergeCommand.file(path)
    do { store = try ResultStore.read(file) } catch let error as StoreError { throw BasinError(error) }
    folder = (file as NSString).deletingLastPathComponent
    plan = try BenchmarkPlan.saved(in: folder.isEmpty ? "." : folder)
  }

  func document() throws -> ReportDocument {
    do { return try make() } catch let error as StoreError { throw BasinError(error) }
  }

  private func make() throws -> ReportDocument {
    // Results of older code or data stay in the file, but a question has one answer.
    let stored = try store.runs(.all.latest())
    guard !stored.isEmpty || plan != nil else {
      throw BasinError.missing("there is no run in it yet", file: store.path, advice: "Wait until the first has ended")
    }
    let curves = try RunCurves(store, of: stored)
    let runs = try stored.mapInParallel { try ReportRun($0, curves: curves, folder: folder).document }
    let workloads = try ReportWorkloads(store.workloads(), stored)
    let environments = try store.environments()
    let methods = methods(stored)
    let reference = plan?.methods.first(where: { methods.map(\.name).contains($0) }) ?? (methods.contains { $0.name == "backbone" } ? "backbone" : methods.first?.name)
    let pictures = ReportFigures(of: folder)
    return ReportDocument(
      title: title, date: Self.date(stored.map(\.endedAt).max()), environment: Self.environment(environments, stored),
      commands: commands, reference: reference ?? "backbone", workloads: workloads.documents, methods: methods,
      runs: runs + pending(stored, workloads), figures: pictures.figures,
      notes: notes(stored, environments) + pictures.notes)
  }

  // MARK: What was compared

  private var title: String {
    guard let plan else { return "Benchmark results" }
    switch plan.preset {
    case "default"?, nil: return plan.config.map { "Benchmark \(($0 as NSString).lastPathComponent)" } ?? "Benchmark"
    case let preset?: return "Benchmark \(preset)"
    }
  }

  /// In the plan's order, then by name.
  private func methods(_ runs: [StoredRun]) -> [ReportDocument.Method] {
    var parts: [String: String] = [:]
    for run in runs { parts[run.method] = run.methodParts ?? parts[run.method] }
    let found = Set(runs.map(\.method))
    let order = (plan?.methods ?? []) + found.subtracting(plan?.methods ?? []).sorted { Self.place($0) < Self.place($1) }
    let known = Dictionary(BuiltInMethods.all.map { ($0.name, $0.summary) }, uniquingKeysWith: { $1 })
    return order.map { ReportDocument.Method(name: $0, summary: parts[$0] ?? known[$0] ?? "") }
  }

  /// The backbone first, as it is what others are compared with.
  private static func place(_ method: String) -> String { (method == "backbone" ? "0" : "1") + method }

  /// Runs of the plan that have not ended.
  private func pending(_ stored: [StoredRun], _ workloads: ReportWorkloads) -> [ReportDocument.Run] {
    guard let plan else { return [] }
    func key(_ domain: String, _ model: String, _ dataset: String, _ method: String, _ seed: Int) -> String {
      "\(domain) \(model) \(dataset) \(method) \(seed)"
    }
    // Cases of one model and data set have no names in the store: so many of them must have ended.
    var ended: [String: Int] = [:]
    for run in stored { ended[key(run.domain, run.model, run.dataset, run.method, run.seed), default: 0] += 1 }
    return plan.runs.compactMap { run in
      let item = run.benchmark
      let key = key(item.domain, item.model, item.dataset, run.method, run.seed)
      if let count = ended[key], count > 0 {
        ended[key] = count - 1
        return nil
      }
      guard let workload = workloads.id(item.domain, item.model, item.dataset) else { return nil }
      return ReportDocument.Run(id: "pending \(run.name)", workload: workload, method: run.method, seed: run.seed, status: .pending, attempts: 0)
    }
  }

  // MARK: How it was made

  private var commands: [ReportDocument.Command] {
    guard let plan else { return [] }
    var result: [ReportDocument.Command] = []
    if let command = plan.command { result.append(.init(purpose: "All runs and this report", text: command)) }
    result.append(.init(purpose: "Go on with it, or with more seeds", text: "basin bench --resume --out \(folder)"))
    result.append(.init(purpose: "This report again", text: "basin report \(folder)"))
    return result
  }

  private static func environment(_ all: [Int64: StoredEnvironment], _ runs: [StoredRun]) -> ReportDocument.Environment {
    let used = Set(runs.map(\.environment))
    let environments = all.filter { used.contains($0.key) }.sorted { $0.key < $1.key }.map(\.value)
    func items(_ parts: [(String, (StoredEnvironment) -> String?)]) -> [ReportDocument.Environment.Item] {
      parts.compactMap { name, value in
        let values = unique(environments.compactMap(value))
        return values.isEmpty ? nil : .init(name, values.joined(separator: "; "))
      }
    }
    var modules: [ReportDocument.Environment.Module] = []
    var seen: Set<StoredEnvironment.Module> = []
    for module in environments.flatMap(\.modules) where seen.insert(module).inserted {
      modules.append(.init(name: module.name, version: module.version.isEmpty ? nil : module.version, origin: "\(module.origin), \(module.sha256.prefix(16))"))
    }
    return ReportDocument.Environment(
      machine: items([
        ("machine", { $0.machine }), ("processor", { "\($0.cpu), \($0.cores) cores" }),
        ("memory", { String(format: "%.1f GiB", Double($0.memoryBytes) / 1_073_741_824) }), ("system", { $0.system }),
      ]),
      versions: items([("Basin", { $0.basin }), ("code", { $0.code }), ("LibTorch", { $0.libtorch }), ("Swift", { $0.swift })]),
      modules: modules)
  }

  private func notes(_ runs: [StoredRun], _ environments: [Int64: StoredEnvironment]) -> [String] {
    var notes: [String] = []
    let shared = runs.filter { $0.sharedBy > 1 }
    if !shared.isEmpty {
      let spent = runs.reduce(0) { $0 + $1.wallSeconds }, alone = runs.reduce(0) { $0 + $1.seconds }
      notes.append(
        "\(shared.count) of \(runs.count) runs share the trajectory of another, whose results they have to the bit. Costs are those each would have "
          + String(format: "alone, %.0f s together; %.0f s passed.", alone, spent))
    }
    if Set(runs.map(\.code)).count > 1 {
      notes.append("The runs are of \(Set(runs.map(\.code)).count) versions of the code; what is compared may differ in more than the method.")
    }
    let builds = StoredEnvironment.builds(Set(runs.map(\.environment)).compactMap { environments[$0] })
    if builds > 1 { notes.append("The runs are of \(builds) machines or builds: their times cannot be compared throughout.") }
    notes.append("Seconds along a curve take a run's steps to be equally long.")
    return notes
  }

  private static func date(_ text: String?) -> Date {
    guard let text else { return Date() }
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    return formatter.date(from: text) ?? Date()
  }
}
