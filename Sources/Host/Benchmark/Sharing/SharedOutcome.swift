import Foundation
import PluginAPI

/// Takes the runs of a trajectory apart: each gets the summary, the metrics and the weights it would have had alone.
struct SharedOutcome {
  let trajectory: Trajectory
  let runs: [PlannedRun]
  /// Where the trajectory was run.
  let source: RunDirectory
  private let summary: JSONValue

  init(_ trajectory: Trajectory, _ runs: [PlannedRun], source: RunDirectory) throws {
    self.trajectory = trajectory
    self.runs = runs
    self.source = source
    summary = try JSONValue.read(source.summary)
  }

  private var leader: RunConfiguration { runs[trajectory.leader].configuration }

  // MARK: Summaries

  /// The summary of one member, with the costs it has by itself.
  func summary(of member: Int) -> JSONValue {
    guard !trajectory.observers.isEmpty else { return summary }
    let configuration = runs[member].configuration
    let text = trajectory.observers.first { $0.run == member }?.text
    // Observers that were added for sharing are runs of their own, not this one's.
    var observed: [String: JSONValue] = [:]
    for own in configuration.observe { observed[own.text] = summary["observed"]?[own.text] ?? .null }
    var result: [String: JSONValue] = [
      "method": .string(configuration.method), "averaging": .string(configuration.averaging), "observed": .object(observed),
      "seconds": seconds(text), "shared": ["runs": .int(trajectory.members.count), "seconds": JSONValue(summary["seconds"]?["total"]?.number)],
    ]
    if let text {
      let average = summary["observed"]?[text] ?? .null
      // As a run of this method has it: null where it took no sample.
      result["averaged"] = average["samples"]?.number == 0 ? .null : average.adding(["restarts": 0])
    }
    return summary.adding(result)
  }

  /// Training, data and evaluations of the trajectory, and of the averages this member's own.
  private func seconds(_ observer: String?) -> JSONValue {
    let all = summary["seconds"] ?? .null
    let averages = all["averages"] ?? .null
    let ownName = observer ?? "own"
    var result: [String: JSONValue] = [:]
    var others = 0.0
    // What the configuration itself observes is its own cost.
    let kept = Set([ownName] + leader.observe.map(\.text))
    guard case .object(let costs) = averages else { return all }
    for part in ["average", "bnUpdate", "evaluate"] {
      let foreign = costs.filter { !kept.contains($0.key) }.reduce(0) { $0 + ($1.value[part]?.number ?? 0) }
      result[part] = JSONValue(max((all[part]?.number ?? 0) - foreign, 0))
      others += foreign
    }
    result["total"] = JSONValue(max((all["total"]?.number ?? 0) - others, 0))
    var own = costs.filter { kept.contains($0.key) }
    own["own"] = costs[ownName] ?? .null
    if let observer { own[observer] = nil }
    result["averages"] = .object(own)
    return all.adding(result)
  }

  // MARK: Folders

  /// Makes the folder of a member that was not trained itself: as if it had been, but that its weights are links to those of
  /// the trajectory.
  func makeFolder(of member: Int, at path: String) throws {
    guard let text = trajectory.observers.first(where: { $0.run == member })?.text else { return }
    let folder = RunFolder(path: path)
    if try folder.claim([runs[member].identity.hash]), folder.directory.isFinished { return }
    let configuration = runs[member].configuration
    try AtomicFile.write(Data(configuration.yaml().utf8), to: folder.directory.configuration)
    try AtomicFile.write(metrics(of: runs[member], text), to: folder.directory.metrics)
    try TensorBoardEvents.write(metricsFile: folder.directory.metrics, to: path)
    try AtomicFile.makeFolder(folder.directory.weights)
    let observed = RunEnd.fileName(ofObserver: text)
    for (from, to) in [("last", "last"), ("best", "best"), (observed, "averaged")] {
      let file = "\(source.weights)/\(from).safetensors", target = "\(folder.directory.weights)/\(to).safetensors"
      guard FileManager.default.fileExists(atPath: file) else { continue }
      unlink(target)
      // Another file system: a copy.
      if link(file, target) != 0 { try FileManager.default.copyItem(atPath: file, toPath: target) }
    }
    try AtomicFile.write(summary(of: member).data(), to: folder.directory.summary)
  }

  /// The trajectory's metrics with the samples that this average had at each epoch's end.
  private func metrics(of run: PlannedRun, _ text: String) throws -> Data {
    guard let data = FileManager.default.contents(atPath: source.metrics) else { throw BasinErrors.missingFile(source.metrics) }
    let lines = try data.split(separator: 0x0A).map { try JSONDecoder().decode(JSONValue.self, from: $0) }
    let epochs = max(1, lines.last?["epoch"]?.number ?? 1), steps = lines.last?["step"]?.number ?? 1
    let length = RunLength(epochs: run.configuration.epochs, stepsPerEpoch: max(1, Int(steps / epochs)))
    let samples = try run.policy.events(in: length).filter { $0.kind == .sample }.map(\.step)
    // An average of the latest few holds no more than it does in the end.
    let most = Int(summary["observed"]?[text]?["samples"]?.number ?? 0)
    var result = Data()
    for line in lines {
      let step = Int(line["step"]?.number ?? 0)
      result.append(try line.adding(["samples": .int(min(samples.count { $0 <= step }, most))]).data(pretty: false))
      result.append(0x0A)
    }
    return result
  }
}
