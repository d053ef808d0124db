extension Raster {
  /// A picture of bytes, row by row, channels last: 1 (grey) or 3 (red, green, blue).
  struct Picture: Equatable {
    let width, height, channels: Int
    let pixels: ArraySlice<UInt8>
  }

  /// Lays a picture over what is there, each of its pixels `magnification` wide and high. What lies outside is cut off.
  mutating func paste(_ picture: Picture, x: Int, y: Int, magnification: Int) {
    let channels = picture.channels, first = picture.pixels.startIndex
    for row in 0..<picture.height * magnification where 0..<height ~= y + row {
      for column in 0..<picture.width * magnification where 0..<width ~= x + column {
        let source = first + ((row / magnification) * picture.width + column / magnification) * channels
        let target = ((y + row) * width + x + column) * 3
        for channel in 0..<3 { pixels[target + channel] = picture.pixels[source + (channels == 3 ? channel : 0)] }
      }
    }
  }
}
