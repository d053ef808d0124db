import Foundation

/// The formulas behind ``Metric``, in float64.
enum MetricFormulas {
  static func exponential(_ x: Double) -> Double { exp(x) }

  /// 2 TP / (2 TP + FP + FN); 0 where that is 0 / 0.
  static func f1(_ classes: [Int32], _ labels: [Int32], of positive: Int32) -> Double {
    var both = 0, predicted = 0, real = 0
    for (guess, truth) in zip(classes, labels) {
      if guess == positive { predicted += 1 }
      if truth == positive { real += 1 }
      if guess == positive, truth == positive { both += 1 }
    }
    return predicted + real == 0 ? 0 : 2 * Double(both) / Double(predicted + real)
  }

  /// (c s - sum_k p_k t_k) / sqrt((s^2 - sum_k p_k^2) (s^2 - sum_k t_k^2)), with s examples, c of them right, and class k
  /// predicted p_k and true t_k times (Gorodkin 2004). Of two classes this is the usual coefficient.
  static func matthews(_ classes: [Int32], _ labels: [Int32]) -> Double {
    guard !labels.isEmpty else { return .nan }
    var predicted: [Int32: Double] = [:], real: [Int32: Double] = [:]
    var right = 0.0
    for (guess, truth) in zip(classes, labels) {
      predicted[guess, default: 0] += 1
      real[truth, default: 0] += 1
      if guess == truth { right += 1 }
    }
    let total = Double(labels.count)
    // Counts are whole numbers: the sums are exact in any order as long as they stay below 2^53.
    let common = predicted.reduce(0.0) { $0 + $1.value * (real[$1.key] ?? 0) }
    let spread = total * total - predicted.values.reduce(0) { $0 + $1 * $1 }
    let truth = total * total - real.values.reduce(0) { $0 + $1 * $1 }
    guard spread > 0, truth > 0 else { return 0 }
    return (right * total - common) / (spread.squareRoot() * truth.squareRoot())
  }

  /// Of `[N]` each; NaN for fewer than two, for a constant, and where a value is not finite.
  static func pearson(_ x: [Double], _ y: [Double]) -> Double {
    guard x.count == y.count, x.count > 1 else { return .nan }
    let n = Double(x.count)
    let meanX = x.reduce(0, +) / n, meanY = y.reduce(0, +) / n
    var xx = 0.0, yy = 0.0, xy = 0.0
    for (a, b) in zip(x, y) {
      xx += (a - meanX) * (a - meanX)
      yy += (b - meanY) * (b - meanY)
      xy += (a - meanX) * (b - meanY)
    }
    guard xx > 0, yy > 0 else { return .nan }
    return max(-1, min(1, xy / (xx.squareRoot() * yy.squareRoot())))
  }

  /// Ranks from 1, equal values having the mean of theirs; all NaN where a value is.
  static func ranks(_ values: [Double]) -> [Double] {
    // NaN has no place in an order, and a sort by one is undefined.
    guard !values.contains(where: \.isNaN) else { return values.map { _ in .nan } }
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var begin = 0
    while begin < order.count {
      var end = begin
      while end < order.count, values[order[end]] == values[order[begin]] { end += 1 }
      let rank = Double(begin + end + 1) / 2
      for place in begin..<end { ranks[order[place]] = rank }
      begin = end
    }
    return ranks
  }

  static func meanOverOutputs(_ predictions: Predictions, _ formula: ([Double], [Double]) -> Double) -> Double {
    let width = predictions.width
    guard width > 0, predictions.scores.count == predictions.targets.count else { return .nan }
    func column(_ values: [Float], _ index: Int) -> [Double] {
      stride(from: index, to: values.count, by: width).map { Double(values[$0]) }
    }
    let sum = (0..<width).reduce(0.0) { $0 + formula(column(predictions.scores, $1), column(predictions.targets, $1)) }
    return sum / Double(width)
  }
}
