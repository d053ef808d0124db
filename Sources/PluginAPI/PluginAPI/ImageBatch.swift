/// Pictures.
public struct ImageBatch: InputBatch {
  /// Extents of a picture; written `3x32x32`.
  public struct Shape: Hashable, Sendable, LosslessStringConvertible {
    /// Channels, and extents in pixels.
    public let channels, height, width: Int

    /// Channels, and extents in pixels.
    public init(channels: Int, height: Int, width: Int) {
      self.channels = channels
      self.height = height
      self.width = width
    }

    /// `3x224x224`.
    public init?(_ description: String) {
      let extents = description.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
      guard extents.count == 3, extents.allSatisfy({ 1...65_536 ~= $0 }) else { return nil }
      self.init(channels: extents[0], height: extents[1], width: extents[2])
    }

    /// `3x224x224`.
    public var description: String { "\(channels)x\(height)x\(width)" }
  }

  /// `[N, C, H, W]` float32, normalized; channels last in memory where the data set can.
  public let images: Tensor
  /// Pictures, N.
  public let count: Int

  /// - Parameter images: float32 `[N, C, H, W]`, normalized.
  public init(_ images: Tensor) {
    self.images = images
    count = images.shape.first ?? 0
  }

  /// That of CIFAR-10.
  public static var exampleShape: Shape { Shape(channels: 3, height: 32, width: 32) }

  /// Grey pictures.
  public static func example(_ shape: Shape, count: Int) throws -> Self? {
    let images = try Tensor.emptyChannelsLast([count, shape.channels, shape.height, shape.width])
    try images.fill(0)
    return Self(images)
  }

  public func moved(to device: Device) throws -> Self { Self(try images.to(device)) }

  public func disagreement(with shape: Shape) throws -> String? {
    let found = Array(images.shape.dropFirst())
    guard found != [shape.channels, shape.height, shape.width] else { return nil }
    return "pictures of \(found.map(String.init).joined(separator: "x")) instead of \(shape)"
  }
}
