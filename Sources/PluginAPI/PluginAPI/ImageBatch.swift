/// Pictures.
public struct ImageBatch: InputBatch {
  public struct Shape: Hashable, Sendable, CustomStringConvertible {
    public let channels, height, width: Int

    public init(channels: Int, height: Int, width: Int) {
      self.channels = channels
      self.height = height
      self.width = width
    }

    public var description: String { "\(channels)x\(height)x\(width)" }
  }

  /// `[N, C, H, W]` float32, normalized; channels last in memory where the data set can.
  public let images: Tensor
  public let count: Int

  public init(_ images: Tensor) {
    self.images = images
    count = images.shape.first ?? 0
  }

  public static var exampleShape: Shape { Shape(channels: 3, height: 32, width: 32) }

  public func moved(to device: Device) throws -> Self { Self(try images.to(device)) }
}
