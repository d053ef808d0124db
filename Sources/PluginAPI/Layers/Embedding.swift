/// Rows of a table by index. Weight `[count, size]`.
///
/// Where the optimizer can (``TableRows``), a step computes and applies the gradient of the rows it reads alone.
public final class Embedding: Module {
  /// `[count, size]`.
  @Parameter public var weight: Tensor
  private let padding: Int
  private let rows: TableRows?

  /// - Parameters:
  ///   - padding: the index whose row stays zero and gets no gradient.
  ///   - isShared: whether something else than this layer reads the table in a step, such as the tied last layer of a
  ///     language model: its gradient is then an ordinary one.
  public init(_ count: Int, _ size: Int, padding: Int? = nil, deviation: Double = 1, isShared: Bool = false) throws {
    self.padding = padding ?? -1
    rows = isShared ? nil : TableRows()
    _weight = try Parameter(
      shape: [count, size],
      .custom { tensor, random in
        try tensor.fillNormal(deviation: deviation, random)
        if let padding { try tensor.select(padding).fill(0) }
      }, rows: rows)
  }

  /// int64 indices `[...]` to `[..., size]`.
  public func callAsFunction(_ indices: Tensor) throws -> Tensor {
    try located {
      if let rows, let keeper = rows.keeper { return try read(indices, rows, keeper) }
      return try look(indices)
    }
  }

  private func look(_ indices: Tensor) throws -> Tensor {
    try Operators.embedding(.tensor(weight), .tensor(indices), .int(padding), .bool(false), .bool(false))
  }

  private func read(_ indices: Tensor, _ rows: TableRows, _ keeper: any RowKeeper) throws -> Tensor {
    let numbers = try indices.values(Int64.self).map { Int($0) }
    let (count, size) = (weight.shape[0], weight.shape[1])
    // LibTorch's own words for what is out of range.
    guard numbers.allSatisfy({ (0..<count).contains($0) }) else { return try look(indices) }
    let (read, places) = TableRows.distinct(numbers)
    try keeper.refresh(read)
    guard LibTorch.isRecording else { return try look(indices) }
    let values = try RowPlaces(read, count: count).gathered(weight.detached(), size: size)
    try values.setRequiresGradient(true)
    rows.note(read, values)
    let spread = RowPlaces(places, count: read.count)
    let silent = read.firstIndex(of: padding)
    let result = try customFunction("embedding", [values]) {
      (
        [try spread.gathered(values.detached(), size: size)],
        { gradients in
          guard let gradient = gradients[0] else { return [nil] }
          let sums = try spread.sums(gradient.reshaped([numbers.count, size]), size: size)
          if let silent { try sums.select(silent).fill(0) }
          return [sums]
        }
      )
    }[0]
    return try result.reshaped(indices.shape + [size])
  }
}
