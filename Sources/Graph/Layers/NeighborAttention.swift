import GraphKernels
import PluginAPI

/// Attention over the neighbours of each node: softmax of scores and the sums weighted by it, fused.
public struct NeighborAttention {
  let aggregation: Aggregation
  /// H heads of D columns.
  public let heads, width: Int
  /// Of leaky ReLU below 0.
  public let slope: Double
  /// Dropout of the weights, a bit for every entry and head; nil: none.
  let mask: DropoutMask?

  public init(_ aggregation: Aggregation, heads: Int, width: Int, slope: Double = 0.2, dropout: Double, _ random: RandomStream?)
    throws
  {
    self.aggregation = aggregation
    self.heads = heads
    self.width = width
    self.slope = slope
    mask = try random.flatMap { random in
      dropout > 0
        ? try DropoutMask(count: aggregation.forward.entries * heads, rate: dropout, random.next()) : nil
    }
  }

  private var stride: Int { heads * width }
  private var rows: Int { aggregation.outputCount }
  private var inputs: Int { aggregation.inputCount }
  private var entries: Int { aggregation.forward.entries }

  private func withRaw<R>(_ body: (UnsafePointer<BasinAttention>) throws -> R) rethrows -> R {
    try (mask?.bits ?? []).withUnsafeBufferPointer { bits in
      var raw = BasinAttention(
        graph: UnsafePointer(aggregation.raw), heads: Int64(heads), width: Int64(width), slope: Float(slope),
        scale: mask?.scale ?? 1, kept: mask == nil ? nil : bits.baseAddress)
      return try withExtendedLifetime(aggregation) { try body(&raw) }
    }
  }

  /// Runs `body` for parts of 0..<count in LibTorch's threads.
  private func parallel(
    _ count: Int, _ body: @escaping (UnsafePointer<BasinAttention>, Range<Int>) -> Void
  ) throws {
    try withRaw { raw in
      nonisolated(unsafe) let (raw, body) = (raw, body)
      try LibTorch.parallelFor(0..<count, grain: aggregation.grain(of: count, width: stride)) { body(raw, $0) }
    }
  }

  private func memory(_ tensor: Tensor) throws -> UnsafeMutablePointer<Float> {
    try tensor.withMemory(of: Float.self) { $0 }
  }

  // MARK: GAT

  /// GAT's attention (Velickovic et al. 2018): the weight of neighbour j for node i is the softmax over i's neighbours
  /// of leaky(source . x_j + target . x_i).
  ///
  /// - Parameters:
  ///   - x: `[C, H D]`, head by head.
  ///   - source, target: H D numbers.
  /// - Returns: `[R, H D]`.
  public func callAsFunction(_ x: Tensor, source: Tensor, target: Tensor) throws -> Tensor {
    guard x.fitsKernels else { return try plainly(x, source: source, target: target) }
    guard try aggregation.checked(x, "graphAttention") == stride else {
      throw TensorError(operation: "graphAttention", shapes: [x.shape], message: "needs \(stride) columns")
    }
    return try customFunction("graphAttention", [x, source, target]) {
      let x = try x.contiguous(), source = try source.contiguous(), target = try target.contiguous()
      let output = try Tensor.empty([rows, stride]), weights = try Tensor.empty([entries, heads])
      let sourceScores = try Tensor.empty([inputs, heads]), targetScores = try Tensor.empty([inputs, heads])
      let (xs, ss, ts) = (try memory(x), try memory(sourceScores), try memory(targetScores))
      let (sv, tv) = (try memory(source), try memory(target))
      try parallel(inputs) { raw, part in
        basinHeadProducts(raw, xs, sv, Int64(part.lowerBound), Int64(part.upperBound), ss)
        basinHeadProducts(raw, xs, tv, Int64(part.lowerBound), Int64(part.upperBound), ts)
      }
      let (ws, out) = (try memory(weights), try memory(output))
      try parallel(rows) { raw, part in
        basinAttend(raw, xs, ss, ts, Int64(part.lowerBound), Int64(part.upperBound), ws, out)
      }
      return (
        [output],
        { gradients in
          guard let gradient = gradients[0] else { return [nil, nil, nil] }
          return try withExtendedLifetime((x, sourceScores, targetScores, weights)) {
            try self.gradients(gradient, x, source, target, sourceScores, targetScores, weights)
          }
        }
      )
    }[0]
  }

