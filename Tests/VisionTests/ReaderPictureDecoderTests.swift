import PluginAPI
import Testing
import Vision
import VisionKernels

@Suite struct ReaderPictureDecoderTests {
  private func near(_ found: ArraySlice<UInt8>, _ expected: [Int], within tolerance: Int = 4) -> Bool {
    zip(found, expected).allSatisfy { abs(Int($0) - $1) <= tolerance }
  }

  @Test func jpegInColour() throws {
    let (pixels, size) = try PictureDecoder.decode(TestJPEG.colour, file: nil)
    #expect(size == PictureSize(height: 8, width: 16))
    for y in 0..<8 {
      #expect(near(pixels[(y * 48)..<(y * 48 + 3)], [200, 100, 50]))
      #expect(near(pixels[(y * 48 + 45)..<(y * 48 + 48)], [20, 40, 220]))
    }
  }

  @Test func greyAndInkBecomeRGB() throws {
    let grey = try PictureDecoder.decode(TestJPEG.grey, file: nil)
    #expect(grey.pixels.count == 192 && grey.pixels.allSatisfy { abs(Int($0) - 77) <= 1 })
    // 55 * 204 / 255 = 44, 155 * 0.8 = 124, 205 * 0.8 = 164.
    let inks = try PictureDecoder.decode(TestJPEG.inks, file: nil)
    #expect(near(inks.pixels[0..<3], [44, 124, 164], within: 3))
    let greyPNG = try PictureDecoder.decode(makePNG(height: 1, width: 2, channels: 1, [5, 200]), file: nil)
    #expect(greyPNG.pixels == [5, 5, 5, 200, 200, 200])
  }

  @Test func alphaIsDropped() throws {
    let png = makePNG(height: 1, width: 2, channels: 4, [10, 20, 30, 0, 40, 50, 60, 128])
    #expect(try PictureDecoder.decode(png, file: nil).pixels == [10, 20, 30, 40, 50, 60])
  }

  @Test func resizingCoversAndCutsTheMiddle() throws {
    // 2x4 to 2x2: nothing is scaled, the middle columns stay.
    let source: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8]
    var out = [UInt8](repeating: 0, count: 4)
    #expect(vision_resize_cover(source, 2, 4, 1, &out, 2, 2) == 0)
    #expect(out == [2, 3, 6, 7])
    // 4x4 to 2x2, a triangle filter of support 2 around 1.0 and 3.0.
    let columns: [UInt8] = Array(repeating: [0, 70, 140, 210], count: 4).flatMap { $0 }
    #expect(vision_resize_cover(columns, 4, 4, 1, &out, 2, 2) == 0)
    // Distances from 1.0: 0.5, 0.5, 1.5, 2.5: weights 0.75, 0.75, 0.25: (52.5 + 35) / 1.75 = 50; mirrored 160.
    #expect(out == [50, 160, 50, 160])
    #expect(vision_resize_cover(columns, 4, 4, 1, &out, 0, 2) == 1)
  }

  @Test(arguments: [1, 3, 4, 7, 32, 100]) func aConstantStaysAConstant(_ side: Int) throws {
    let source = [UInt8](repeating: 201, count: 17 * 29 * 3)
    var out = [UInt8](repeating: 0, count: side * side * 3)
    #expect(vision_resize_cover(source, 17, 29, 3, &out, Int32(side), Int32(side)) == 0)
    #expect(out.allSatisfy { $0 == 201 })
  }

  @Test func setsAreChecked() throws {
    #expect(throws: BasinError.self) {
      try PictureSet(pixels: [0], labels: [0], classNames: ["a"], height: .max, width: 2, channels: 3)
    }
    #expect(throws: BasinError.self) {
      try PictureSet(pixels: [0, 0], labels: [0], classNames: ["a"], height: 1, width: 1, channels: 1)
    }
    #expect(throws: BasinError.self) {
      try PictureSet(pixels: [0], labels: [-1], classNames: ["a"], height: 1, width: 1, channels: 1)
    }
  }
}
