import PluginAPI

/// The mean of several weights of one model (Wortsman et al. 2022), as a running mean in float64.
public struct WeightSoup {
  /// Ingredients so far.
  public private(set) var count = 0
  /// float64, in the order of the first ingredient.
  public private(set) var mean: [(name: String, tensor: Tensor)] = []

  public init() {}

  /// Adds the parameters of one ingredient: mean += (w - mean) / (n + 1).
  ///
  /// - Throws: `BasinError` where a tensor is missing, left over or of another shape, with its name.
  public mutating func add(_ parameters: [(name: String, tensor: Tensor)], file: String) throws {
    let wide = try parameters.map { (name: $0.name, tensor: try $0.tensor.detached().to(.float64)) }
    guard count > 0 else {
      // A float64 tensor would not have been copied.
      mean = try wide.map { ($0.name, try $0.tensor.clone()) }
      count = 1
      return
    }
    let found = Dictionary(wide, uniquingKeysWith: { $1 })
    let names = Set(mean.map(\.name))
    if let extra = wide.first(where: { !names.contains($0.name) }) {
      throw BasinError.badData(
        "has tensor \(extra.name), which the first weights lack", file: file, advice: "It is of another model")
    }
    let next = Double(count + 1)
    // New tensors: a copy of this soup keeps its own.
    mean = try mean.map { name, tensor in
      guard let other = found[name] else {
        throw BasinError.badData("has no tensor \(name)", file: file, advice: "It is of another model")
      }
      guard other.shape == tensor.shape else {
        throw BasinError.badData(
          "tensor \(name) has shape \(other.shape), the first weights' has \(tensor.shape)", file: file,
          advice: "It is of another model, or of one with other options")
      }
      return (name, try tensor + (other - tensor) / next)
    }
    count += 1
  }

  /// What a greedy soup came to.
  public struct Greedy {
    /// Ingredients in the order they were tried: best first.
    public let order: [Int]
    /// Those that were kept.
    public let kept: [Int]
    public let metrics: Metrics
  }

  /// Tries ingredients from the best to the worst, and keeps each that does not make the soup worse. The soup begins as
  /// the best one alone, unchanged: it never ends below it.
  ///
  /// - Parameters:
  ///   - metrics: of each ingredient on the validation data.
  ///   - evaluate: the metrics of the soup of these ingredients.
  public static func greedy(_ metrics: [Metrics], evaluate: ([Int]) throws -> Metrics) throws -> Greedy {
    // Of equal ones the earlier first.
    let order = metrics.indices.sorted { a, b in
      metrics[a].isBetter(than: metrics[b]) || (!metrics[b].isBetter(than: metrics[a]) && a < b)
    }
    guard let best = order.first else {
      throw BasinError.usage("there is nothing to average", advice: "Give two or more weights")
    }
    var kept = [best]
    var current = metrics[best]
    for candidate in order.dropFirst() {
      let next = try evaluate(kept + [candidate])
      guard !isWorse(next, than: current) else { continue }
      kept.append(candidate)
      current = next
    }
    return Greedy(order: order, kept: kept, metrics: current)
  }

  /// By the main figure; by the loss where there is none.
  private static func isWorse(_ a: Metrics, than b: Metrics) -> Bool {
    if let mine = a.comparable, let theirs = b.comparable { return mine < theirs }
    return !(a.loss <= b.loss)
  }
}
