import PluginAPI

/// How the loss is made: the section `loss` of a run. Evaluation always takes the plain loss.
public struct LossOptions: Options {
  public var labelSmoothing = 0.0
  public var classWeights = "none"

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field("labelSmoothing", \.labelSmoothing, in: 0...0.999, "part of each target spread evenly over all classes"),
      Field(
        "classWeights", text: \.classWeights,
        "what an example of each class counts: none, balanced (inverse to its frequency in training), or a list such as 1,2,0.5"),
    ]
  }

  /// The weights `[classes]`; nil for none.
  ///
  /// - Parameter labels: of the training examples, for `balanced`.
  /// - Throws: `BasinError` of kind usage for a list of another length, or weights that are not numbers from 0.
  func weights(_ task: Task, labels: @autoclosure () -> [Int32]?) throws -> [Double]? {
    guard classWeights != "none" else { return nil }
    guard case .classification(let classes) = task else {
      throw BasinError.usage("loss.classWeights=\(classWeights) needs a classification set; the task is \(task)")
    }
    if classWeights == "balanced" {
      guard let labels = labels() else {
        throw BasinError.usage("loss.classWeights=balanced: the data set does not tell its labels", advice: "Give a list of weights")
      }
      var counts = [Int](repeating: 0, count: classes)
      for label in labels where counts.indices.contains(Int(label)) { counts[Int(label)] += 1 }
      // A class without an example has no say whatever its weight.
      return counts.map { $0 == 0 ? 0 : Double(labels.count) / (Double(classes) * Double($0)) }
    }
    let parts = classWeights.split(separator: ",", omittingEmptySubsequences: false)
    let weights = parts.compactMap { Double($0).flatMap { $0 >= 0 && $0.isFinite ? $0 : nil } }
    guard weights.count == parts.count, weights.count == classes, weights.contains(where: { $0 > 0 }) else {
      throw BasinError.usage(
        "loss.classWeights=\(classWeights) is not a list of \(classes) weights from 0 for this set's classes",
        advice: "Give \(classes) numbers separated by commas, or balanced")
    }
    return weights
  }

  /// What can be known of the values without the data.
  func check() throws {
    guard !["none", "balanced"].contains(classWeights) else { return }
    for part in classWeights.split(separator: ",", omittingEmptySubsequences: false) {
      guard let value = Double(part), value >= 0, value.isFinite else {
        throw BasinError.usage(
          "loss.classWeights: '\(part)' is no weight", advice: "It takes none, balanced or numbers from 0 separated by commas")
      }
    }
  }
}

/// What happens to gradients before the optimizer gets them: the section `gradient` of a run.
public struct GradientOptions: Options {
  public var clipNorm = 0.0
  public var clipValue = 0.0
  public var accumulate = 1

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field("clipNorm", \.clipNorm, in: 0...1e9, "greatest Euclidean norm of all gradients together; 0: no limit"),
      Field("clipValue", \.clipValue, in: 0...1e9, "greatest absolute value of a gradient; 0: no limit"),
      Field("accumulate", \.accumulate, in: 1...100_000, "batches whose gradients are added up for one step"),
    ]
  }
}
