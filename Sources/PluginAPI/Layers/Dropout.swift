/// Zeroes each element with probability `rate` in training and divides the others by 1 - rate.
public final class Dropout: Module {
  public let rate: Double

  public init(_ rate: Double) { self.rate = rate }

  public func callAsFunction(_ x: Tensor, _ mode: Mode) throws -> Tensor {
    guard rate > 0, let random = mode.random else { return x }
    return try located { try x.droppedOut(rate, random.next()) }
  }
}
