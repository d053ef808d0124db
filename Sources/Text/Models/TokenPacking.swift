import PluginAPI

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How a batch of sentences of different lengths is laid out for the layers of a model.
///
/// A batch comes as `[N, L]`, short sentences filled up with padding: of TREC's batches about three fifths. Everything
/// but attention treats each token alone, so those layers run on the T real tokens only, `[T, D]`; attention spreads
/// them out to `[N, L, D]` and gathers its result again. Without padding (or on another device than the CPU, where
/// many small copies cost more than they save) rows are all N L places.
struct TokenPacking {
  /// N and L.
  let count, length: Int
  /// The places of the real tokens in the `[N L]` grid, rising; nil where rows are all places.
  private let places: [Int]?
  /// `[N, L, 1]`, 1 at real tokens and 0 at padding; nil where no sentence is padded.
  private let weight: Tensor?
  /// `[N, 1]`, the real tokens of each sentence, at least 1; nil where no sentence is padded.
  private let lengths: Tensor?
  /// Added to attention's scores, `[N, 1, 1, L]`: 0 for real tokens, minus infinity for padding; nil where no sentence
  /// is padded, for attention without a mask takes LibTorch's shorter way.
  let attentionBias: Tensor?

  /// - Parameter leavesPaddingOut: Whether rows are the real tokens alone where that is possible; both ways give the
  ///   same predictions.
  init(_ batch: TokenBatch, leavesPaddingOut: Bool) throws {
    let shape = batch.tokens.shape
    guard shape.count == 2, shape[1] > 0 else {
      throw TensorError(operation: "transformer", shapes: [shape], message: "needs tokens [N, L] with L of 1 or more")
    }
    (count, length) = (shape[0], shape[1])
    guard let mask = batch.mask else {
      (places, weight, lengths, attentionBias) = (nil, nil, nil, nil)
      return
    }
    guard mask.shape == shape, mask.dtype == .bool else {
      throw TensorError(
        operation: "transformer", shapes: [shape, mask.shape], message: "needs a bool mask of the shape of the tokens")
    }
    let numbers = try mask.to(.float32)
    weight = try numbers.unsqueezed(2)
    let counted = try numbers.sum([1], keepDimensions: true)
    lengths = try counted + counted.equals(0).to(.float32)
    attentionBias = try Tensor.zeros(shape, device: mask.device).filled(where: mask.not(), with: -.infinity)
      .reshaped([count, 1, 1, length])
    if leavesPaddingOut, mask.device == .cpu {
      let real = try mask.values(Bool.self)
      places = real.indices.filter { real[$0] }
    } else {
      places = nil
    }
  }

  /// int64 `[N, L]` to the rows' `[T]`.
  func rows(ofTokens tokens: Tensor) throws -> Tensor {
    guard let places else { return try tokens.reshaped([count * length]) }
    let all = try tokens.values(Int64.self)
    return try Tensor(places.map { all[$0] })
  }

  /// The position in its sentence of each row, int64 `[T]`, from 0.
  func positions(on device: Device) throws -> Tensor {
    let places = places ?? Array(0..<count * length)
    return try Tensor(places.map { Int64($0 % length) }).to(device)
  }

  // Gathering and scattering are linear, each the backward pass of the other.

  /// `[N L, D]` to `[T, D]`.
  func gather(_ grid: Tensor) throws -> Tensor {
    guard let places else { return grid }
    guard grid.dtype == .float32 else { return try grid.rows(Self.indices(places)) }
    return try customFunction("packTokens", [grid], differentiableBackward: true) {
      ([try Self.gathered(grid, places)], { [try $0[0].map(scatter)] })
    }[0]
  }

  /// `[T, D]` to `[N L, D]`, zeros at padding (where rows are all places: whatever the layers made of padding).
  func scatter(_ rows: Tensor) throws -> Tensor {
    guard let places else { return rows }
    guard rows.dtype == .float32 else {
      // Automatic casts: 16-bit rows go through LibTorch's own operators.
      let width = rows.count / max(places.count, 1)
      return try Tensor.zeros([count * length, width], rows.dtype).addingRows(Self.indices(places), rows)
    }
    return try customFunction("unpackTokens", [rows], differentiableBackward: true) {
      ([try Self.scattered(rows, places, rows: count * length)], { [try $0[0].map(gather)] })
    }[0]
  }

  /// The mean over each sentence's real tokens: `[T, D]` to `[N, D]`.
  func mean(_ rows: Tensor) throws -> Tensor {
    let grid = try scatter(rows).reshaped([count, length, -1])
    guard let weight, let lengths else { return try grid.mean([1]) }
    return try (places == nil ? grid * weight : grid).sum([1]) / lengths
  }

  /// The row of each sentence's first token: `[T, D]` to `[N, D]`.
  func first(_ rows: Tensor) throws -> Tensor {
    try scatter(rows).reshaped([count, length, -1]).select(0, axis: 1)
  }

  // MARK: Copies of rows

  private static func indices(_ places: [Int]) throws -> Tensor { try Tensor(places.map { Int64($0) }) }

  // About 32 KB at the usual widths: less is not worth another thread.
  private static let grain = 64

  /// Row i of the result is row `places[i]` of the source.
  private static func gathered(_ source: Tensor, _ places: [Int]) throws -> Tensor {
    let source = try source.contiguous()
    let width = source.count / max(source.shape.first ?? 0, 1)
    let result = try Tensor.empty([places.count, width])
    try source.withMemory(of: Float.self) { from in
      try result.withMemory(of: Float.self) { to in
        nonisolated(unsafe) let (from, to) = (from, to)
        try LibTorch.parallelFor(0..<places.count, grain: grain) { part in
          for index in part { memcpy(to + index * width, from + places[index] * width, width * 4) }
        }
      }
    }
    return result
  }

  /// Row `places[i]` of the result is row i of the source; the others are zero.
  private static func scattered(_ source: Tensor, _ places: [Int], rows: Int) throws -> Tensor {
    let source = try source.contiguous()
    let width = source.count / max(places.count, 1)
    let result = try Tensor.zeros([rows, width])
    try source.withMemory(of: Float.self) { from in
      try result.withMemory(of: Float.self) { to in
        nonisolated(unsafe) let (from, to) = (from, to)
        try LibTorch.parallelFor(0..<places.count, grain: grain) { part in
          for index in part { memcpy(to + places[index] * width, from + index * width, width * 4) }
        }
      }
    }
    return result
  }
}
