/// A data set that says which figures count for it.
///
///     struct Acceptability: MeasuredDataset {
///       var metrics: [Metric] { [.matthews] }
///       ...
///     }
public protocol MeasuredDataset: Dataset {
  /// The first is the main one, by which weights are selected; the others are told beside it. Accuracy is always told
  /// where there are classes; name it to make it the main one.
  var metrics: [Metric] { get }

  /// Further test examples, evaluated on their own beside the test split: their numbers, from `count(.test)` on, which
  /// ``Dataset/batch(_:of:augmentation:)`` takes as examples of `test`. Their figures stand in `summary.json` under the
  /// name, inside `test`: `"test": {"accuracy": 0.8, "mismatched": {"accuracy": 0.79}}`.
  var furtherTests: [(name: String, ids: Range<Int>)] { get }
}

extension MeasuredDataset {
  public var furtherTests: [(name: String, ids: Range<Int>)] { [] }
}

/// A measured data set whose input type the host does not know.
protocol LoadedMeasuredDataset {
  var statedMetrics: [Metric] { get }
  var statedFurtherTests: [(name: String, ids: Range<Int>)] { get }
}

extension DatasetBox: LoadedMeasuredDataset where D: MeasuredDataset {
  var statedMetrics: [Metric] { dataset.metrics }
  var statedFurtherTests: [(name: String, ids: Range<Int>)] { dataset.furtherTests }
}

extension LoadedDataset {
  /// The metrics the data set states, the main one first; none where it leaves that to the host.
  public var metrics: [Metric] { (self as? any LoadedMeasuredDataset)?.statedMetrics ?? [] }

  /// Test examples beside the test split, by their name.
  public var furtherTests: [(name: String, ids: Range<Int>)] {
    (self as? any LoadedMeasuredDataset)?.statedFurtherTests ?? []
  }

  /// The name of the metric that says which weights are better: the stated one, else accuracy; nil where only the loss
  /// tells.
  public var mainMetric: String? {
    if let stated = metrics.first { return stated.name }
    switch task {
    case .classification, .multiLabel: return "accuracy"
    case .regression, .nextToken: return nil
    }
  }
}

extension PreparedBatch {
  /// Predictions that count in a mean over the batch: its examples, or its tokens where the next token is predicted.
  public var predictions: Int { target.shape.first ?? count }
}
