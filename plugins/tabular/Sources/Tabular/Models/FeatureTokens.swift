import PluginAPI

/// A vector for each number of a row: x_j w_j + b_j, `[N, columns]` to `[N, columns, size]`.
public final class NumberTokens: Module {
  @Parameter public var weight: Tensor
  @Parameter public var bias: Tensor

  init(_ columns: Int, _ size: Int) throws {
    _weight = try Parameter(shape: [columns, size], .torchDefault(inputs: size))
    _bias = try Parameter(shape: [columns, size], .torchDefault(inputs: size))
  }

  func callAsFunction(_ numbers: Tensor) throws -> Tensor { try located { try numbers.unsqueezed(2) * weight + bias } }
}

/// A vector for each category of a row, with a bias a column: int64 `[N, columns]` to `[N, columns, size]`.
public final class CategoryTokens: Module {
  public let embeddings: [CategoryTable]
  @Parameter public var bias: Tensor

  init(_ counts: [Int], _ size: Int) throws {
    embeddings = try counts.map { try CategoryTable($0, size) }
    _bias = try Parameter(shape: [counts.count, size], .torchDefault(inputs: size))
  }

  func callAsFunction(_ categories: Tensor) throws -> Tensor {
    try located {
      try Tensor.stack(embeddings.enumerated().map { try $1(categories.select($0, axis: 1)) }, axis: 1) + bias
    }
  }
}

/// The vector whose last state is read, the same for every row: `[N, 1, size]`.
public final class ClassToken: Module {
  @Parameter public var weight: Tensor

  init(_ size: Int) throws { _weight = try Parameter(shape: [size], .torchDefault(inputs: size)) }

  func callAsFunction(_ count: Int) throws -> Tensor { try weight.reshaped([1, 1, -1]).expanded([count, 1, weight.count]) }
}
