import Foundation
import Text

/// A linear classifier of word counts: what a text model has to beat where order matters.
struct BagOfWords {
  /// `[words x classes]`, row by row.
  var weights: [Double]
  var bias: [Double]

  func scores(_ sequence: ArraySlice<Int32>) -> [Double] {
    var scores = bias
    for word in sequence {
      for label in scores.indices { scores[label] += weights[Int(word) * bias.count + label] }
    }
    return scores
  }

  func accuracy(_ sequences: TokenSequences, _ labels: [Int32]) -> Double {
    let right = labels.indices.count { index in
      let scores = scores(sequences[index])
      return scores.firstIndex(of: scores.max() ?? 0) == Int(labels[index])
    }
    return Double(right) / Double(labels.count)
  }

  /// Multinomial naive Bayes with add-one smoothing.
  static func naiveBayes(_ sequences: TokenSequences, _ labels: [Int32], words: Int, classes: Int) -> Self {
    var counts = Array(repeating: 1.0, count: words * classes)
    var totals = Array(repeating: Double(words), count: classes)
    var prior = Array(repeating: 0.0, count: classes)
    for index in labels.indices {
      let label = Int(labels[index])
      prior[label] += 1
      for word in sequences[index] {
        counts[Int(word) * classes + label] += 1
        totals[label] += 1
      }
    }
    for index in counts.indices { counts[index] = log(counts[index] / totals[index % classes]) }
    return Self(weights: counts, bias: prior.map { log($0 / Double(labels.count)) })
  }

  /// Multinomial logistic regression: stochastic gradient descent at a falling rate, 15 epochs, a little weight decay.
  static func logisticRegression(_ sequences: TokenSequences, _ labels: [Int32], words: Int, classes: Int) -> Self {
    var model = Self(weights: Array(repeating: 0, count: words * classes), bias: Array(repeating: 0, count: classes))
    for epoch in 0..<15 {
      let rate = 0.1 / Double(1 + epoch)
      for index in labels.indices {
        let scores = model.scores(sequences[index])
        let top = scores.max() ?? 0
        var gradient = scores.map { exp($0 - top) }
        let sum = gradient.reduce(0, +)
        for label in 0..<classes { gradient[label] = gradient[label] / sum - (label == Int(labels[index]) ? 1 : 0) }
        for label in 0..<classes {
          model.bias[label] -= rate * gradient[label]
          for word in sequences[index] {
            let place = Int(word) * classes + label
            model.weights[place] -= rate * (gradient[label] + 1e-3 * model.weights[place])
          }
        }
      }
    }
    return model
  }
}
