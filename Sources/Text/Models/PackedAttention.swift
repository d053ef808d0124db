import PluginAPI

extension MultiHeadAttention {
  /// Self-attention within each sentence: rows `[T, size]`, same shape out.
  ///
  /// As `callAsFunction(_:mask:)` with padding masked as a key; projections run on the rows alone. There is no dropout
  /// on the attention weights: they never exist as a whole in LibTorch's fused attention.
  func callAsFunction(_ rows: Tensor, _ packing: TokenPacking) throws -> Tensor {
    try located {
      let size = rows.shape.last ?? 0
      let projected = try packing.scatter(linear(rows, inProjectionWeight, inProjectionBias))
      // One split, so that the backward pass joins three gradients once instead of adding three padded ones.
      let parts = try projected.split(size, axis: 1).map {
        try $0.reshaped([packing.count, packing.length, heads, size / heads]).transposed(1, 2)
      }
      guard parts.count == 3 else {
        throw TensorError(
          operation: "attention", shapes: [rows.shape], message: "needs rows as wide as the projection's inputs")
      }
      let mixed = try scaledDotProductAttention(parts[0], parts[1], parts[2], mask: packing.attentionBias)
      let grid = try mixed.transposed(1, 2).reshaped([packing.count * packing.length, size])
      return try out_proj(packing.gather(grid))
    }
  }
}
