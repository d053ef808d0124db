import PluginAPI

/// The runs of a benchmark: every case with every method and seed.
struct BenchmarkPlan {
  struct Run: Hashable {
    let domain, model, dataset, method: String
    let seed: Int
    let benchmark: BenchmarkCase

    /// Safe as a folder's name.
    var name: String {
      "\(domain)-\(model)-\(dataset)-\(method)-\(seed)".map { $0.isLetter || $0.isNumber || "-._".contains($0) ? String($0) : "_" }.joined()
    }

    func request(dataRoot: String?, threads: Int) -> [String] {
      var arguments = [
        "--domain", domain, "--model", model, "--dataset", dataset, "--method", method, "--seed", "\(seed)",
        "--epochs", "\(benchmark.epochs)", "--threads", "\(threads)",
      ]
      if let size = benchmark.batchSize { arguments += ["--batch-size", "\(size)"] }
      if let rate = benchmark.learningRate { arguments += ["--lr", "\(rate)"] }
      for (key, value) in benchmark.settings.sorted(by: { $0.key < $1.key }) { arguments += ["--set", "\(key)=\(value)"] }
      if let dataRoot { arguments += ["--data-root", dataRoot] }
      return arguments
    }
  }

  let runs: [Run]

  init(_ entries: [BenchmarkEntry], methods: [String], seeds: Int?) {
    // Seeds outermost: an interrupted benchmark has all methods for the seeds it finished.
    let most = entries.map { seeds ?? $0.benchmark.seeds }.max() ?? 0
    runs = (0..<most).flatMap { seed in
      entries.filter { seed < seeds ?? $0.benchmark.seeds }.flatMap { entry in
        methods.map {
          Run(domain: entry.domain, model: entry.benchmark.model, dataset: entry.benchmark.dataset, method: $0, seed: seed, benchmark: entry.benchmark)
        }
      }
    }
  }
}