  private func gradients(
    _ gradient: Tensor, _ x: Tensor, _ source: Tensor, _ target: Tensor, _ sourceScores: Tensor, _ targetScores: Tensor,
    _ weights: Tensor
  ) throws -> [Tensor?] {
    let gradient = try gradient.contiguous()
    let scores = try Tensor.empty([entries, heads]), rowSums = try Tensor.empty([rows, heads])
    let sources = try Tensor.empty([inputs, heads]), targets = try Tensor.zeros([inputs, heads])
    let output = try Tensor.empty([inputs, stride])
    let (xs, gs, ws, sc) = (try memory(x), try memory(gradient), try memory(weights), try memory(scores))
    let (ss, ts, rs) = (try memory(sourceScores), try memory(targetScores), try memory(rowSums))
    let (so, ta, out) = (try memory(sources), try memory(targets), try memory(output))
    try parallel(rows) { raw, part in
      basinAttendGradient(raw, xs, ss, ts, ws, gs, Int64(part.lowerBound), Int64(part.upperBound), sc, rs)
    }
    try parallel(inputs) { raw, part in
      basinAttendGradientInputs(raw, ws, sc, gs, Int64(part.lowerBound), Int64(part.upperBound), so, out)
    }
    // A node may be asked for twice.
    for (row, own) in aggregation.selves.enumerated() {
      for head in 0..<heads { ta[Int(own) * heads + head] += rs[row * heads + head] }
    }
    return try withExtendedLifetime((gradient, rowSums, scores)) {
      let x = try x.reshaped([inputs, heads, width])
      let sources = try sources.unsqueezed(2), targets = try targets.unsqueezed(2)
      let byHead = try output.reshaped([inputs, heads, width])
      try byHead.addProduct(sources, source.reshaped([1, heads, width]), scale: 1)
      try byHead.addProduct(targets, target.reshaped([1, heads, width]), scale: 1)
      return [
        output, try (x * sources).sum([0]).reshaped(source.shape), try (x * targets).sum([0]).reshaped(target.shape),
      ]
    }
  }

  /// ``callAsFunction(_:source:target:)`` by LibTorch's operators: any type and device.
  public func plainly(_ x: Tensor, source: Tensor, target: Tensor) throws -> Tensor {
    let edges = try aggregation.edges(like: x)
    let byHead = try x.reshaped([inputs, heads, width])
    let sources = try (byHead * source.reshaped([1, heads, width])).sum([2])
    let targets = try (byHead * target.reshaped([1, heads, width])).sum([2])
    let own = try targets.rows(aggregation.selfIndices(on: x.device))
    let scores = try leakyReLU(sources.rows(edges.columns) + own.rows(edges.rows))
    return try weightedSums(byHead, scores, edges)
  }

  // MARK: GATv2

  /// GATv2's attention (Brody et al. 2022): the softmax of vector . leaky(x_j + y_i).
  ///
  /// - Parameters:
  ///   - x: `[C, H D]`, what neighbours send.
  ///   - y: `[C, H D]`; the outputs' own rows count.
  ///   - vector: H D numbers.
  /// - Returns: `[R, H D]`.
  public func callAsFunction(_ x: Tensor, _ y: Tensor, vector: Tensor) throws -> Tensor {
    guard x.fitsKernels else { return try plainly(x, y, vector: vector) }
    guard try aggregation.checked(x, "graphAttention") == stride,
      try aggregation.checked(y, "graphAttention") == stride
    else { throw TensorError(operation: "graphAttention", shapes: [x.shape, y.shape], message: "needs \(stride) columns") }
    return try customFunction("dynamicGraphAttention", [x, y, vector]) {
      let x = try x.contiguous(), y = try y.contiguous(), vector = try vector.contiguous()
      let output = try Tensor.empty([rows, stride]), weights = try Tensor.empty([entries, heads])
      let (xs, ys, vs, ws, out) = (
        try memory(x), try memory(y), try memory(vector), try memory(weights), try memory(output)
      )
      try parallel(rows) { raw, part in
        basinAttendDynamic(raw, xs, ys, vs, Int64(part.lowerBound), Int64(part.upperBound), ws, out)
      }
      return (
        [output],
        { gradients in
          guard let gradient = gradients[0] else { return [nil, nil, nil] }
          return try withExtendedLifetime((x, y, weights)) { try self.gradients(gradient, x, y, vector, weights) }
        }
      )
    }[0]
  }

