import PluginAPI
import VisionKernels

/// An operation on the bytes of one picture of 1 or 3 channels. Each gives what torchvision's function of that name gives for
/// PIL pictures, to the byte; what moves in from outside is black.
public struct PictureOperation: Sendable, Hashable {
  public enum Kind: String, CaseIterable, Sendable {
    /// `value` is without meaning.
    case identity, autocontrast, equalize
    /// `value` is a factor: at 1 nothing changes, at 0 the picture is black, its mean grey, grey, or smoothed.
    case brightness, contrast, saturation, sharpness
    /// `value` is in turns, -0.5 to 0.5.
    case hue
    /// `value` is how many of the 8 bits stay.
    case posterize
    /// `value` is the level from which on values are inverted.
    case solarize
    /// `value` is columns a row, and rows a column; the corner stays.
    case shearX, shearY
    /// `value` is in whole pixels to the right, and down.
    case translateX, translateY
    /// `value` is in degrees, counter-clockwise about the middle; the nearest pixel is taken.
    case rotate
  }

  public var kind: Kind
  public var value: Double

  public init(_ kind: Kind, _ value: Double = 0) {
    self.kind = kind
    self.value = value
  }

  var kernelValue: VisionOperation { VisionOperation(kind: Int32(code.rawValue), value: value) }

  private var code: VisionOperationKind {
    switch kind {
    case .identity: VISION_IDENTITY
    case .brightness: VISION_BRIGHTNESS
    case .contrast: VISION_CONTRAST
    case .saturation: VISION_SATURATION
    case .sharpness: VISION_SHARPNESS
    case .hue: VISION_HUE
    case .posterize: VISION_POSTERIZE
    case .solarize: VISION_SOLARIZE
    case .autocontrast: VISION_AUTOCONTRAST
    case .equalize: VISION_EQUALIZE
    case .shearX: VISION_SHEAR_X
    case .shearY: VISION_SHEAR_Y
    case .translateX: VISION_TRANSLATE_X
    case .translateY: VISION_TRANSLATE_Y
    case .rotate: VISION_ROTATE
    }
  }

  /// Applies operations one after another.
  ///
  /// Of grey pictures saturation and hue change nothing.
  /// - Parameter pixels: [height, width, channels].
  /// - Throws: `BasinError` of kind `internalError` if the bytes are not so many, or there are neither 1 nor 3 channels.
  public static func apply(
    _ operations: [PictureOperation], to pixels: inout [UInt8], size: PictureSize, channels: Int
  ) throws {
    guard pixels.count == size.height * size.width * channels, !pixels.isEmpty,
      vision_apply(
        operations.map(\.kernelValue), Int32(operations.count), &pixels, Int32(size.height), Int32(size.width),
        Int32(channels)) == 0
    else {
      throw BasinError.internalError("operations on \(pixels.count) bytes as \(size) with \(channels) channels")
    }
  }
}
