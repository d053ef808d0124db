/// Zeroes each element with probability `rate` in training and divides the others by 1 - rate.
public final class Dropout: Module {
  /// The part that is zeroed, 0 to below 1.
  public let rate: Double

  /// - Parameter rate: the part that is zeroed, 0 to below 1.
  public init(_ rate: Double) { self.rate = rate }

  /// Any shape, same shape out; `x` itself outside of training.
  public func callAsFunction(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    guard rate > 0, let random = mode.random else { return x }
    return try located { try x.droppedOut(rate, random.next()) }
  }

  /// What a pass in this mode zeroes, for functions that do it together with something else; nil: nothing. Each call draws
  /// other numbers, as each pass through the layer does.
  public func draw(_ mode: Mode) -> (rate: Double, random: Random)? {
    guard rate > 0, let random = mode.random else { return nil }
    return (rate, random.next())
  }
}
