import PluginAPI

/// SAM's sharpness, max L(w + e) - L(w) over |e| <= radius (Foret et al. 2021), or ASAM's, over |e / T| <= radius with
/// T = |w| element by element (Kwon et al. 2021), which does not change when a layer's weights are scaled and the next
/// one's scaled back.
///
/// With u = e / T (T = 1 for SAM) the maximum is sought by steps of normalized gradient ascent, u += (2 radius / steps)
/// s / |s|, s = T dL/dw, each followed by the projection to |u| <= radius. One step is the ascent that SAM itself
/// makes, e = radius T^2 g / |T g|. The highest loss found counts.
public struct SharpnessAscent {
  public let radius: Double
  public let steps: Int
  public let isAdaptive: Bool

  public init(radius: Double, steps: Int = 1, isAdaptive: Bool = false) {
    self.radius = radius
    self.steps = steps
    self.isAdaptive = isAdaptive
  }

  /// The highest loss found minus `base`, the loss at the present parameters, which stay as they are.
  ///
  /// - Parameter gradient: of the loss at the present parameters, where it is known already.
  public func callAsFunction(_ loss: LossFunction, base: Double, gradient: Tensor? = nil) throws -> Double {
    let space = loss.space
    let weights = try space.values()
    defer { try? space.assign(weights) }
    let scale = isAdaptive ? try weights.abs() : nil
    func scaled(_ vector: Tensor) throws -> Tensor { try scale.map { try vector * $0 } ?? vector }

    let shift = try weights * 0
    var highest: Double?
    for step in 0..<max(steps, 1) {
      let slope = try scaled(step == 0 ? gradient ?? loss.gradient() : loss.gradient())
      let length = try VectorMath.norm(slope)
      guard length > 0, length.isFinite else { break }
      try shift.add(slope, scale: 2 * radius / Double(max(steps, 1)) / length)
      let reach = try VectorMath.norm(shift)
      if reach > radius { try shift.multiply(by: radius / reach) }
      try space.assign(weights + scaled(shift))
      highest = max(highest ?? -.infinity, try loss.value())
    }
    return (highest ?? base) - base
  }
}
