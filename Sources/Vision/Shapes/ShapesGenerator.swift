import PluginAPI

/// The embedded set `shapes`: colour drawings of ten kinds of figures, generated from a seed.
///
/// Each picture shows one large figure of its class, at random in place, size, direction, proportions and colours, over
/// a gradient, with smaller figures of other kinds, strokes across it and noise. Example i of a split has label i mod
/// 10. The bytes are the same on every machine: hashes of (seed, split, index), and arithmetic that is exactly rounded.
public enum ShapesGenerator {
  /// Generates both splits.
  ///
  /// - Parameters:
  ///   - train, test: pictures of each split, 0 or more; 0 test pictures make no test split.
  ///   - size: side of the pictures in pixels, 16...64.
  ///   - threads: how many threads draw; the result does not depend on it.
  /// - Throws: `BasinError` of kind `usage` for a value out of range.
  public static func generate(
    train: Int = 4000, test: Int = 1000, size: Int = 32, seed: UInt64 = 1, threads: Int = 2
  ) throws -> PictureSplits {
    guard (16...64).contains(size) else { throw BasinError.usage("shapes of size \(size): expected 16...64") }
    guard (1...1_000_000).contains(train), (0...1_000_000).contains(test) else {
      throw BasinError.usage("\(train) training and \(test) test shapes: expected 1...1000000 and 0...1000000")
    }
    func set(_ count: Int, split: UInt64) throws -> PictureSet {
      let stride = size * size * 3
      var pixels = [UInt8](repeating: 0, count: count * stride)
      try pixels.withUnsafeMutableBufferPointer { pixels in
        let pixels = ConcurrentSlots(pixels)
        try PictureDecoder.concurrently(count, threads: threads) { index in
          let target = UnsafeMutableBufferPointer(rebasing: pixels.buffer[(index * stride)..<((index + 1) * stride)])
          let kind = ShapeKind.allCases[index % ShapeKind.allCases.count]
          draw(kind, side: size, ShapeRandom(seed: seed, split: split, index: index), into: target)
        }
      }
      let labels = (0..<count).map { Int32($0 % ShapeKind.allCases.count) }
      return try PictureSet(
        pixels: pixels, labels: labels, classNames: ShapeKind.allCases.map(\.name), height: size, width: size,
        channels: 3)
    }
    return PictureSplits(train: try set(train, split: 0), test: test > 0 ? try set(test, split: 1) : nil)
  }

  /// Draws one picture, [side, side, 3].
  private static func draw(
    _ kind: ShapeKind, side: Int, _ source: ShapeRandom, into pixels: UnsafeMutableBufferPointer<UInt8>
  ) {
    var random = source
    let scale = Float(side)
    var canvas = ShapeCanvas(
      side: side, from: colour(0, 165, &random), to: colour(0, 165, &random), along: random.direction())

    for _ in 0..<random.below(3) { stroke(&canvas, &random, scale) }
    for _ in 0..<(1 + random.below(3)) { distractor(kind, &canvas, &random, scale) }

    let place = ShapeCanvas.Placement(
      center: Point(x: random.uniform(0.32, 0.68) * scale, y: random.uniform(0.32, 0.68) * scale),
      radius: random.uniform(0.23, 0.4) * scale, axis: random.tilt(0.4), stretch: random.uniform(0.8, 1.25))
    let fill = colour(brighterThan: canvas.colour(at: place.center), by: 50, &random)
    canvas.paint(kind, place, fill, opacity: random.uniform(0.75, 1))

    // What lies over the figure hides a part of it.
    if random.below(2) == 0 {
      stroke(&canvas, &random, scale)
    } else {
      distractor(kind, &canvas, &random, scale)
    }
    write(canvas, noise: random.uniform(8, 32), &random, into: pixels)
  }

  private static func stroke(_ canvas: inout ShapeCanvas, _ random: inout ShapeRandom, _ scale: Float) {
    canvas.paintStroke(
      Point(x: random.unit() * scale, y: random.unit() * scale), random.direction(),
      halfLength: random.uniform(0.1, 0.4) * scale, width: random.uniform(0.03, 0.08) * scale, colour(0, 255, &random))
  }

  /// A small figure of another kind.
  private static func distractor(
    _ kind: ShapeKind, _ canvas: inout ShapeCanvas, _ random: inout ShapeRandom, _ scale: Float
  ) {
    let others = ShapeKind.allCases.count - 1
    let other = ShapeKind(rawValue: (kind.rawValue + 1 + random.below(others)) % (others + 1)) ?? kind
    let place = ShapeCanvas.Placement(
      center: Point(x: random.unit() * scale, y: random.unit() * scale), radius: random.uniform(0.08, 0.17) * scale,
      axis: random.direction(), stretch: random.uniform(0.75, 1.3))
    canvas.paint(other, place, colour(0, 255, &random), opacity: 1)
  }

  private static func colour(_ low: Float, _ high: Float, _ random: inout ShapeRandom) -> Colour {
    Colour(red: random.uniform(low, high), green: random.uniform(low, high), blue: random.uniform(low, high))
  }

  /// A colour of which at least one channel lies over that of `other` by `contrast`: figures are lighter than what is
  /// behind.
  private static func colour(
    brighterThan other: Colour, by contrast: Float, _ random: inout ShapeRandom
  ) -> Colour {
    var result = colour(40, 255, &random)
    for _ in 0..<16 where result.contrast(over: other) < contrast { result = colour(40, 255, &random) }
    return result
  }

  /// Adds noise (the sum of two uniform numbers, at most `noise` to either side) and rounds to bytes.
  private static func write(
    _ canvas: ShapeCanvas, noise: Float, _ random: inout ShapeRandom, into pixels: UnsafeMutableBufferPointer<UInt8>
  ) {
    for (i, colour) in canvas.colours.enumerated() {
      for (c, value) in [colour.red, colour.green, colour.blue].enumerated() {
        let word = random.next()
        let both = Float(Int32(truncatingIfNeeded: (word >> 40) + (word & 0xff_ffff)) - (1 << 24)) * 0x1p-24
        pixels[3 * i + c] = UInt8(max(0, min(255, value + noise * both)) + 0.5)
      }
    }
  }
}
