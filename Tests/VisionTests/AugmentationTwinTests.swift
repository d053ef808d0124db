import Foundation
import PluginAPI
import Testing
import Vision
import VisionKernels

/// Operations and scaling against plain twins, a number at a time, for sizes with every remainder of a vector.
@Suite struct AugmentationTwinTests {
  /// One channel value or pixel of the twin.
  private struct Twin {
    var height, width, channels: Int
    var pixels: [UInt8]

    func at(_ y: Int, _ x: Int, _ c: Int) -> Int {
      (0..<height).contains(y) && (0..<width).contains(x) ? Int(pixels[(y * width + x) * channels + c]) : 0
    }

    private func mapped(_ value: (Int, Int, Int) -> Int) -> [UInt8] {
      (0..<height).flatMap { y in
        (0..<width).flatMap { x in (0..<channels).map { c in UInt8(clamping: value(y, x, c)) } }
      }
    }

    private func grey(_ y: Int, _ x: Int) -> Int {
      channels == 1 ? at(y, x, 0) : (at(y, x, 0) * 19595 + at(y, x, 1) * 38470 + at(y, x, 2) * 7471 + 32768) / 65536
    }

    private func blend(_ base: Int, _ value: Int, _ factor: Double) -> Int {
      Int(max(0, min(255, Float(base) + Float(factor) * Float(value - base))))
    }

    private func histogram(_ c: Int) -> [Int] {
      var counts = [Int](repeating: 0, count: 256)
      for y in 0..<height { for x in 0..<width { counts[at(y, x, c)] += 1 } }
      return counts
    }

    func applying(_ operation: PictureOperation) -> [UInt8] {
      let value = operation.value
      switch operation.kind {
      case .identity: return pixels
      case .brightness: return mapped { blend(0, at($0, $1, $2), value) }
      case .contrast:
        let sum = (0..<height).reduce(0) { sum, y in (0..<width).reduce(sum) { $0 + grey(y, $1) } }
        let mean = Int((Double(sum) / Double(height * width) + 0.5).rounded(.down))
        return mapped { blend(mean, at($0, $1, $2), value) }
      case .saturation: return mapped { channels == 1 ? at($0, $1, $2) : blend(grey($0, $1), at($0, $1, $2), value) }
      case .sharpness:
        return mapped { y, x, c in
          var smooth = at(y, x, c)
          if y > 0, x > 0, y < height - 1, x < width - 1 {
            var sum = 4 * at(y, x, c)
            for dy in -1...1 { for dx in -1...1 { sum += at(y + dy, x + dx, c) } }
            smooth = Int((Double(sum) / 13).rounded())
          }
          return blend(smooth, at(y, x, c), value)
        }
      case .hue: return mapped { hue($0, $1, value)[$2] }
      case .posterize: return mapped { at($0, $1, $2) & ~((1 << (8 - Int(value))) - 1) }
      case .solarize: return mapped { Double(at($0, $1, $2)) < value ? at($0, $1, $2) : 255 - at($0, $1, $2) }
      case .autocontrast:
        let ranges = (0..<channels).map { c in
          let counts = histogram(c)
          return (counts.firstIndex { $0 > 0 } ?? 0, counts.lastIndex { $0 > 0 } ?? 255)
        }
        return mapped { y, x, c in
          let (low, high) = ranges[c]
          guard high > low else { return at(y, x, c) }
          let scale = 255 / Double(high - low)
          return Int(Double(at(y, x, c)) * scale + -Double(low) * scale)
        }
      case .equalize:
        let counts = (0..<channels).map(histogram)
        return mapped { y, x, c in
          let own = counts[c], value = at(y, x, c)
          let step = (own.reduce(0, +) - (own.last { $0 > 0 } ?? 0)) / 255
          guard own.count(where: { $0 > 0 }) > 1, step > 0 else { return value }
          return (step / 2 + own[..<value].reduce(0, +)) / step
        }
      case .shearX: return warped { y, x in (y, x + value * y) }
      case .shearY: return warped { y, x in (y + value * x, x) }
      case .translateX: return mapped { at($0, $1 - Int(value), $2) }
      case .translateY: return mapped { at($0 - Int(value), $1, $2) }
      case .rotate:
        let (a, b) = (cos(value * .pi / 180), sin(value * .pi / 180))
        let (cy, cx) = (Double(height) / 2, Double(width) / 2)
        return warped { y, x in (b * (x - cx) + a * (y - cy) + cy, a * (x - cx) - b * (y - cy) + cx) }
      }
    }

