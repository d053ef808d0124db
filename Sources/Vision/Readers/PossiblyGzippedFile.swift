import CZlib
import PluginAPI

/// A file that is read from front to back, unpacked on the way if it is a gzip file (by its content, not its name).
///
/// zlib checks length and checksum at the end of the gzip stream; a truncated stream is an error, never a short file.
final class PossiblyGzippedFile {
  let path: String
  private let handle: gzFile
  /// Bytes handed out so far, after unpacking.
  private(set) var offset = 0

  init(_ path: String) throws {
    guard DataRoot.isFile(path), let handle = gzopen(path, "rb") else {
      throw BasinError.missing("cannot open the file", file: path, advice: "Check the path and the permissions")
    }
    self.path = path
    self.handle = handle
    gzbuffer(handle, 1 << 18)
  }

  deinit { gzclose(handle) }

  /// Fills `buffer` as far as there is data.
  ///
  /// - Returns: the bytes read; fewer than the buffer holds only at the end of the file.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    var filled = 0
    while filled < buffer.count {
      let piece = UInt32(min(buffer.count - filled, 1 << 30))
      let got = gzread(handle, buffer.baseAddress?.advanced(by: filled), piece)
      if got > 0 {
        filled += Int(got)
        offset += Int(got)
      }
      if got < Int32(piece) {
        var status: Int32 = 0
        let text = gzerror(handle, &status).map { String(cString: $0) } ?? ""
        guard status == Z_OK else {
          throw BasinError(
            status == Z_ERRNO ? .inputOutput : .badData, "damaged or truncated gzip data (\(text))", file: path,
            place: "byte \(offset) of the unpacked data", advice: "Fetch the file again")
        }
        break
      }
    }
    return filled
  }

  /// Reads `count` bytes, or to the end if there are fewer.
  ///
  /// Memory grows with what the file really holds, not with `count`, which may come from a damaged header.
  func read(upTo count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let start = bytes.count
      let piece = min(count - start, max(1 << 20, start))
      bytes.append(contentsOf: repeatElement(0, count: piece))
      let got = try bytes.withUnsafeMutableBytes { buffer in
        try read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[start...]))
      }
      if got < piece {
        bytes.removeLast(piece - got)
        break
      }
    }
    return bytes
  }

  /// True if no byte is left.
  func isAtEnd() throws -> Bool { try read(upTo: 1).isEmpty }
}
