import PluginAPI

/// Limits gradients by value, then by their norm (Pascanu, Mikolov and Bengio 2013).
struct GradientClipping {
  let options: GradientOptions

  var isActive: Bool { options.clipNorm > 0 || options.clipValue > 0 }

  private static let clamp = Operator("aten::clamp_")
  private static let scale = Operator("aten::_foreach_mul_", "Scalar")
  private static let norms = Operator("aten::_foreach_norm", "Scalar")

  /// - Returns: the norm before, where it was asked for.
  @discardableResult
  func callAsFunction(_ parameters: [NamedTensor]) throws -> Double? {
    guard isActive else { return nil }
    let gradients = try parameters.compactMap { try $0.gradient() }
    guard !gradients.isEmpty else { return nil }
    return try LibTorch.withoutGradient {
      if options.clipValue > 0 {
        for gradient in gradients { try Self.clamp.run(.tensor(gradient), .double(-options.clipValue), .double(options.clipValue)) }
      }
      guard options.clipNorm > 0 else { return nil }
      let norm = try Self.norm(gradients)
      // The summand keeps a norm of 0 from dividing, as in torch.nn.utils.clip_grad_norm_.
      let factor = options.clipNorm / (norm + 1e-6)
      if factor < 1 { try Self.scale.run(.tensors(gradients), .double(factor)) }
      return norm
    }
  }

  /// The Euclidean norm of all elements of all tensors, summed in float64.
  static func norm(_ tensors: [Tensor]) throws -> Double {
    // The results of one operator call are limited.
    var squares = 0.0
    for begin in stride(from: 0, to: tensors.count, by: 500) {
      for part in try norms.many(.tensors(Array(tensors[begin..<min(begin + 500, tensors.count)])), .double(2)) {
        let value = try part.item()
        squares += value * value
      }
    }
    return squares.squareRoot()
  }
}
