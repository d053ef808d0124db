/// Rows of a table by index. Weight `[count, size]`.
public final class Embedding: Module {
  @Parameter public var weight: Tensor
  private let padding: Int

  /// - Parameter padding: the index whose row stays zero and gets no gradient.
  public init(_ count: Int, _ size: Int, padding: Int? = nil, deviation: Double = 1) throws {
    self.padding = padding ?? -1
    _weight = try Parameter(
      shape: [count, size],
      .custom { tensor, random in
        try tensor.fillNormal(deviation: deviation, random)
        if let padding { try tensor.select(padding).fill(0) }
      })
  }

  /// int64 indices `[...]` to `[..., size]`.
  public func callAsFunction(_ indices: Tensor) throws -> Tensor {
    try located { try Operators.embedding(.tensor(weight), .tensor(indices), .int(padding), .bool(false), .bool(false)) }
  }
}
