import Foundation
import PluginAPI

/// Evaluates and saves the weights a finished run leaves behind.
struct RunEnd {
  let model: ModelState
  let directory: RunDirectory

  func save(_ tensors: [(name: String, tensor: Tensor)], _ name: String) throws {
    try AtomicFile.write(Safetensors.encode(tensors), to: "\(directory.weights)/\(name).safetensors")
  }

  /// - Returns: what the summary says of the average; nil where it has no sample.
  func evaluate(
    _ track: AveragingTrack, moment: Int, file: String, watch: inout Stopwatch
  ) throws -> [String: JSONValue]? {
    let before = watch
    guard let outcome = try AverageEvaluation(model: model)(track.averager, moment: moment, watch: &watch) else { return nil }
    for part in Stopwatch.Part.allCases { track.watch.add(part, (watch.seconds[part] ?? 0) - (before.seconds[part] ?? 0)) }
    try save(outcome.tensors, file)
    return outcome.json
  }

  /// `observed-ema-0.99`.
  static func fileName(ofObserver name: String) -> String {
    "observed-" + name.map { $0.isLetter || $0.isNumber || "-._=".contains($0) ? String($0) : "-" }.joined()
  }
}

extension RunConfiguration {
  /// The method's average, then the observers'.
  func makeTracks(_ catalog: Catalog, _ parameters: [NamedTensor], in run: RunLength) throws -> [AveragingTrack] {
    try [AveragingTrack(averaging, makePolicy(catalog), parameters, in: run, isObserver: false)]
      + observe.map { observer in
        let policy = try observer.makePolicy(catalog)
        return try observer.located { try AveragingTrack(observer.text, policy, parameters, in: run, isObserver: true) }
      }
  }
}