  private func gradients(_ gradient: Tensor, _ x: Tensor, _ y: Tensor, _ vector: Tensor, _ weights: Tensor) throws
    -> [Tensor?]
  {
    let gradient = try gradient.contiguous()
    let blocks = (rows + Int(BASIN_ATTENTION_BLOCK) - 1) / Int(BASIN_ATTENTION_BLOCK)
    let scores = try Tensor.empty([entries, heads]), rowGradients = try Tensor.empty([rows, stride])
    let vectors = try Tensor.empty([blocks, stride]), output = try Tensor.empty([inputs, stride])
    let (xs, ys, vs, ws, gs) = (
      try memory(x), try memory(y), try memory(vector), try memory(weights), try memory(gradient)
    )
    let (sc, rg, bv, out) = (try memory(scores), try memory(rowGradients), try memory(vectors), try memory(output))
    try parallel(blocks) { raw, part in
      basinAttendDynamicGradient(
        raw, xs, ys, vs, ws, gs, Int64(part.lowerBound), Int64(part.upperBound), sc, rg, bv)
    }
    try parallel(inputs) { raw, part in
      basinAttendDynamicGradientInputs(
        raw, xs, ys, vs, ws, sc, gs, Int64(part.lowerBound), Int64(part.upperBound), out)
    }
    return try withExtendedLifetime((gradient, scores)) {
      let own =
        aggregation.isSquare
        ? rowGradients
        : try Tensor.zeros([inputs, stride]).addingRows(aggregation.selfIndices(on: .cpu), rowGradients)
      return [output, own, try vectors.sum([0]).reshaped(vector.shape)]
    }
  }

  /// ``callAsFunction(_:_:vector:)`` by LibTorch's operators: any type and device.
  public func plainly(_ x: Tensor, _ y: Tensor, vector: Tensor) throws -> Tensor {
    let edges = try aggregation.edges(like: x)
    let byHead = try x.reshaped([inputs, heads, width])
    let own = try y.rows(aggregation.selfIndices(on: x.device)).reshaped([rows, heads, width])
    let sums = try leakyReLU(byHead.rows(edges.columns) + own.rows(edges.rows))
    return try weightedSums(byHead, (sums * vector.reshaped([1, heads, width])).sum([2]), edges)
  }

  private func leakyReLU(_ x: Tensor) throws -> Tensor { try relu(x) - relu(-x) * slope }

  private static let scatterReduce = Operator("aten::scatter_reduce", "two")

  /// The sums of `x` `[C, H, D]` weighted by the softmax of `scores` `[E, H]` over each row: `[R, H D]`.
  private func weightedSums(_ x: Tensor, _ scores: Tensor, _ edges: EdgeList) throws -> Tensor {
    let places = try edges.rows.unsqueezed(1).expanded([entries, heads])
    // The greatest score is subtracted for range alone: no gradient goes through it.
    let greatest = try Self.scatterReduce(
      .tensor(Tensor.zeros([rows, heads], x.dtype, device: x.device)), .int(0), .tensor(places),
      .tensor(scores.detached()), .string("amax"), .bool(false))
    let powers = try (scores - greatest.rows(edges.rows)).exp()
    let sums = try Tensor.zeros([rows, heads], x.dtype, device: x.device).addingRows(edges.rows, powers)
    var weights = try powers / sums.rows(edges.rows)
    if let mask { weights = try weights * mask.plainly(shape: [entries, heads], like: x) }
    return try Tensor.zeros([rows, heads, width], x.dtype, device: x.device)
      .addingRows(edges.rows, x.rows(edges.columns) * weights.unsqueezed(2)).reshaped([rows, stride])
  }
}

extension DropoutMask {
  /// 0 for what is dropped, else the scale.
  func plainly(shape: [Int], like: Tensor) throws -> Tensor {
    let count = shape.reduce(1, *)
    let values = (0..<count).map { bits[$0 / 32] & (1 << ($0 % 32)) != 0 ? scale : 0 }
    return try Tensor(values, shape: shape).to(like.dtype).to(like.device)
  }
}
