import PluginAPI

/// A bidirectional LSTM that classifies sequences (Hochreiter and Schmidhuber 1997; Graves and Schmidhuber 2005): word
/// embedding, one or more layers in both directions, pooling over the states, one linear layer.
///
/// Sequences run through LibTorch's LSTM as packed ones: step t computes the sequences that have a token t, alone. With
/// pooling `max` the greatest value of each state over the sequence is taken (Conneau et al. 2017).
///
/// Tensors: `embedding.weight`, `lstm.weight_ih_l0`, `lstm.weight_hh_l0`, `lstm.bias_ih_l0`, `lstm.bias_hh_l0` and the same with
/// `_reverse` as in `torch.nn.LSTM`, the layers above it `upper.0.weight_ih_l0` and so on, `classifier.weight`, `classifier.bias`.
public final class BiLSTM: Model {
  public enum Pooling: String, CaseIterable, Sendable { case max, mean, last }

  public struct ModelOptions: Options {
    public var embedding = 128
    public var hidden = 128
    public var layers = 1
    public var dropout = 0.5
    public var pooling = Pooling.max

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field("embedding", \.embedding, in: 1...8192, "width of the word embedding"),
        Field("hidden", \.hidden, in: 1...8192, "width of the state of each direction"),
        Field("layers", \.layers, in: 1...16, "layers, each in both directions"),
        Field("dropout", \.dropout, in: 0...0.95, "rate on embeddings, between layers, and before the classifier"),
        Field(
          "pooling", \.pooling, choices: Pooling.self,
          "greatest or mean of the states, or the last state of each direction"),
      ]
    }
  }

  public let embedding: Embedding
  public let lstm: PackedLSTM
  public let upper: [PackedLSTM]
  public let classifier: Linear
  private let pooling: Pooling
  private let dropout: Dropout

  // Twice that of the transformer: an LSTM does not normalize what it is given.
  private static let embeddingDeviation = 0.1

  /// - Throws: `BasinError` (`.usage`) for a task whose prediction is not one row a sequence.
  public init(_ options: ModelOptions, shape: TokenBatch.Shape, task: Task) throws {
    if case .nextToken = task {
      throw BasinError.usage(
        "model bilstm classifies sequences; the data set's task is \(task)", advice: "Use --model gpt2, or another data set")
    }
    let padding = (0..<shape.vocabulary).contains(shape.padding) ? shape.padding : nil
    embedding = try Embedding(shape.vocabulary, options.embedding, padding: padding, deviation: Self.embeddingDeviation)
    lstm = try PackedLSTM(options.embedding, options.hidden)
    upper = try (1..<options.layers).map { _ in try PackedLSTM(2 * options.hidden, options.hidden) }
    classifier = try Linear(2 * options.hidden, task.outputs)
    pooling = options.pooling
    dropout = Dropout(options.dropout)
  }

  /// Packed sequences, each of at least one token, to `[N, outputs]`.
  public func callAsFunction(_ input: TokenBatch, _ mode: Mode) throws -> Output {
    try located {
      let words = try dropout(embedding(input.tokens), mode)
      let order = try PackedLSTM.Order(offsets: input.offsets, device: words.device)
      var (states, last) = try lstm(words, order)
      for layer in upper { (states, last) = try layer(dropout(states, mode), order) }
      let pooled =
        switch pooling {
        case .max: try greatestOfSequences(states, offsets: input.offsets)
        case .mean: try meanOfSequences(states, offsets: input.offsets)
        case .last: last
        }
      return Output(try classifier(dropout(pooled, mode)))
    }
  }
}

/// One LSTM layer in both directions over packed sequences: tensors and results of `torch.nn.LSTM(bidirectional=True)` on a
/// `PackedSequence`.
public final class PackedLSTM: Module {
  // Properties are named for their paths: PyTorch calls them so.
  @Parameter public var weight_ih_l0: Tensor
  @Parameter public var weight_hh_l0: Tensor
  @Parameter public var bias_ih_l0: Tensor
  @Parameter public var bias_hh_l0: Tensor
  @Parameter public var weight_ih_l0_reverse: Tensor
  @Parameter public var weight_hh_l0_reverse: Tensor
  @Parameter public var bias_ih_l0_reverse: Tensor
  @Parameter public var bias_hh_l0_reverse: Tensor
  private let hidden: Int
  private static let lstm = Operator("aten::lstm", "data")

