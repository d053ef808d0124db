import Foundation
import PluginAPI
import ResultStore

/// Carries plans out in one folder: finds out what is done, runs the rest, and keeps all of it in the folder's store.
final class BenchmarkEngine {
  struct Settings {
    var limits = RunLimits()
    /// Every run in a process of its own, also where runs could share one.
    var isIndependent = false
    /// Runs that other code finished are taken as they are.
    var takesAnyCode = false
    var isQuiet = false
    /// What people see of a finished run: `test`, or `validation` where something is still to be chosen.
    var shownPart = "test"
  }

  let folder: String
  let store: ResultStore
  private let catalog: Catalog
  private let settings: Settings
  private let program = ThisProgram.path
  private let data: DataIdentity
  private let lock: RunLock

  /// - Throws: `BasinError` where another benchmark works in the folder, or its store cannot be used.
  init(_ catalog: Catalog, folder: String, settings: Settings) throws {
    self.catalog = catalog
    self.folder = folder
    self.settings = settings
    for name in ["runs", "logs"] { try AtomicFile.makeFolder("\(folder)/\(name)") }
    do { lock = try RunDirectory(path: folder).lock(within: 0) } catch var error as BasinError {
      error.message = error.message.replacing("training", with: "working")
      throw error
    }
    do { store = try ResultStore.open("\(folder)/\(ResultStore.fileName)") } catch let error as StoreError { throw BasinError(error) }
    data = DataIdentity(program: program, store: store, scratch: folder + "/logs")
  }

  /// Folds the store's log into its file.
  func close() throws {
    do { try store.close() } catch let error as StoreError { throw BasinError(error) }
    withExtendedLifetime(lock) {}
  }

  /// What came of a plan's runs, in their order, and what they are known by.
  struct Result {
    let runs: [PlannedRun]
    let outcomes: [BenchmarkPool.Outcome]
    let seconds: Double
  }

  /// - Throws: `Interrupted` after Ctrl-C; `BasinError` where results cannot be stored.
  func run(_ plan: BenchmarkPlan) throws -> Result {
    let start = Clock.now()
    do {
      let runs = try plan.planned(in: catalog, data: data)
      let done = try finished(runs)
      let rest = runs.indices.filter { done[$0] == nil }
      let trajectories = try TrajectoryPlanner(catalog: catalog).trajectories(runs, rest, sharing: !settings.isIndependent)
      let progress = BenchmarkProgress(plan, trajectories: trajectories, kept: runs.count - rest.count, shownPart: settings.shownPart, quiet: settings.isQuiet)
      let pool = BenchmarkPool(
        program: program, runs: runs, trajectories: trajectories, jobs: plan.jobs, folder: folder, limits: settings.limits, store: store,
        progress: progress)
      announce(plan, runs.count, rest.count, trajectories.count)
      progress.start()
      defer { progress.stop() }
      var outcomes: [Int: BenchmarkPool.Outcome]
      do { outcomes = try pool.run() } catch let interrupted as Interrupted {
        progress.stop()
        Terminal.say("basin: \(progress.finished) of \(runs.count) runs are finished")
        throw interrupted
      }
      progress.stop()
      for (index, hash) in done { outcomes[index] = try stored(hash) }
      return Result(
        runs: runs,
        outcomes: runs.indices.map { outcomes[$0] ?? .failed(.init(kind: .crashed, reason: "was not run", status: nil)) },
        seconds: Clock.now() - start)
    } catch let error as StoreError { throw BasinError(error) }
  }

  private func announce(_ plan: BenchmarkPlan, _ all: Int, _ rest: Int, _ trajectories: Int) {
    guard !settings.isQuiet else { return }
    var text = "basin: \(all) \(all == 1 ? "run" : "runs")"
    if rest < all { text += ", \(all - rest) of them done" }
    if trajectories < rest { text += ", \(rest) in \(trajectories) \(trajectories == 1 ? "trajectory" : "trajectories")" }
    Terminal.say(text + ", \(min(plan.jobs, max(trajectories, 1))) at a time, to \(folder)")
  }

  // MARK: What is done

  /// The hash under which a run is finished, by its place.
  private func finished(_ runs: [PlannedRun]) throws -> [Int: String] {
    let statuses = try store.statuses(of: runs.map(\.identity.hash))
    var result: [Int: String] = [:]
    for (index, run) in runs.enumerated() where statuses[run.identity.hash] == .finished { result[index] = run.identity.hash }
    guard result.count < runs.count else { return result }
    let others = try store.finished(cells: runs.map(\.identity.cell))
    var passedOver = 0
    for (index, run) in runs.enumerated() where result[index] == nil {
      guard let other = others[run.identity.cell]?.first(where: { $0.dataSHA256 == run.identity.data.text }) else { continue }
      passedOver += 1
      if settings.takesAnyCode { result[index] = other.hash }
    }
    if passedOver > 0, !settings.isQuiet {
      let are = passedOver == 1 ? "1 run is" : "\(passedOver) runs are"
      Terminal.say(
        settings.takesAnyCode
          ? "basin: note: \(are) of other code, and taken as they are"
          : "basin: note: \(are) finished by other code, and computed again; --any-code takes them as they are")
    }
    return result
  }

  private func stored(_ hash: String) throws -> BenchmarkPool.Outcome? {
    guard let text = try store.run(hash)?.summary else { return nil }
    return .finished(try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)))
  }
}
