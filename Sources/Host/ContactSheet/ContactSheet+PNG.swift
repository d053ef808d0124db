import Foundation
import PluginAPI

extension ContactSheet {
  private static let gap = 10, seam = 2, captionHeight = 18, titleHeight = 26
  /// Small pictures are magnified until their longer side has about so many pixels.
  private static let wantedSide = 96
  private static let largestSide = 20_000

  /// The sheet as a PNG file.
  ///
  /// - Throws: `BasinError` of kind usage where it would become too large.
  public func png() throws -> Data {
    guard let picture = cells.first?.pictures.first else { throw BasinError.internalError("a sheet of no pictures") }
    let magnification = max(1, Self.wantedSide / max(picture.width, picture.height))
    let width = picture.width * magnification, height = picture.height * magnification
    let perCell = cells.first?.pictures.count ?? 1
    let cellWidth = perCell * width + (perCell - 1) * Self.seam
    let rows = (cells.count + columns - 1) / columns
    let (across, down) = (cellWidth + Self.gap, height + Self.captionHeight + Self.gap)
    let size = (width: columns * across + Self.gap, height: rows * down + Self.gap + Self.titleHeight)
    guard size.width <= Self.largestSide, size.height <= Self.largestSide, size.width * size.height <= 1 << 27 else {
      throw BasinError.usage("a sheet of \(size.width) times \(size.height) pixels is too large", advice: "Give a smaller --sheet-size")
    }
    var drawing = Drawing(width: Double(size.width), height: Double(size.height))
    func text(_ text: String, _ x: Int, _ y: Int, size: Double, room: Int) {
      drawing.text(Self.shortened(text, size: size, room: Double(room)), Double(x), Double(y), size: size)
    }
    text(title, Self.gap, Self.titleHeight - 8, size: 13, room: size.width - 2 * Self.gap)
    func corner(_ index: Int) -> (x: Int, y: Int) {
      (Self.gap + index % columns * across, Self.titleHeight + index / columns * down)
    }
    for (index, cell) in cells.enumerated() {
      let (x, y) = corner(index)
      text(cell.caption, x, y + height + 13, size: 11, room: cellWidth)
    }
    var raster = Raster(drawing, scale: 1)
    for (index, cell) in cells.enumerated() {
      let (x, y) = corner(index)
      for (number, picture) in cell.pictures.enumerated() {
        raster.paste(picture, x: x + number * (width + Self.seam), y: y, magnification: magnification)
      }
    }
    return try raster.png()
  }

  /// As much of a text as there is room for.
  static func shortened(_ text: String, size: Double, room: Double) -> String {
    var shown = text
    while StrokeFont.width(shown, size: size) > room, !shown.isEmpty {
      shown = String(shown.dropLast(shown.hasSuffix("..") ? 3 : 1)) + ".."
      if shown == ".." { return "" }
    }
    return shown
  }
}
