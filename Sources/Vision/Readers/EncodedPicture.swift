import Foundation
import PluginAPI

/// A JPEG or PNG picture that is not decoded yet.
struct EncodedPicture: Sendable {
  /// The folder or archive it comes from.
  var source: String
  /// Relative to the folder or inside the archive.
  var path: String
  /// nil: read it from the folder when it is needed.
  var bytes: [UInt8]?

  /// The side of pictures where sizes are mixed and none is asked for.
  static let defaultSide = 32

  private func content() throws -> [UInt8] {
    if let bytes { return bytes }
    let file = source + "/" + path
    guard let data = FileManager.default.contents(atPath: file) else {
      throw BasinError(.inputOutput, "cannot read the picture", file: file, advice: "Check the permissions")
    }
    return [UInt8](data)
  }

  /// The size of all pictures, or 32x32 where they differ.
  static func commonSize(_ pictures: [EncodedPicture], threads: Int) throws -> PictureSize {
    var sizes = [PictureSize](repeating: PictureSize(height: 0, width: 0), count: pictures.count)
    try sizes.withUnsafeMutableBufferPointer { sizes in
      let sizes = ConcurrentSlots(sizes)
      try PictureDecoder.concurrently(pictures.count, threads: threads) { index in
        let picture = pictures[index]
        sizes.buffer[index] = try PictureDecoder.size(of: picture.content(), file: picture.source, place: picture.path)
      }
    }
    let mixed = PictureSize(height: defaultSide, width: defaultSide)
    guard let first = sizes.first else { return mixed }
    return sizes.allSatisfy { $0 == first } ? first : mixed
  }

  /// All pictures as RGB of one size, [count, height, width, 3].
  static func decode(_ pictures: [EncodedPicture], to size: PictureSize, threads: Int) throws -> [UInt8] {
    let stride = size.height * size.width * 3
    let (total, overflow) = stride.multipliedReportingOverflow(by: pictures.count)
    guard !overflow, total <= 1 << 35 else {
      throw BasinError.usage(
        "\(pictures.count) pictures of \(size) do not fit into memory", advice: "Ask for a smaller picture size")
    }
    var pixels = [UInt8](repeating: 0, count: total)
    try pixels.withUnsafeMutableBufferPointer { pixels in
      let pixels = ConcurrentSlots(pixels)
      try PictureDecoder.concurrently(pictures.count, threads: threads) { index in
        let picture = pictures[index]
        let decoded = try PictureDecoder.decode(picture.content(), to: size, file: picture.source, place: picture.path)
        _ = UnsafeMutableBufferPointer(rebasing: pixels.buffer[(index * stride)..<((index + 1) * stride)])
          .update(from: decoded.pixels)
      }
    }
    return pixels
  }
}
