import Foundation
import Report
import ResultStore

/// The workloads of a report: labels tell those of the same model and data set apart by what differs in their configurations.
struct ReportWorkloads {
  let documents: [ReportDocument.Workload]

  init(_ workloads: [String: StoredWorkload], _ runs: [StoredRun]) throws {
    var metrics: [String: String] = [:], isHigherBetter: [String: Bool] = [:], data: [String: String] = [:], highest: [String: Double] = [:]
    var order: [String] = []
    for run in runs {
      if metrics[run.workload] == nil, !order.contains(run.workload) { order.append(run.workload) }
      guard run.status == .finished else { continue }
      if metrics[run.workload] == nil {
        metrics[run.workload] = run.metric
        isHigherBetter[run.workload] = run.summary?.contains(#""higherIsBetter":false"#) != true
        data[run.workload] = run.dataSHA256
      }
      highest[run.workload] = max(highest[run.workload] ?? 0, abs(run.test ?? 0))
    }
    let configurations = try workloads.mapValues { try Self.configuration($0.document) }
    documents = order.compactMap { hash in
      guard let workload = workloads[hash] else { return nil }
      let alike = order.filter { other in
        workloads[other].map { $0.domain == workload.domain && $0.model == workload.model && $0.dataset == workload.dataset } ?? false
      }
      let mine = configurations[hash] ?? [:]
      let telling = alike.count < 2 ? [] : mine.keys.filter { key in alike.contains { configurations[$0]?[key] != mine[key] } }.sorted()
      return ReportDocument.Workload(
        id: hash, domain: workload.domain, model: workload.model, dataset: workload.dataset,
        label: telling.map { "\($0) \(mine[$0] ?? "")" }.joined(separator: ", "),
        metric: .init(
          name: metrics[hash] ?? "accuracy", higherIsBetter: isHigherBetter[hash] ?? true, isFraction: (highest[hash] ?? 0) <= 1),
        division: mine["division"], dataHash: data[hash])
    }
  }

  /// The first workload of a model on a data set.
  func id(_ domain: String, _ model: String, _ dataset: String) -> String? {
    documents.first { $0.domain == domain && $0.model == model && $0.dataset == dataset }?.id
  }

  /// Keys and options with their values.
  private static func configuration(_ document: String) throws -> [String: String] {
    let json = try JSONDecoder().decode(JSONValue.self, from: Data(document.utf8))
    guard case .object(let object)? = json["configuration"] else { return [:] }
    var result: [String: String] = [:]
    for (key, value) in object { result[key] = value.text }
    if case .object(let settings)? = object["set"] { for (key, value) in settings { result[key] = value.text } }
    result["division"] = json["division"]?.text
    return result
  }
}
