// The functions models are written with.

/// max(x, 0).
public func relu(_ x: Tensor) throws -> Tensor { try Operators.relu(.tensor(x)) }

/// max(x, 0), overwriting `x`: for a fresh result nobody else needs.
public func reluInPlace(_ x: Tensor) throws -> Tensor { try Operators.reluInPlace(.tensor(x)) }

/// x Phi(x), the exact form.
public func gelu(_ x: Tensor) throws -> Tensor { try Operators.gelu(.tensor(x)) }

/// exp(x) by its sum along an axis: positive, summing to 1.
public func softmax(_ x: Tensor, axis: Int = -1) throws -> Tensor { try Operators.softmax(.tensor(x), .int(axis)) }
/// The logarithm of ``softmax(_:axis:)``, without its overflow.
public func logSoftmax(_ x: Tensor, axis: Int = -1) throws -> Tensor { try Operators.logSoftmax(.tensor(x), .int(axis)) }

/// `[N, C, H, W]` with weight `[out, C / groups, kh, kw]`.
public func conv2d(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, groups: Int = 1
) throws -> Tensor {
  try Operators.conv2d(
    .tensor(x), .tensor(weight), .tensor(bias), .ints([stride, stride]), .ints([padding, padding]), .ints([1, 1]),
    .int(groups))
}

/// The greatest of each `size` x `size` window.
public func maxPool2d(_ x: Tensor, _ size: Int, stride: Int? = nil, padding: Int = 0) throws -> Tensor {
  try Operators.maxPool2d(
    .tensor(x), .ints([size, size]), .ints([stride ?? size, stride ?? size]), .ints([padding, padding]))
}

/// The mean of each `size` x `size` window: `[N, C, H, W]` to `[N, C, H / size, W / size]`.
public func averagePool2d(_ x: Tensor, _ size: Int) throws -> Tensor {
  try Operators.avgPool2d(.tensor(x), .ints([size, size]))
}

/// The mean of each channel: `[N, C, H, W]` gives `[N, C]`.
public func globalAveragePool(_ x: Tensor) throws -> Tensor {
  try Operators.adaptiveAvgPool2d(.tensor(x), .ints([1, 1])).flattened(from: 1)
}

/// softmax(Q K^T / sqrt(d) + mask) V with queries, keys and values `[N, heads, L, d]`.
///
/// LibTorch's fused kernel has no second derivative: within `LibTorch.withSecondDerivatives` the product is spelled out.
///
/// - Parameter mask: bool (true: may be attended to) or float (added), broadcast to `[N, heads, L, L]`.
public func scaledDotProductAttention(
  _ queries: Tensor, _ keys: Tensor, _ values: Tensor, mask: Tensor? = nil
) throws -> Tensor {
  guard LibTorch.wantsSecondDerivatives else {
    return try Operators.attention(.tensor(queries), .tensor(keys), .tensor(values), .tensor(mask))
  }
  var added = mask
  if let mask, mask.dtype == .bool {
    added = try Tensor.zeros(mask.shape, queries.dtype, device: mask.device)
      .filled(where: mask.not(), with: -.infinity)
  }
  // Its second result, the weights of attention, is let go.
  return try Operators.attentionPlainly(.tensor(queries), .tensor(keys), .tensor(values), .tensor(added))
}

/// Mean binary cross entropy of logits and targets of the same shape (0 or 1, float).
public func binaryCrossEntropy(_ logits: Tensor, _ targets: Tensor) throws -> Tensor {
  try Operators.binaryCrossEntropy(.tensor(logits), .tensor(targets))
}

/// Mean squared difference.
public func meanSquaredError(_ prediction: Tensor, _ target: Tensor) throws -> Tensor {
  try Operators.mseLoss(.tensor(prediction), .tensor(target))
}