    /// Where the centre of an output pixel comes from.
    private func warped(_ source: (Double, Double) -> (Double, Double)) -> [UInt8] {
      mapped { y, x, c in
        let (fromY, fromX) = source(Double(y) + 0.5, Double(x) + 0.5)
        return at(Int(fromY.rounded(.down)), Int(fromX.rounded(.down)), c)
      }
    }

    private func hue(_ y: Int, _ x: Int, _ turn: Double) -> [Int] {
      guard channels == 3 else { return [at(y, x, 0)] }
      let rgb = (0..<3).map { at(y, x, $0) }
      let most = rgb.max() ?? 0, least = rgb.min() ?? 0
      guard most > least else { return rgb }
      let range = Double(most - least)
      let angle: Double
      if rgb[0] == most {
        angle = Double(rgb[1] - rgb[2]) / range
      } else if rgb[1] == most {
        angle = 2 + Double(rgb[2] - rgb[0]) / range
      } else {
        angle = 4 + Double(rgb[0] - rgb[1]) / range
      }
      let stored = Int(((angle / 6 + 1).truncatingRemainder(dividingBy: 1) * 255).rounded(.down))
      let hue = (stored + Int(turn * 255) + 512) % 256
      let saturation = (range / Double(most) * 255).rounded(.down) / 255
      let sector = Int(Double(hue) * 6 / 255), rest = Double(hue) * 6 / 255 - Double(sector)
      func level(_ share: Double) -> Int { Int((Double(most) * (1 - share)).rounded()) }
      let (p, q, t) = (level(saturation), level(saturation * rest), level(saturation * (1 - rest)))
      return [[most, t, p], [q, most, p], [p, most, t], [p, q, most], [t, p, most], [most, p, q]][sector % 6]
    }
  }

  private static let operations: [PictureOperation] = [
    .init(.brightness, 0.43), .init(.brightness, 1.7), .init(.contrast, 0.3), .init(.contrast, 1.9), .init(.saturation, 0.2),
    .init(.saturation, 2.2), .init(.sharpness, 0.1), .init(.sharpness, 1.9), .init(.hue, 0.2), .init(.hue, -0.4),
    .init(.posterize, 3), .init(.solarize, 99.5), .init(.autocontrast), .init(.equalize), .init(.shearX, 0.23),
    .init(.shearY, -0.3), .init(.translateX, 3), .init(.translateX, -200), .init(.translateY, -2), .init(.rotate, 21.7),
    .init(.rotate, -8), .init(.identity),
  ]

  @Test(arguments: operations) func operationsEqualTheirTwins(_ operation: PictureOperation) throws {
    for (height, width, channels) in [(1, 1, 3), (2, 9, 1), (7, 31, 3), (16, 16, 1), (33, 40, 3), (24, 67, 3), (3, 3, 1)] {
      var pixels = scrambledBytes(height * width * channels, seed: UInt64(height * width))
      if height == 24 { pixels = pixels.map { $0 / 9 + 60 } }
      let twin = Twin(height: height, width: width, channels: channels, pixels: pixels)
      let expected = twin.applying(operation)
      try PictureOperation.apply([operation], to: &pixels, size: PictureSize(height: height, width: width), channels: channels)
      // The twin of hue is in float64, where a quotient may fall on the other side of a whole number; that of the warps
      // has no fixed point, and may take the neighbour of a pixel whose edge it meets.
      let tolerated = switch operation.kind {
      case .hue, .shearX, .shearY, .rotate: pixels.count / 100
      default: 0
      }
      let wrong = zip(pixels, expected).count { $0 != $1 }
      #expect(wrong <= tolerated, "\(operation) of \(height)x\(width)x\(channels): \(wrong) differ")
    }
  }

