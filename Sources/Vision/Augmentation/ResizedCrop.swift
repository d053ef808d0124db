import Foundation
import PluginAPI

/// A part of a picture, in its pixels.
public struct PictureRegion: Hashable, Sendable {
  public var top, left, height, width: Int

  public init(top: Int, left: Int, height: Int, width: Int) {
    self.top = top
    self.left = left
    self.height = height
    self.width = width
  }
}

/// A crop of random area and aspect ratio that is scaled to one size (Szegedy et al. 2015), drawn as torchvision's
/// `RandomResizedCrop` draws it.
public struct ResizedCrop: Sendable {
  /// The crop's part of the picture's area, uniform.
  public let scale: ClosedRange<Double>
  /// Width over height, uniform in its logarithm.
  public let ratio: ClosedRange<Double>

  /// - Throws: `BasinError` of kind `usage` for bounds that are not above 0, or a scale above 1.
  public init(scale: ClosedRange<Double> = 0.08...1, ratio: ClosedRange<Double> = 0.75...4 / 3) throws {
    guard scale.lowerBound > 0, scale.upperBound <= 1, ratio.lowerBound > 0, ratio.upperBound.isFinite else {
      throw BasinError.usage(
        "a crop of \(scale) of the area and ratio \(ratio)", advice: "Take areas above 0 and up to 1, and ratios above 0")
    }
    self.scale = scale
    self.ratio = ratio
  }

  private static var attempts: Int { 10 }
  /// Random words one draw takes: area, ratio, row and column of each attempt.
  public static var words: Int { 4 * attempts }

  /// Draws a part of a picture of `size`.
  ///
  /// After ten crops that do not fit, the largest one in the middle whose ratio is allowed.
  /// - Parameter words: ``words`` of them, from `offset` on.
  public func region(of size: PictureSize, _ words: [UInt32], at offset: Int = 0) -> PictureRegion {
    let area = Double(size.height * size.width)
    let low = log(ratio.lowerBound), high = log(ratio.upperBound)
    func unit(_ index: Int) -> Double { Double(words[index]) * 0x1p-32 }
    func position(_ index: Int, _ room: Int) -> Int { Int((UInt64(words[index]) &* UInt64(room + 1)) >> 32) }
    for attempt in 0..<Self.attempts {
      let first = offset + 4 * attempt
      let target = area * (scale.lowerBound + (scale.upperBound - scale.lowerBound) * unit(first))
      let aspect = exp(low + (high - low) * unit(first + 1))
      let width = Int((target * aspect).squareRoot().rounded(.toNearestOrEven))
      let height = Int((target / aspect).squareRoot().rounded(.toNearestOrEven))
      if (1...size.width).contains(width), (1...size.height).contains(height) {
        return PictureRegion(
          top: position(first + 2, size.height - height), left: position(first + 3, size.width - width), height: height,
          width: width)
      }
    }
    let found = Double(size.width) / Double(size.height)
    var width = size.width, height = size.height
    if found < ratio.lowerBound {
      height = min(height, max(1, Int((Double(width) / ratio.lowerBound).rounded(.toNearestOrEven))))
    } else if found > ratio.upperBound {
      width = min(width, max(1, Int((Double(height) * ratio.upperBound).rounded(.toNearestOrEven))))
    }
    return PictureRegion(top: (size.height - height) / 2, left: (size.width - width) / 2, height: height, width: width)
  }
}
