import Foundation
import PluginAPI
import Testing
import Vision

/// What Tests/Parity/make_augmentations.py writes: pictures and what torchvision makes of them.
struct AugmentationFixture: Decodable {
  struct Picture: Decodable {
    var height, width, channels: Int
    var bytes: Data
    var size: PictureSize { PictureSize(height: height, width: width) }
  }
  struct Operation: Decodable {
    var picture, kind: String
    var value: Double
    var bytes: Data
  }
  struct Resize: Decodable {
    var picture: String
    var box, size: [Int]
    var bytes: Data
  }
  struct Level: Decodable {
    var magnitude, height, width: Int
    var kind: String
    var isNegative: Bool
    var value: Double
  }

  var pictures: [String: Picture]
  var operations: [Operation]
  var resizes: [Resize]
  var levels: [Level]
  var jpegs: [String: Data]

  static let shared: AugmentationFixture? = {
    guard let data = FileManager.default.contents(atPath: ParityFixture.folder + "/augmentations.json") else { return nil }
    return try? JSONDecoder().decode(AugmentationFixture.self, from: data)
  }()
}

/// A JPEG with EXIF's orientation put into it.
func oriented(_ jpeg: [UInt8], _ orientation: Int) -> [UInt8] {
  let tiff: [UInt8] = Array("MM".utf8) + [0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(orientation), 0, 0, 0, 0, 0, 0]
  let marker = Array("Exif\0\0".utf8) + tiff
  return jpeg.prefix(2) + [0xff, 0xe1, 0, UInt8(marker.count + 2)] + marker + jpeg.dropFirst(2)
}
