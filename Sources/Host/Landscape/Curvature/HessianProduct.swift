import Foundation
import PluginAPI

/// Products of a loss's Hessian with vectors, at the parameters present at the beginning.
///
/// Exact where every operation has a second derivative, as in all of Basin's models. A plug-in's kernels may have none;
/// then central differences of gradients, H v = |v| (g(w + h u) - g(w - h u)) / (2 h) + O(h^2) with u = v / |v|.
///
/// The step h is found by trial: too long, and the third derivative shows, or kinks of ReLU that it crosses; too short,
/// and the rounding of float32 gradients does. Over 13 steps from 0.1 to 1e-7 of 1 + |w|, a factor of sqrt(10) apart,
/// the product with a vector of half gradient and half noise is compared with that of the next, and h is taken between
/// the two that differ least. Of a smooth network they agree to 1e-3 or better. Of a small one with ReLU they may
/// differ by a fourth, and so may the eigenvalues: ``stepError`` tells.
public final class HessianProduct {
  public enum Method: String, CaseIterable, Sendable { case exact, differences }

  public let method: Method
  /// The h of `differences`, as a length in parameter space.
  public private(set) var step: Double?
  /// How much two neighbouring steps differ at the one taken: |difference| / |H v|.
  public private(set) var stepError: Double?
  /// Products made so far.
  public private(set) var count = 0
  private let loss: LossFunction

  /// - Parameters:
  ///   - method: nil: exact where it can be done.
  ///   - random: of the vectors that method and step are tried with.
  public init(_ loss: LossFunction, method: Method? = nil, random: Random) throws {
    self.loss = loss
    var found = method ?? .exact
    if method != .differences {
      do { _ = try loss.hessianTimes(loss.space.normal(random["trial"])) } catch let error as TensorError
        where method == nil && Self.isForWantOfDerivative(error)
      {
        found = .differences
      }
    }
    self.method = found
    if found == .differences { try findStep(random) }
  }

  private static func isForWantOfDerivative(_ error: TensorError) -> Bool {
    // Basin's own functions say the first, LibTorch's the others.
    ["has no second derivative", "is not implemented", "not differentiable"].contains { error.message.contains($0) }
  }

  /// H v.
  public func callAsFunction(_ vector: Tensor) throws -> Tensor {
    count += 1
    guard method == .differences, let step else { return try loss.hessianTimes(vector) }
    return try difference(vector, step)
  }

  private func difference(_ vector: Tensor, _ step: Double) throws -> Tensor {
    let space = loss.space
    let length = try VectorMath.norm(vector)
    guard length > 0 else { return try vector.clone() }
    let weights = try space.values()
    let shift = try vector * (step / length)
    defer { try? space.assign(weights) }
    try space.assign(weights + shift)
    let ahead = try loss.gradient()
    try space.assign(weights - shift)
    return try (ahead - loss.gradient()) * (length / (2 * step))
  }

  private func findStep(_ random: Random) throws {
    let space = loss.space
    let noise = try space.normal(random["trial"])
    let gradient = try loss.gradient()
    let slope = try VectorMath.norm(gradient)
    let vector = try noise / VectorMath.norm(noise)
    if slope > 0, slope.isFinite { try vector.add(gradient, scale: 1 / slope) }
    let scale = try 1 + VectorMath.norm(space.values())
    let steps = (2...14).map { pow(10, -Double($0) / 2) * scale }
    var before: Tensor?
    var best = (error: Double.infinity, step: steps[steps.count / 2])
    for (index, step) in steps.enumerated() {
      let product = try difference(vector, step)
      if let before {
        let error = try VectorMath.norm(product - before) / max(VectorMath.norm(product), 1e-30)
        if error < best.error { best = (error, (steps[index - 1] * step).squareRoot()) }
      }
      before = product
    }
    step = best.step
    stepError = best.error.isFinite ? best.error : nil
  }
}
