struct Colour {
  var red: Float
  var green: Float
  var blue: Float

  func mixed(with other: Colour, _ share: Float) -> Colour {
    Colour(
      red: red + (other.red - red) * share, green: green + (other.green - green) * share,
      blue: blue + (other.blue - blue) * share)
  }

  /// How far the brightest step of a channel is over `other`; negative if all are darker.
  func contrast(over other: Colour) -> Float {
    max(red - other.red, green - other.green, blue - other.blue)
  }
}

/// A square picture in floats, 0 to 255 a channel, on which figures are painted one over the other.
struct ShapeCanvas {
  let side: Int
  /// [side, side]
  private(set) var colours: [Colour]

  /// A background that changes from one colour to another along `direction`.
  init(side: Int, from first: Colour, to last: Colour, along direction: Point) {
    self.side = side
    colours = []
    colours.reserveCapacity(side * side)
    let half = Float(side) / 2
    for y in 0..<side {
      for x in 0..<side {
        let along = Point(x: Float(x) + 0.5 - half, y: Float(y) + 0.5 - half).dot(direction) / Float(side)
        colours.append(first.mixed(with: last, max(0, min(1, 0.5 + along))))
      }
    }
  }

  /// The colour near a point, which may lie outside.
  func colour(at point: Point) -> Colour {
    let x = max(0, min(side - 1, Int(point.x)))
    let y = max(0, min(side - 1, Int(point.y)))
    return colours[y * side + x]
  }

  /// A figure: where its centre is, its radius in pixels, the direction of its x axis and how much it is drawn out
  /// along it.
  struct Placement {
    var center: Point
    var radius: Float
    var axis: Point
    var stretch: Float
  }

  mutating func paint(_ kind: ShapeKind, _ place: Placement, _ colour: Colour, opacity: Float) {
    let reach = place.radius * 1.2 * max(place.stretch, 1) + 1
    let inverse = 1 / place.radius
    paint(place.center, reach, colour, opacity) { offset in
      let x = offset.dot(place.axis) / place.stretch
      let y = offset.y * place.axis.x - offset.x * place.axis.y
      return kind.distance(Point(x: x * inverse, y: y * inverse)) * place.radius
    }
  }

  /// A straight stroke with round ends, `halfLength` pixels to both sides of its centre.
  mutating func paintStroke(_ center: Point, _ axis: Point, halfLength: Float, width: Float, _ colour: Colour) {
    paint(center, halfLength + width + 1, colour, 1) { offset in
      let along = offset.dot(axis)
      return (offset - axis * max(-halfLength, min(halfLength, along))).length - width / 2
    }
  }

  /// Paints where `distance` (in pixels, from the offset to the centre) is below half a pixel, softly at the edge.
  private mutating func paint(
    _ center: Point, _ reach: Float, _ colour: Colour, _ opacity: Float, _ distance: (Point) -> Float
  ) {
    let columns = span(center.x, reach)
    for y in span(center.y, reach) {
      for x in columns {
        let offset = Point(x: Float(x) + 0.5, y: Float(y) + 0.5) - center
        let cover = max(0, min(1, 0.5 - distance(offset))) * opacity
        if cover > 0 { colours[y * side + x] = colours[y * side + x].mixed(with: colour, cover) }
      }
    }
  }

  private func span(_ middle: Float, _ reach: Float) -> Range<Int> {
    let first = max(0, min(side, Int(middle - reach)))
    return first..<max(first, min(side, Int(middle + reach) + 1))
  }
}
