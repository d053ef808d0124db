import CCrypto

/// A hash of a file's bytes, by which a probed plug-in is recognized.
public struct ContentHash: Sendable {
  /// Lower-case hexadecimal digits.
  public var digest: @Sendable (UnsafeRawBufferPointer) -> String

  public init(_ digest: @escaping @Sendable (UnsafeRawBufferPointer) -> String) { self.digest = digest }

  public func digest(of bytes: [UInt8]) -> String { bytes.withUnsafeBytes { digest($0) } }

  public static let sha256 = ContentHash { bytes in
    let hash = SHA256Stream()
    hash.update(bytes)
    return hash.finish()
  }
}

/// SHA-256 of bytes that come in pieces.
final class SHA256Stream {
  private let context = EVP_MD_CTX_new()

  init() { EVP_DigestInit_ex(context, EVP_sha256(), nil) }
  deinit { EVP_MD_CTX_free(context) }

  func update(_ bytes: UnsafeRawBufferPointer) { EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) }

  /// The digest as 64 lower-case hexadecimal digits.
  func finish() -> String {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    EVP_DigestFinal_ex(context, &digest, &length)
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.prefix(Int(length)).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
