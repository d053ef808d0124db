import Dispatch
import PluginAPI
import VisionKernels

/// Height and width in pixels.
public struct PictureSize: Equatable, Sendable, CustomStringConvertible {
  public var height: Int
  public var width: Int

  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  public var description: String { "\(height)x\(width)" }
}

/// Decodes JPEG (libjpeg-turbo) and PNG (libpng) pictures to RGB.
public enum PictureDecoder {
  /// A header may state any size; pictures over 64 megapixels are refused before memory is taken for them.
  public static let largestArea = 1 << 26

  /// Height and width as the header states them.
  ///
  /// - Parameters:
  ///   - file, place: where the bytes come from, for the error.
  /// - Throws: `BasinError` of kind `badData` if the bytes are no JPEG or PNG picture.
  public static func size(of bytes: [UInt8], file: String?, place: String? = nil) throws -> PictureSize {
    var height: Int32 = 0
    var width: Int32 = 0
    try check(file, place) { vision_picture_size(bytes, bytes.count, &height, &width, $0) }
    let size = PictureSize(height: Int(height), width: Int(width))
    guard size.height > 0, size.width > 0, size.height.multipliedReportingOverflow(by: size.width).1 == false,
      size.height * size.width <= largestArea
    else {
      throw BasinError.badData(
        "a picture of \(size) pixels: the largest area is \(largestArea)", file: file, place: place,
        advice: "Leave it out or scale it down")
    }
    return size
  }

  /// Decodes one picture into [height, width, 3] and brings it to `size` by scaling so that it covers it and cutting
  /// out the middle; a picture that has this size already is passed through unchanged.
  public static func decode(
    _ bytes: [UInt8], to size: PictureSize? = nil, file: String?, place: String? = nil
  ) throws -> (pixels: [UInt8], size: PictureSize) {
    let found = try self.size(of: bytes, file: file, place: place)
    let wanted = size ?? found
    var pixels = [UInt8](repeating: 0, count: found.height * found.width * 3)
    try check(file, place) {
      vision_decode_picture(bytes, bytes.count, Int32(found.height), Int32(found.width), &pixels, $0)
    }
    guard wanted != found else { return (pixels, found) }
    var scaled = [UInt8](repeating: 0, count: wanted.height * wanted.width * 3)
    let status = vision_resize_cover(
      pixels, Int32(found.height), Int32(found.width), 3, &scaled, Int32(wanted.height), Int32(wanted.width))
    guard status == 0 else {
      throw BasinError.internalError("cannot scale a picture of \(found) to \(wanted): not enough memory")
    }
    return (scaled, wanted)
  }

  /// Calls `body` for each index on up to `threads` threads, each with a run of neighbouring indices.
  ///
  /// - Throws: the error of the lowest index that failed, whatever the threads' order was.
  static func concurrently(_ count: Int, threads: Int, _ body: @Sendable (Int) throws -> Void) throws {
    let workers = max(1, min(threads, count))
    var failures = [(any Error)?](repeating: nil, count: workers)
    failures.withUnsafeMutableBufferPointer { failures in
      let slots = ConcurrentSlots(failures)
      DispatchQueue.concurrentPerform(iterations: workers) { worker in
        do {
          for index in (count * worker / workers)..<(count * (worker + 1) / workers) { try body(index) }
        } catch {
          slots.buffer[worker] = error
        }
      }
    }
    if let failure = failures.lazy.compactMap({ $0 }).first { throw failure }
  }

  static func check(
    _ file: String?, _ place: String?, _ call: (UnsafeMutablePointer<CChar>?) -> Int32
  ) throws {
    var message = [CChar](repeating: 0, count: Int(VISION_MESSAGE_CAPACITY))
    guard call(&message) != 0 else { return }
    let text = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    throw BasinError.badData(
      "damaged picture: \(text)", file: file, place: place, advice: "Replace or remove the picture")
  }
}

/// A buffer of which every thread writes elements of its own, so that sharing it is safe.
struct ConcurrentSlots<Element>: @unchecked Sendable {
  let buffer: UnsafeMutableBufferPointer<Element>

  init(_ buffer: UnsafeMutableBufferPointer<Element>) { self.buffer = buffer }
}
