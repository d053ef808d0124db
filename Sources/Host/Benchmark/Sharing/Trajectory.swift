import Foundation
import PluginAPI

/// Runs that walk the same path through the weights, and differ in what they average along it: one process trains for all of them.
///
/// An average that restarts training from itself (PSWA) changes the path, and is always alone.
struct Trajectory: Sendable {
  /// The run that is trained, and those whose averages are taken along the way, by their places in the plan.
  let leader: Int
  let observers: [(run: Int, text: String)]

  var members: [Int] { [leader] + observers.map(\.run) }
}

/// Finds the trajectories of runs.
struct TrajectoryPlanner {
  let catalog: Catalog

  /// - Parameter indices: places in `runs` of those still to be run, in their order.
  /// - Returns: trajectories in the order of their first run.
  func trajectories(_ runs: [PlannedRun], _ indices: [Int], sharing: Bool) throws -> [Trajectory] {
    guard sharing else { return indices.map { Trajectory(leader: $0, observers: []) } }
    var order: [String] = []
    var groups: [String: [Int]] = [:]
    for index in indices {
      let run = runs[index]
      let key = isPassive(run.configuration, run.policy) ? try path(run) : "alone \(index)"
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(index)
    }
    return try order.flatMap { key in try divide(groups[key] ?? [], runs) }
  }

  /// A leader without an average of its own where there is one, and observers as far as what they are can be written.
  private func divide(_ members: [Int], _ runs: [PlannedRun]) throws -> [Trajectory] {
    guard members.count > 1 else { return members.map { Trajectory(leader: $0, observers: []) } }
    let leader = members.first { runs[$0].configuration.averaging == "none" } ?? members[0]
    var observers: [(run: Int, text: String)] = []
    var alone: [Int] = []
    // What the run itself is asked to observe stays its own.
    let own = Set(runs[leader].configuration.observe.map(\.text))
    for member in members where member != leader {
      let text = Self.observer(runs[member].configuration)
      if let text, !own.contains(text), !observers.contains(where: { $0.text == text }),
        (try? Observer.list(text, in: catalog)) != nil
      {
        observers.append((member, text))
      } else {
        alone.append(member)
      }
    }
    return [Trajectory(leader: leader, observers: observers)] + alone.map { Trajectory(leader: $0, observers: []) }
  }

  /// As `--observe` takes it; nil where a value has the characters that divide its parts, or there is nothing to average.
  static func observer(_ configuration: RunConfiguration) -> String? {
    guard configuration.averaging != "none" else { return nil }
    let settings = configuration.section("averaging").sorted { $0.key < $1.key }
    guard !settings.contains(where: { $0.value.contains { ",:".contains($0) } || $0.value.isEmpty }) else { return nil }
    return ([configuration.averaging] + settings.map { "\($0.key)=\($0.value)" }).joined(separator: ":")
  }

  /// Whether the average changes nothing of the training: it never restarts, however many steps an epoch has.
  private func isPassive(_ configuration: RunConfiguration, _ policy: any AveragingPolicy) -> Bool {
    for steps in [1, 7, 100, 10_000] {
      // A policy that cannot be in so short a run says so when it is run.
      guard let events = try? policy.events(in: RunLength(epochs: configuration.epochs, stepsPerEpoch: steps)) else { continue }
      if events.contains(where: { $0.kind == .restart }) { return false }
    }
    return true
  }

  /// How many trajectories these runs of one case and seed need.
  func count(_ runs: [(RunConfiguration, any AveragingPolicy)]) throws -> Int {
    var files = PathIdentity()
    var shared: Set<String> = []
    var alone = 0
    for (configuration, policy) in runs {
      guard isPassive(configuration, policy), let path = try Self.path(configuration.canonical(&files)) else {
        alone += 1
        continue
      }
      shared.insert(path)
    }
    return shared.count + alone
  }

  /// What determines the path: everything about the run but the average and the names.
  private func path(_ run: PlannedRun) throws -> String {
    let asked = try JSONDecoder().decode(JSONValue.self, from: Data(run.identity.configuration.utf8))["configuration"]
    return try asked.flatMap { try Self.path($0) }.map { "\($0) \(run.identity.data.text)" } ?? run.identity.hash
  }

  private static func path(_ configuration: JSONValue) throws -> String? {
    guard case .object(var asked) = configuration else { return nil }
    for key in [RunRequest.Key.method, .averaging] { asked[key.rawValue] = nil }
    if case .object(let set) = asked["set"] { asked["set"] = .object(set.filter { !$0.key.hasPrefix("averaging.") }) }
    return try CanonicalJSON.text(.object(asked))
  }
}
