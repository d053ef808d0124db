import Foundation
import PluginAPI

/// Measures the sharpness of the weights of a plan, one after another; with a folder, it keeps what is done and goes on
/// where it was interrupted.
final class SharpnessRun {
  private let plan: SharpnessPlan
  private let spread: WeightSpread?
  private let isQuiet: Bool
  /// Of the first weights.
  private var first: PreparedRun?
  private var directory: SharpnessDirectory?

  /// - Throws: `BasinError` where weights are of another model or have changed since the plan was made.
  init(_ plan: SharpnessPlan, quiet: Bool) throws {
    self.plan = plan
    isQuiet = quiet
    let run = try Self.prepare(plan.items[0], plan)
    _ = try run.part(plan.part, examples: plan.examples, seed: plan.seed)
    spread = try plan.among.isEmpty ? nil : Self.spread(plan.among, run)
    // Those of --among were in its place.
    try plan.items[0].source.load(into: run)
    first = run
  }

  private static func prepare(_ item: SharpnessPlan.Item, _ plan: SharpnessPlan) throws -> PreparedRun {
    let data = RunDataOptions(dataRoot: plan.dataRoot, changedData: plan.changedData ?? false)
    let run = try WeightsOptions(path: item.run, weights: item.choice, data: data, plugins: plan.plugins).prepareRun()
    try item.source.load(into: run)
    return run
  }

  private static func spread(_ sources: [WeightsSource], _ run: PreparedRun) throws -> WeightSpread {
    let weights = try sources.map { source in
      try source.load(into: run)
      return try run.parameters.map { try $0.tensor.detached().to(.cpu).clone() }
    }
    return try WeightSpread(names: run.parameters.map(\.path), weights)
  }

  // MARK: Measuring

  /// `sharpness.json`.
  ///
  /// - Parameter directory: where what is done is kept; nil: nowhere.
  /// - Throws: `Interrupted` after a signal; what was done is kept then.
  func measure(in directory: SharpnessDirectory?) throws -> JSONValue {
    self.directory = directory
    var runs: [JSONValue] = []
    for (index, item) in plan.items.enumerated() {
      var record = try directory?.record(index) ?? SharpnessRecord()
      if !record.isFinished {
        try measure(item, index, try first ?? Self.prepare(item, plan), &record)
        record.isFinished = true
        try directory?.keep(&record, basis: [], index, now: true)
      }
      first = nil
      runs.append(.object(record.json(item, plan)))
    }
    var document = plan.settings
    document["among"] = spread?.json(labels: plan.among.map(\.name)) ?? .null
    document["runs"] = .array(runs)
    return .object(document)
  }

  private func measure(
    _ item: SharpnessPlan.Item, _ index: Int, _ run: PreparedRun, _ record: inout SharpnessRecord
  ) throws {
    let chosen = try run.part(plan.part, examples: plan.examples, seed: plan.seed)
    record.model = run.configuration.model
    record.dataset = run.configuration.dataset
    record.examples = chosen.count
    record.parameters = run.parameterCount
    let loss = run.lossFunction(chosen)
    loss.checkpoint = { if Interruption.isRequested { throw Interrupted(checkpoint: nil) } }
    let bar = ProgressBar(
      total: 2 * plan.radii + (plan.eigenvalues > 0 ? plan.iterations : 0) + plan.traceSamples, from: 0, quiet: isQuiet)
    defer { bar.clear() }
    let work = SharpnessWork(plan, index, loss, record, in: directory, bar)
    defer { record = work.record }
    do {
      try run.locatingErrors {
        try work.measureRise()
        try work.measureCurvature(isQuiet: isQuiet)
      }
    } catch let interrupted as Interrupted {
      try work.keep(now: true)
      bar.clear()
      if let directory {
        Terminal.say("basin: what is done is kept; go on with: basin sharpness --resume \(directory.path)")
      }
      throw interrupted
    }
  }
}
