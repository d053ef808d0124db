import PluginAPI

extension GCN {
  /// The network spelled out with dense matrices, all nodes at once: any dtype and device, slow.
  ///
  /// It draws the same dropout masks as ``callAsFunction(_:_:)`` from the same streams, so that tests compare the two
  /// in training too. Memory is nodes x (nodes + features).
  public func referenceForward(_ input: GraphBatch, _ mode: Mode) throws -> Output {
    let graph = input.graph
    let like = convs[0].bias
    let random = dropout > 0 ? mode.random : nil
    var features = graph.features.values
    if let random {
      features = zip(features, Self.keptPlainly(features.count, dropout, random.next())).map { $0 * $1 }
    }
    var x = try Self.dense(graph.features, values: features, like: like)
    let adjacency = try Self.dense(Self.renormalizedPlainly(graph.adjacency), like: like)
    for (index, convolution) in convs.enumerated() {
      x = try convolution.located { try adjacency.matmul(linear(x, convolution.lin.weight)) + convolution.bias }
      guard index < convs.count - 1 else { break }
      x = try relu(x)
      if let random {
        let mask = try Tensor(Self.keptPlainly(x.count, dropout, random.next()), shape: x.shape)
        x = try x * mask.to(like.dtype).to(like.device)
      }
    }
    return Output(try x.rows(input.items.to(like.device)))
  }

  /// 0 for what dropout drops, else 1 / (1 - rate): at rate 1/2 by the bits of the words, lowest first, else by whole
  /// words.
  static func keptPlainly(_ count: Int, _ rate: Double, _ random: Random) -> [Float] {
    let scale = Float(1 / (1 - rate))
    if rate == 0.5 {
      let words = random.words(0..<(count + 31) / 32)
      return (0..<count).map { words[$0 / 32] & (1 << ($0 % 32)) != 0 ? scale : 0 }
    }
    return random.words(0..<count).map { Double($0) >= (rate * 4_294_967_296).rounded(.down) ? scale : 0 }
  }

  private static func renormalizedPlainly(_ adjacency: SparseMatrix) throws -> SparseMatrix {
    var sums: [Double] = []
    for row in 0..<adjacency.rows { sums.append(1 + adjacency.row(row).reduce(0) { $0 + Double($1.value) }) }
    let scale = sums.map { $0 > 0 ? 1 / $0.squareRoot() : 0 }
    var entries: [[Int: Double]] = []
    for row in 0..<adjacency.rows {
      var line = [row: 1.0]
      for (column, value) in adjacency.row(row) { line[column, default: 0] += Double(value) }
      entries.append(line)
    }
    var pointers = [0]
    var columns: [Int32] = []
    var values: [Float] = []
    for (row, line) in entries.enumerated() {
      for (column, value) in line.sorted(by: { $0.key < $1.key }) {
        columns.append(Int32(truncatingIfNeeded: column))
        values.append(Float(scale[row] * value * scale[column]))
      }
      pointers.append(columns.count)
    }
    return try SparseMatrix(
      rows: adjacency.rows, columns: adjacency.columns, rowPointers: pointers, columnIndices: columns, values: values)
  }

  private static func dense(_ matrix: SparseMatrix, values: [Float]? = nil, like: Tensor) throws -> Tensor {
    let values = values ?? matrix.values
    var elements = [Float](repeating: 0, count: matrix.rows * matrix.columns)
    for row in 0..<matrix.rows {
      for entry in matrix.rowPointers[row]..<matrix.rowPointers[row + 1] {
        elements[row * matrix.columns + Int(matrix.columnIndices[entry])] = values[entry]
      }
    }
    return try Tensor(elements, shape: [matrix.rows, matrix.columns]).to(like.dtype).to(like.device)
  }
}
