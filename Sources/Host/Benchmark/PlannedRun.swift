import Foundation
import PluginAPI
import ResultStore

/// A run of a plan with all that is decided about it.
struct PlannedRun: Sendable {
  let run: BenchmarkPlan.Run
  let request: RunRequest
  let configuration: RunConfiguration
  let policy: any AveragingPolicy
  let identity: RunIdentity
  let workload: StoredWorkload
  /// Of a method of one's own: what it consists of.
  let methodParts: String?
  /// Where it is computed; the version of LibTorch is known when it has run.
  let environment: StoredEnvironment
}

extension BenchmarkPlan {
  /// Every run with its configuration and identity, in the order of ``runs``.
  ///
  /// - Throws: `BasinError` where a configuration is wrong, or two runs are one and the same.
  func planned(in catalog: Catalog, data: DataIdentity) throws -> [PlannedRun] {
    var identifier = RunIdentifier(catalog, data)
    var workloads: [Case: StoredWorkload] = [:]
    var names: [String: String] = [:]
    return try runs.map { run in
      let request = request(run.benchmark, method: run.method, seed: run.seed)
      let configuration = try RunConfiguration(request, in: catalog)
      let variant = variants?[run.method]
      let identity = try identifier.identity(of: request, configuration, name: variant == nil ? nil : run.method)
      if let other = names.updateValue(run.title, forKey: identity.hash) {
        throw BasinError.usage("\(run.title) is the same run as \(other)", advice: "Leave one of them out, or give it options of its own")
      }
      let workload = try workloads[run.benchmark] ?? identifier.workload(self, run.benchmark)
      workloads[run.benchmark] = workload
      return PlannedRun(
        run: run, request: request, configuration: configuration, policy: try configuration.makePolicy(catalog), identity: identity,
        workload: workload, methodParts: variant?.summary, environment: try identifier.environment(identity, libtorch: nil))
    }
  }
}
