import Foundation
import PluginAPI

/// A folder of a test's own, with the packed files that data sets come in; it goes away with the test.
final class DatasetTestFiles {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("basin-sets-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let url = URL(fileURLWithPath: path + "/" + name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    return url.path
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  /// A gzip file whose content is stored, not compressed.
  @discardableResult
  func writeGzip(_ name: String, _ text: String) throws -> String {
    let content = Array(text.utf8)
    var bytes: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    bytes += [1] + Self.little(content.count, 2) + Self.little(0xFFFF ^ content.count, 2) + content
    return try write(name, bytes + Self.little(Int(Self.crc(content)), 4) + Self.little(content.count, 4))
  }

  /// A zip file whose members are stored, not compressed.
  static func zip(_ members: [(name: String, text: String)]) -> [UInt8] {
    var (bytes, directory): ([UInt8], [UInt8]) = ([], [])
    for member in members {
      let (name, content) = (Array(member.name.utf8), Array(member.text.utf8))
      let common =
        little(20, 2) + little(0, 8) + little(Int(crc(content)), 4) + little(content.count, 4)
        + little(content.count, 4) + little(name.count, 2) + little(0, 2)
      directory += little(0x0201_4B50, 4) + little(20, 2) + common + little(0, 2) + little(0, 2) + little(0, 2)
      directory += little(0o100644 << 16, 4) + little(bytes.count, 4) + name
      bytes += little(0x0403_4B50, 4) + common + name + content
    }
    let end =
      little(0x0605_4B50, 4) + little(0, 4) + little(members.count, 2) + little(members.count, 2)
      + little(directory.count, 4) + little(bytes.count, 4) + little(0, 2)
    return bytes + directory + end
  }

  /// A zip file of one member that unpacks to zeros or the like: `text`, then a byte `count` times.
  static func zipBomb(_ name: String, _ text: String, repeating byte: UInt8, count: Int) throws -> [UInt8] {
    // gzip packs; a header of ten bytes and a trailer of eight go, what is between is what zip has too.
    let make = Process()
    make.executableURL = URL(fileURLWithPath: "/bin/bash")
    make.arguments = [
      "-c", "{ printf '%s' \"$0\"; head -c \(count) /dev/zero | tr '\\0' '\\\(String(byte, radix: 8))'; } | gzip -n -6", text,
    ]
    let output = Pipe()
    make.standardOutput = output
    try make.run()
    let packed = [UInt8](output.fileHandleForReading.readDataToEndOfFile())
    make.waitUntilExit()
    let (content, name) = (packed[10..<(packed.count - 8)], Array(name.utf8))
    let common =
      little(20, 2) + little(0, 2) + little(8, 2) + little(0, 4) + packed.suffix(8).prefix(4) + little(content.count, 4)
      + packed.suffix(4) + little(name.count, 2) + little(0, 2)
    let directory =
      little(0x0201_4B50, 4) + little(20, 2) + common + little(0, 6) + little(0o100644 << 16, 4) + little(0, 4) + name
    let local = little(0x0403_4B50, 4) + common + name + content
    return local + directory + little(0x0605_4B50, 4) + little(0, 4) + little(1, 2) + little(1, 2)
      + little(directory.count, 4) + little(local.count, 4) + little(0, 2)
  }

  private static func little(_ value: Int, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  private static func crc(_ bytes: [UInt8]) -> UInt32 {
    var crc = UInt32.max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? (crc >> 1) ^ 0xEDB8_8320 : crc >> 1 }
    }
    return ~crc
  }

  /// The options of a data set.
  static func options<O: Options>(_ settings: [String: String]) throws -> O { try O(settings: settings, of: "set") }
}
