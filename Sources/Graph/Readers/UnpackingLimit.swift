import Foundation
import PluginAPI

/// What packed files may unpack to: graph files and tables shrink ten or twenty times, hardly a hundred times.
struct UnpackingLimit {
  private let path: String
  private var left: Int

  /// - Parameter least: bytes beside a hundred times the file's size.
  init(_ path: String, least: Int = 256 << 20) {
    self.path = path
    left = least
    grow(by: path)
  }

  mutating func grow(by file: String) {
    let attributes = try? FileManager.default.attributesOfItem(atPath: file)
    let size = (attributes?[.size] as? NSNumber)?.intValue ?? 0
    left += min(size, 1 << 40) * 100
  }

  /// Counts unpacked bytes.
  mutating func spend(_ count: Int, member: String? = nil) throws(BasinError) {
    left -= count
    guard left >= 0 else {
      throw .badData(
        "unpacks to more than a hundred times its size", file: path, place: member.map { "member \($0)" },
        advice: "This is no data set; if it is, unpack it and give what is in it")
    }
  }
}
