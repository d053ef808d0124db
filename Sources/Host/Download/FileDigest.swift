import CCrypto
import Foundation
import PluginAPI

/// The digest of a file.
enum FileDigest {
  /// - Parameters:
  ///   - step: called with the number of bytes read so far; may throw to stop.
  /// - Returns: lower-case hexadecimal digits.
  /// - Throws: `BasinError` where the file cannot be read.
  static func hex(_ path: String, like digest: PublishedFile.Digest, _ step: (Int) throws -> Void = { _ in }) throws -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw BasinErrors.missingFile(path) }
    defer { close(file) }
    let context = EVP_MD_CTX_new()
    defer { EVP_MD_CTX_free(context) }
    EVP_DigestInit_ex(context, digest.isSHA256 ? EVP_sha256() : EVP_md5(), nil)
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    var done = 0
    while true {
      let count = read(file, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else {
        throw BasinError(.inputOutput, "cannot be read (\(String(cString: strerror(errno))))", file: path)
      }
      if count == 0 { break }
      EVP_DigestUpdate(context, buffer, count)
      done += count
      try step(done)
    }
    var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    EVP_DigestFinal_ex(context, &bytes, &length)
    return bytes.prefix(Int(length)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

extension PublishedFile.Digest {
  var isSHA256: Bool { if case .sha256 = self { true } else { false } }

  var name: String { isSHA256 ? "SHA-256" : "MD5" }

  var hex: String {
    switch self {
    case .sha256(let hex), .md5(let hex): hex
    }
  }
}
