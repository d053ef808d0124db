import PluginAPI

/// What a layer reads: the stored features of a graph, or rows of numbers made by the layer before.
enum LayerInput {
  /// The features of the nodes a receptive field reads, after dropout (nil: as they are), sparse.
  case stored(ReceptiveField, values: Tensor?)
  /// `[C, width]`.
  case rows(Tensor)

  /// x W^T + b: `[C, outputs]`.
  func linear(_ weight: Tensor, _ bias: Tensor? = nil) throws -> Tensor {
    switch self {
    case .rows(let x): return try PluginAPI.linear(x, weight, bias)
    case .stored(let field, let values):
      let product = try field.products(weight, values)
      return try bias.map { try product + $0 } ?? product
    }
  }

  func linear(_ layer: Linear) throws -> Tensor { try layer.located { try linear(layer.weight, layer.bias) } }

  /// The numbers themselves, for layers that need them as they are.
  func dense() throws -> Tensor {
    switch self {
    case .rows(let x): return x
    case .stored(let field, let values): return try field.denseFeatures(values: values)
    }
  }
}

extension ReceptiveField {
  /// The features times W^T, `[readCount, outputs]`. Linear in W: the backward pass is a recorded function too, and this
  /// one its own.
  fileprivate func products(_ weight: Tensor, _ values: Tensor?) throws -> Tensor {
    try customFunction("sparseLinear", [weight], differentiableBackward: true) {
      ([try project(weight, values)], { [self] in [try $0[0].map { try transposedProducts($0, values) }] })
    }[0]
  }

  private func transposedProducts(_ gradient: Tensor, _ values: Tensor?) throws -> Tensor {
    try customFunction("sparseLinear", [gradient], differentiableBackward: true) {
      (
        [try weightGradient(gradient.contiguous(), values)],
        { [self] in [try $0[0].map { try products($0, values) }] }
      )
    }[0]
  }

  /// What the first layer reads, with dropout.
  ///
  /// - Parameter like: a parameter of the model: gives type and device.
  func input(like: Tensor, dropout: Double, _ random: RandomStream?) throws -> LayerInput {
    guard like.isOfKernels, !isDense else {
      let x = try denseFeatures(values: nil).to(like.dtype).to(like.device)
      return .rows(try x.dropped(dropout, random))
    }
    guard dropout > 0, let random else { return .stored(self, values: nil) }
    return .stored(
      self, values: try droppedFeatures(DropoutMask(count: features.entries, rate: dropout, random.next())))
  }

  /// The features of the nodes read, `[readCount, F]`, with zeros.
  func denseFeatures(values: Tensor?) throws -> Tensor {
    let output = try Tensor.zeros([readCount, features.columns])
    try output.withMemory(of: Float.self) { target in
      func fill(_ values: UnsafePointer<Float>?) {
        for row in 0..<readCount {
          features.forEachEntry(ofRow: Int(readNodes[row])) { entry, column in
            target[row * features.columns + column] = values?[entry] ?? 0
          }
        }
      }
      if let values { try values.withMemory(of: Float.self) { fill($0) } } else { features.withValues(fill) }
    }
    return output
  }
}
