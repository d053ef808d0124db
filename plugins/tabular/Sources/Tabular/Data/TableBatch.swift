import PluginAPI

/// Rows of a table: the input type of the domain `tabular`.
public struct TableBatch: InputBatch {
  public struct Shape: Hashable, Sendable, CustomStringConvertible {
    /// Columns of numbers, those that mark missing ones among them.
    public let numbers: Int
    /// How many values each column of categories has; 0 stands for a missing or unknown one.
    public let categories: [Int]
    /// Mean and deviation of each output among the training examples: what a model of numbers scales its prediction by, so that
    /// it and the loss are in the units of the table. Empty for classes.
    public let outputs: [Scale]

    public init(numbers: Int, categories: [Int], outputs: [Scale] = []) {
      self.numbers = numbers
      self.categories = categories
      self.outputs = outputs
    }

    public var description: String {
      let counts = categories.map(String.init).joined(separator: ", ")
      return "\(numbers) numbers" + (categories.isEmpty ? "" : ", \(categories.count) categories (\(counts) values)")
    }
  }

  /// A mean and a deviation.
  public struct Scale: Hashable, Sendable {
    public let mean, deviation: Double

    public init(mean: Double, deviation: Double) {
      self.mean = mean
      self.deviation = deviation
    }
  }

  /// `[N, numbers]` float32: standardized over the training examples, 0 where a value is missing.
  public let numbers: Tensor
  /// `[N, categories]` int64.
  public let categories: Tensor
  public let count: Int

  public init(numbers: Tensor, categories: Tensor) {
    self.numbers = numbers
    self.categories = categories
    count = numbers.shape.first ?? 0
  }

  public static var exampleShape: Shape { Shape(numbers: 8, categories: [5, 3]) }

  /// Rows of mean numbers and missing categories.
  public static func example(_ shape: Shape, count: Int) throws -> Self? {
    Self(
      numbers: try Tensor.zeros([count, shape.numbers]), categories: try Tensor.zeros([count, shape.categories.count], .int64))
  }

  public func disagreement(with shape: Shape) throws -> String? {
    if numbers.shape != [count, shape.numbers] { return "numbers \(numbers.shape) instead of \([count, shape.numbers])" }
    let columns = shape.categories.count
    if categories.shape != [count, columns] { return "categories \(categories.shape) instead of \([count, columns])" }
    let values = try categories.to(.cpu).values(Int64.self)
    let stray = values.indices.first { !(0..<Int64(shape.categories[$0 % columns])).contains(values[$0]) }
    guard let stray else { return nil }
    return "category \(values[stray]) of \(shape.categories[stray % columns])"
  }

  public func moved(to device: Device) throws -> Self { Self(numbers: try numbers.to(device), categories: try categories.to(device)) }
}
