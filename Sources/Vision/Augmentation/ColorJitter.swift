import PluginAPI

/// Brightness, contrast, saturation and hue changed by random factors in random order, as torchvision's `ColorJitter`.
public struct ColorJitter: Sendable {
  /// Factors are uniform in max(0, 1 - x)...1 + x; 0: unchanged.
  public let brightness, contrast, saturation: Double
  /// Turns are uniform in -hue...hue, at most 0.5.
  public let hue: Double

  public init(brightness: Double = 0, contrast: Double = 0, saturation: Double = 0, hue: Double = 0) {
    self.brightness = brightness
    self.contrast = contrast
    self.saturation = saturation
    self.hue = hue
  }

  /// Random words one draw takes: the order, and a factor each.
  public static var words: Int { 5 }

  /// Operations one draw gives: those that are not switched off.
  public var count: Int { [brightness, contrast, saturation, hue].count { $0 > 0 } }

  /// - Parameter words: ``words`` of them, from `offset` on.
  public func append(to operations: inout [PictureOperation], _ words: [UInt32], at offset: Int = 0) {
    // One of the 24 orders, digit by digit: which of 4, of 3, of 2 is next.
    var order = Int((UInt64(words[offset]) &* 24) >> 32)
    var left: (Int, Int, Int, Int) = (0, 1, 2, 3)
    for remaining in stride(from: 4, to: 0, by: -1) {
      let chosen: Int
      switch order % remaining {
      case 0: (chosen, left) = (left.0, (left.1, left.2, left.3, 0))
      case 1: (chosen, left) = (left.1, (left.0, left.2, left.3, 0))
      case 2: (chosen, left) = (left.2, (left.0, left.1, left.3, 0))
      default: (chosen, left) = (left.3, (left.0, left.1, left.2, 0))
      }
      order /= remaining
      let unit = Double(words[offset + 1 + chosen]) * 0x1p-32
      func factor(_ strength: Double) -> Double {
        let low = max(0, 1 - strength)
        return low + (1 + strength - low) * unit
      }
      switch chosen {
      case 0 where brightness > 0: operations.append(PictureOperation(.brightness, factor(brightness)))
      case 1 where contrast > 0: operations.append(PictureOperation(.contrast, factor(contrast)))
      case 2 where saturation > 0: operations.append(PictureOperation(.saturation, factor(saturation)))
      case 3 where hue > 0: operations.append(PictureOperation(.hue, hue * (2 * unit - 1)))
      default: break
      }
    }
  }
}
