import PluginAPI

/// Series of measurements, all of one length: the input of this domain. Models and data sets with the same input type fit
/// together.
public struct __Target__Batch: InputBatch {
  /// What a model must know of the data before it is made.
  public struct Shape: Hashable, Sendable, LosslessStringConvertible {
    /// Measurements in a series.
    public let length: Int

    public init(length: Int) { self.length = length }

    /// `64`, so that `basin describe model NAME --shape 64` can be read.
    public init?(_ description: String) {
      guard let length = Int(description), 1...1_000_000 ~= length else { return nil }
      self.init(length: length)
    }

    public var description: String { "\(length)" }
  }

  /// `[N, length]`, float32.
  public let values: Tensor
  public var count: Int { values.shape[0] }

  public init(_ values: Tensor) { self.values = values }

  public static var exampleShape: Shape { Shape(length: 64) }

  public static func example(_ shape: Shape, count: Int) throws -> Self? { Self(try Tensor.zeros([count, shape.length])) }

  public func moved(to device: Device) throws -> Self { Self(try values.to(device)) }

  public func disagreement(with shape: Shape) throws -> String? {
    values.shape == [values.shape[0], shape.length] ? nil : "values \(values.shape) where series of \(shape) are stated"
  }
}
