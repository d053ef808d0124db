import CZlib
import Foundation
import PluginAPI
import Testing

/// A folder of its own for one test, removed at the end.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "basin-vision-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, and the folders above it; returns its path.
  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = path + "/" + name
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  @discardableResult
  func writeGzip(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = path + "/" + name
    let handle = try #require(gzopen(file, "wb"))
    #expect(gzwrite(handle, bytes, UInt32(bytes.count)) == Int32(bytes.count))
    #expect(gzclose(handle) == Z_OK)
    return file
  }
}

/// A tar file made by hand, so that what the reader is given does not come from the library that reads it.
struct TarBuilder {
  private(set) var bytes: [UInt8] = []

  mutating func add(_ name: String, _ content: [UInt8], type: Character = "0", link: String = "") {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at offset: Int) {
      for (i, byte) in text.utf8.enumerated() { header[offset + i] = byte }
    }
    func octal(_ value: Int, _ digits: Int) -> String {
      let text = String(value, radix: 8)
      return String(repeating: "0", count: digits - text.count) + text
    }
    put(name, at: 0)
    put(octal(0o644, 7), at: 100)
    put(octal(0, 7), at: 108)
    put(octal(0, 7), at: 116)
    put(octal(content.count, 11), at: 124)
    put(octal(0, 11), at: 136)
    put(String(type), at: 156)
    put(link, at: 157)
    put("ustar", at: 257)
    put("00", at: 263)
    put("        ", at: 148)
    put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\0 ", at: 148)
    bytes += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
  }

  /// With the end marker: two blocks of zeros.
  var finished: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}

/// A PNG of 8 bits a channel (1: grey, 3: colour, 4: colour and alpha), written without libpng.
func makePNG(height: Int, width: Int, channels: Int = 3, _ pixels: [UInt8]) -> [UInt8] {
  func big(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
  func chunk(_ type: String, _ body: [UInt8]) -> [UInt8] {
    let checked = Array(type.utf8) + body
    return big(body.count) + checked + big(Int(crc32(0, checked, UInt32(checked.count))))
  }
  var rows: [UInt8] = []
  for y in 0..<height { rows += [0] + pixels[(y * width * channels)..<((y + 1) * width * channels)] }
  var packed = [UInt8](repeating: 0, count: rows.count + 1024)
  var size = uLong(packed.count)
  compress(&packed, &size, rows, uLong(rows.count))
  let colourType: UInt8 = channels == 1 ? 0 : channels == 3 ? 2 : 6
  var file: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
  file += chunk("IHDR", big(width) + big(height) + [8, colourType, 0, 0, 0])
  file += chunk("IDAT", Array(packed[0..<Int(size)]))
  file += chunk("IEND", [])
  return file
}

/// Numbers without a pattern of their own, the same on every run.
func scrambledBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
  var state = seed
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt8(truncatingIfNeeded: state >> 33)
  }
}

/// The folder of real data sets beside the checkout, or nil.
let sharedData: String? = {
  let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
  let path = ProcessInfo.processInfo.environment["BASIN_TEST_DATA"] ?? "/\(root)/shared/data"
  return FileManager.default.fileExists(atPath: path + "/image") ? path : nil
}()

/// The error `body` throws: its kind and its text.
func basinError(_ body: () throws -> Void) throws -> BasinError {
  do {
    try body()
  } catch {
    return try #require(error as? BasinError, "not a BasinError: \(error)")
  }
  Issue.record("nothing was thrown")
  return BasinError(.internalError, "nothing was thrown")
}

extension Array where Element == UInt8 {
  /// The bytes of a file, or nil.
  init?(contentsOfFile path: String) {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    self.init(data)
  }
}
