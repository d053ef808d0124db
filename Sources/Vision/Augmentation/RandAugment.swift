import PluginAPI

/// RandAugment (Cubuk et al. 2020): `count` operations, each drawn from 14 alike, all of one magnitude, half of the signed
/// ones with the other sign. Operations, ranges and the 31 levels are torchvision's.
public struct RandAugment: Sendable {
  /// Operations a picture.
  public let count: Int
  /// 0 to 30.
  public let magnitude: Int

  /// - Throws: `BasinError` of kind `usage` outside of these ranges.
  public init(count: Int = 2, magnitude: Int = 9) throws {
    guard (0...16).contains(count), (0..<Self.levels).contains(magnitude) else {
      throw BasinError.usage(
        "RandAugment with \(count) operations of magnitude \(magnitude)",
        advice: "Take 0 to 16 operations of magnitude 0 to \(Self.levels - 1)")
    }
    self.count = count
    self.magnitude = magnitude
  }

  static var levels: Int { 31 }

  /// What is drawn from, in torchvision's order; its Color is saturation.
  public static let table: [PictureOperation.Kind] = [
    .identity, .shearX, .shearY, .translateX, .translateY, .rotate, .brightness, .saturation, .contrast, .sharpness,
    .posterize, .solarize, .autocontrast, .equalize,
  ]

  /// The operation of that kind at this magnitude for a picture of `size`.
  public func operation(_ kind: PictureOperation.Kind, isNegative: Bool, size: PictureSize) -> PictureOperation {
    let sign: Double = isNegative ? -1 : 1
    switch kind {
    case .shearX, .shearY: return PictureOperation(kind, sign * level(0.3))
    case .translateX, .translateY:
      let side = kind == .translateX ? size.width : size.height
      return PictureOperation(kind, (sign * level(Float(150.0 / 331.0 * Double(side)))).rounded(.towardZero))
    case .rotate: return PictureOperation(kind, sign * level(30))
    case .brightness, .saturation, .contrast, .sharpness: return PictureOperation(kind, 1 + sign * level(0.9))
    case .posterize:
      return PictureOperation(kind, Double(8 - (Float(magnitude) / (Float(Self.levels - 1) / 4)).rounded(.toNearestOrEven)))
    case .solarize: return PictureOperation(kind, 255 - level(255))
    case .identity, .autocontrast, .equalize, .hue: return PictureOperation(kind)
    }
  }

  /// The magnitude's place between 0 and `most`, in float32 and from the nearer end, as `torch.linspace` has it.
  private func level(_ most: Float) -> Double {
    let step = most / Float(Self.levels - 1)
    return Double(magnitude < Self.levels / 2 ? step * Float(magnitude) : most - step * Float(Self.levels - 1 - magnitude))
  }

  /// Random words one draw takes.
  public var words: Int { 2 * count }

  /// - Parameter words: ``words`` of them, from `offset` on.
  public func append(to operations: inout [PictureOperation], size: PictureSize, _ words: [UInt32], at offset: Int = 0) {
    for n in 0..<count {
      let kind = Self.table[Int((UInt64(words[offset + 2 * n]) &* UInt64(Self.table.count)) >> 32)]
      operations.append(operation(kind, isNegative: words[offset + 2 * n + 1] >> 31 == 1, size: size))
    }
  }
}