  @Test func operationsFollowOneAnother() throws {
    let size = PictureSize(height: 9, width: 14)
    let operations: [PictureOperation] = [.init(.rotate, 10), .init(.equalize), .init(.sharpness, 1.6), .init(.hue, 0.1)]
    let start = scrambledBytes(9 * 14 * 3)
    var together = start, apart = start
    try PictureOperation.apply(operations, to: &together, size: size, channels: 3)
    for operation in operations { try PictureOperation.apply([operation], to: &apart, size: size, channels: 3) }
    #expect(together == apart && together != start)
    #expect(throws: BasinError.self) { try PictureOperation.apply(operations, to: &together, size: size, channels: 1) }
  }

  /// Weights in float64, columns rounded to bytes before rows; a sum near a half may round the other way, in each of them.
  private func resampled(_ source: [UInt8], _ height: Int, _ width: Int, _ channels: Int, _ rows: VisionAxis, _ columns: VisionAxis)
    -> [Double]
  {
    func taps(_ axis: VisionAxis, _ i: Int) -> [(Int, Double)] {
      let reach = max(axis.ratio, 1), middle = axis.start + (Double(Int(axis.first) + i) + 0.5) * axis.ratio
      let weights = (Int(axis.low)..<Int(axis.high)).map { ($0, max(0, 1 - abs(Double($0) + 0.5 - middle) / reach)) }
      let sum = weights.reduce(0) { $0 + $1.1 }
      return weights.filter { $0.1 > 0 }.map { ($0.0, $0.1 / sum) }
    }
    return (0..<Int(rows.count)).flatMap { y in
      (0..<Int(columns.count)).flatMap { x in
        (0..<channels).map { c in
          taps(rows, y).reduce(0) { sum, row in
            let line = taps(columns, x).reduce(0) { $0 + $1.1 * Double(source[(row.0 * width + $1.0) * channels + c]) }
            return sum + row.1 * line.rounded()
          }
        }
      }
    }
  }

  @Test(arguments: [1, 3, 4]) func scalingComesNearItsTwin(_ channels: Int) {
    let (height, width) = (29, 37)
    let source = scrambledBytes(height * width * channels)
    let axes: [(VisionAxis, VisionAxis)] = [
      (VisionAxis(start: 3, ratio: 2.3, first: 0, count: 9, low: 3, high: 24), VisionAxis(start: 0, ratio: 0.4, first: 7, count: 50, low: 0, high: 37)),
      (VisionAxis(start: -0.7, ratio: 1.02, first: 0, count: 30, low: 0, high: 29), VisionAxis(start: 0.5, ratio: 9, first: 0, count: 4, low: 0, high: 37)),
      (VisionAxis(start: 28, ratio: 0.1, first: 0, count: 10, low: 28, high: 29), VisionAxis(start: 5, ratio: 1, first: 0, count: 32, low: 0, high: 37)),
    ]
    for (rows, columns) in axes {
      var rows = rows, columns = columns
      var out = [UInt8](repeating: 0, count: Int(rows.count * columns.count) * channels)
      #expect(vision_resample(source, Int64(width * channels), Int32(channels), &rows, &columns, &out) == 0)
      let expected = resampled(source, height, width, channels, rows, columns)
      let worst = zip(out, expected).reduce(0) { max($0, abs(Double($1.0) - $1.1)) }
      // Half a level of its own rounding, and a level of columns that went the other way, weighted.
      #expect(worst < 1.5, "\(worst)")
    }
    var none = VisionAxis(start: 0, ratio: 0, first: 0, count: 1, low: 0, high: 1)
    var out: [UInt8] = [0]
    #expect(vision_resample(source, 1, 1, &none, &none, &out) == 1)
  }
}
