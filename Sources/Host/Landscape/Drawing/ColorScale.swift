/// Colours from dark blue (0) to yellow (1) whose lightness grows evenly: they also read in grey.
enum ColorScale {
  private static let stops: [(Double, Double, Double)] = [
    (68, 1, 84), (70, 50, 126), (54, 92, 141), (39, 127, 142), (31, 161, 135), (74, 193, 109), (160, 218, 57),
    (253, 231, 37),
  ]

  static func color(_ value: Double) -> Drawing.Color {
    let place = max(0, min(1, value)) * Double(stops.count - 1)
    let low = min(Int(place), stops.count - 2)
    let part = place - Double(low)
    let (a, b) = (stops[low], stops[low + 1])
    func mixed(_ x: Double, _ y: Double) -> UInt32 { UInt32((x + (y - x) * part).rounded()) }
    return Drawing.Color(mixed(a.0, b.0) << 16 | mixed(a.1, b.1) << 8 | mixed(a.2, b.2))
  }

  /// Colours told apart at a glance, for lines.
  static let lines: [Drawing.Color] = [
    0x1F6FB4, 0xD9622B, 0x3A923A, 0x8C4FA8, 0xB8860B, 0x2AA7A0, 0xC43C66, 0x6B6B6B,
  ].map { Drawing.Color($0) }

  /// The colour of the line of that number; from the ninth on they come again.
  static func line(_ index: Int) -> Drawing.Color { lines[index % lines.count] }
}
