/// From tokens back to text.
enum TokenizerDecoding {
  static func text(of tokens: [[UInt8]], by decoder: TokenizerDefinition.Decoder?) -> String {
    var bytes: [UInt8] = []
    switch decoder {
    case .byteLevel:
      // A token that is not written in the byte alphabet stands for itself.
      for token in tokens { bytes.append(contentsOf: ByteAlphabet.bytes(of: token) ?? token) }
    case .wordPiece(let prefix, let cleansUp):
      let prefix = Array(prefix.utf8)
      for (index, token) in tokens.enumerated() {
        var part = token
        if index > 0 { part = token.starts(with: prefix) ? Array(token.dropFirst(prefix.count)) : [0x20] + token }
        if cleansUp { clean(&part) }
        bytes.append(contentsOf: part)
      }
    case nil:
      for (index, token) in tokens.enumerated() {
        if index > 0 { bytes.append(0x20) }
        bytes.append(contentsOf: token)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static let replacements: [(from: [UInt8], to: [UInt8])] = [
    (" .", "."), (" ?", "?"), (" !", "!"), (" ,", ","), (" ' ", "'"), (" n't", "n't"), (" 'm", "'m"),
    (" do not", " don't"), (" 's", "'s"), (" 've", "'ve"), (" 're", "'re"),
  ].map { (Array($0.0.utf8), Array($0.1.utf8)) }

  private static func clean(_ part: inout [UInt8]) {
    for (from, to) in replacements where part.count >= from.count {
      var result: [UInt8] = []
      var index = 0
      var isChanged = false
      while index < part.count {
        if part[index...].starts(with: from) {
          result.append(contentsOf: to)
          index += from.count
          isChanged = true
        } else {
          result.append(part[index])
          index += 1
        }
      }
      if isChanged { part = result }
    }
  }
}
