import PluginAPI

/// Targets of several labels of which some are not known (NaN), as where not every compound went through every assay: the loss is
/// the mean over those that are.
public struct KnownLabels {
  private static let maskedSelect = Operator("aten::masked_select")

  private let target: Tensor
  /// True where a label is known, as `target`.
  private let mask: Tensor

  /// - Parameter target: `[N, labels]`; at least one label of each example is known.
  /// - Returns: nil where all labels are.
  public init?(_ target: Tensor) throws {
    // NaN alone is not equal to itself.
    mask = try target.equals(target)
    guard try mask.to(.float64).sum().item() < Double(target.count) else { return nil }
    self.target = target
  }

  public func loss(_ prediction: Tensor) throws -> Tensor {
    try binaryCrossEntropy(
      Self.maskedSelect(.tensor(prediction), .tensor(mask)), Self.maskedSelect(.tensor(target), .tensor(mask)))
  }

  /// Over the examples, the sum of the part of the known labels that is right.
  public func correct(_ prediction: Tensor) throws -> Tensor {
    let known = try mask.to(.float64)
    let right = try prediction.isGreater(than: 0).equals(target.isGreater(than: 0.5)).to(.float64) * known
    return try (right.sum([-1]) / known.sum([-1])).sum()
  }
}
