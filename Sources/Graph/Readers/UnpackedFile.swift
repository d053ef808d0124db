import CZlib
import Foundation
import PluginAPI

/// A file that is read from front to back, unpacked on the way if it is a gzip file (by its content, not its name).
///
/// What it unpacks to is limited. zlib checks length and checksum at the end of the gzip stream: a truncated stream is an error, never a short file.
final class UnpackedFile {
  let path: String
  private let handle: gzFile
  private var limit: UnpackingLimit

  /// - Throws: ``BasinError`` of kind `.missingInput` or `.inputOutput`.
  init(_ path: String) throws(BasinError) {
    guard FileManager.default.fileExists(atPath: path) else {
      throw .missing("there is no such file", file: path, advice: "Check the path")
    }
    guard let handle = gzopen(path, "rb") else {
      throw BasinError(.inputOutput, "the file cannot be opened: \(String(cString: strerror(errno)))", file: path)
    }
    self.path = path
    self.handle = handle
    limit = UnpackingLimit(path)
    gzbuffer(handle, 1 << 17)
  }

  deinit { gzclose(handle) }

  /// Reads some bytes.
  ///
  /// - Returns: how many, 0 only at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(BasinError) -> Int {
    let got = gzread(handle, buffer.baseAddress, UInt32(min(buffer.count, 1 << 30)))
    if got > 0 {
      if gzdirect(handle) == 0 { try limit.spend(Int(got)) }
      return Int(got)
    }
    var status: Int32 = 0
    let text = gzerror(handle, &status).map { String(cString: $0) } ?? ""
    guard status == Z_OK else {
      throw BasinError(
        status == Z_ERRNO ? .inputOutput : .badData,
        status == Z_ERRNO
          ? "reading failed: \(String(cString: strerror(errno)))" : "damaged or truncated gzip data (\(text))",
        file: path, advice: "Fetch the file again")
    }
    return 0
  }
}