  /// - Parameters:
  ///   - inputs: width of the rows.
  ///   - hidden: width of the state of each direction.
  public init(_ inputs: Int, _ hidden: Int) throws {
    self.hidden = hidden
    let start = Initializer.torchDefault(inputs: hidden)
    _weight_ih_l0 = try Parameter(shape: [4 * hidden, inputs], start)
    _weight_hh_l0 = try Parameter(shape: [4 * hidden, hidden], start)
    _bias_ih_l0 = try Parameter(shape: [4 * hidden], start)
    _bias_hh_l0 = try Parameter(shape: [4 * hidden], start)
    _weight_ih_l0_reverse = try Parameter(shape: [4 * hidden, inputs], start)
    _weight_hh_l0_reverse = try Parameter(shape: [4 * hidden, hidden], start)
    _bias_ih_l0_reverse = try Parameter(shape: [4 * hidden], start)
    _bias_hh_l0_reverse = try Parameter(shape: [4 * hidden], start)
  }

  /// The order of a `PackedSequence`: the first rows of all sequences, then their second rows, and so on, in each step the
  /// longest sequences first.
  public struct Order {
    /// int64 `[T]`: the row at each place, and the place of each row.
    let rows, places: Tensor
    /// int64 `[N]`: the rank of each sequence by length.
    let ranks: Tensor
    /// int64 `[longest]`, on the CPU: the sequences in each step.
    let sizes: Tensor
    let count: Int

    /// - Throws: `TensorError` where a sequence has no row.
    public init(offsets: [Int], device: Device = .cpu) throws {
      let lengths = zip(offsets, offsets.dropFirst()).map { $1 - $0 }
      guard let shortest = lengths.min(), shortest > 0 else {
        throw TensorError(operation: "lstm", shapes: [[offsets.last ?? 0]], message: "needs sequences of at least one row")
      }
      count = lengths.count
      let byLength = lengths.indices.sorted { lengths[$0] != lengths[$1] ? lengths[$0] > lengths[$1] : $0 < $1 }
      var rows: [Int64] = [], sizes: [Int64] = []
      rows.reserveCapacity(offsets.last ?? 0)
      var present = count
      for step in 0..<lengths[byLength[0]] {
        while lengths[byLength[present - 1]] <= step { present -= 1 }
        for sequence in byLength[..<present] { rows.append(Int64(offsets[sequence] + step)) }
        sizes.append(Int64(present))
      }
      self.rows = try Tensor(rows).to(device)
      places = try Tensor(Self.inverse(rows)).to(device)
      ranks = try Tensor(Self.inverse(byLength.map(Int64.init))).to(device)
      self.sizes = try Tensor(sizes)
    }

    private static func inverse(_ order: [Int64]) -> [Int64] {
      var result = [Int64](repeating: 0, count: order.count)
      for (index, place) in order.enumerated() { result[Int(place)] = Int64(index) }
      return result
    }
  }

  /// Rows `[T, inputs]`, sequence after sequence, to the states `[T, 2 hidden]` (forward, then backward) and the last state of
  /// each direction, `[N, 2 hidden]`.
  public func callAsFunction(_ x: Tensor, _ order: Order) throws -> (states: Tensor, last: Tensor) {
    try located {
      let start = try Tensor.zeros([2, order.count, hidden], x.dtype, device: x.device)
      let weights = [
        weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, weight_ih_l0_reverse, weight_hh_l0_reverse, bias_ih_l0_reverse,
        bias_hh_l0_reverse,
      ]
      let results = try Self.lstm.many(
        .tensor(x.rows(order.rows)), .tensor(order.sizes), .tensors([start, start]), .tensors(weights), .bool(true), .int(1),
        .double(0), .bool(false), .bool(true))
      let last = try results[1].transposed(0, 1).reshaped([order.count, 2 * hidden])
      return (try results[0].rows(order.places), try last.rows(order.ranks))
    }
  }
}
