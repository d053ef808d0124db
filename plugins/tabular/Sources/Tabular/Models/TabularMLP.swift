import PluginAPI

/// The options of ``TabularMLP``.
public struct TabularMLPOptions: Options {
  public var width = 128
  public var layers = 2
  public var dropout = 0.1

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field("width", \.width, in: 1...65_536, "width of the hidden layers"),
      Field("layers", \.layers, in: 0...64, "hidden layers; 0: a linear model"),
      Field("dropout", \.dropout, in: 0...0.99, "part of each hidden layer that is dropped in training"),
    ]
  }
}

/// A row of a table of categories, `[count, size]`, looked up by number.
public final class CategoryTable: Module {
  @Parameter public var weight: Tensor

  public init(_ count: Int, _ size: Int) throws {
    _weight = try Parameter(shape: [count, size], .torchDefault(inputs: size))
  }

  /// int64 `[N]` to `[N, size]`.
  public func callAsFunction(_ numbers: Tensor) throws -> Tensor { try located { try weight.rows(numbers) } }
}

/// A perceptron over the numbers of a row and vectors of its categories (the baseline of Gorishniy et al. 2021, arXiv 2106.11959).
///
/// `blocks.0.linear.weight` and `output.weight` are named as in the package rtdl_revisiting_models. A column of n categories gets
/// vectors of min(50, (n + 3) / 2) numbers, `embeddings.0.weight`.
public final class TabularMLP: Model {
  /// Linear, ReLU, dropout.
  public final class Block: Module {
    public let linear: Linear
    private let dropout: Dropout

    init(_ inputs: Int, _ outputs: Int, dropout: Double) throws {
      linear = try Linear(inputs, outputs)
      self.dropout = Dropout(dropout)
    }

    func callAsFunction(_ x: Tensor, _ mode: Mode) throws -> Tensor { try dropout(relu(linear(x)), mode) }
  }

  public let embeddings: [CategoryTable]
  public let blocks: [Block]
  public let output: Linear
  private let scale: TargetScale

  public init(_ options: TabularMLPOptions, shape: TableBatch.Shape, task: Task) throws {
    try requireColumns(shape, of: "tabular-mlp")
    let sizes = shape.categories.map { min(50, ($0 + 3) / 2) }
    embeddings = try zip(shape.categories, sizes).map { try CategoryTable($0, $1) }
    let inputs = shape.numbers + sizes.reduce(0, +)
    blocks = try (0..<options.layers).map { try Block($0 == 0 ? inputs : options.width, options.width, dropout: options.dropout) }
    output = try Linear(options.layers == 0 ? inputs : options.width, task.outputs)
    scale = try TargetScale(shape, task)
  }

  /// The prediction for each row, `[N, outputs]`.
  public func callAsFunction(_ input: TableBatch, _ mode: Mode) throws -> Output {
    let columns = try embeddings.enumerated().map { try $1(input.categories.select($0, axis: 1)) }
    var x = columns.isEmpty ? input.numbers : try Tensor.concatenate([input.numbers] + columns, axis: 1)
    for block in blocks { x = try block(x, mode) }
    return Output(try scale(output(x)))
  }

  public func multiplications(_ input: TableBatch) -> Int? {
    input.count * (blocks.map(\.linear) + [output]).reduce(0) { $0 + $1.weight.count }
  }
}
