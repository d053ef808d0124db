/// Text from outside, such as a plug-in's names, made safe for where it stands.
enum EscapedText {
  /// For HTML, between tags or in a quoted attribute.
  static func html(_ text: String) -> String {
    var needs = false
    for byte in text.utf8
    where byte < 0x20 || byte == 0x26 || byte == 0x3C || byte == 0x3E || byte == 0x22 || byte == 0x27 || byte >= 0x7F {
      needs = true
      break
    }
    guard needs else { return text }
    var result = ""
    result.reserveCapacity(text.utf8.count + 16)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: append(scalar, to: &result)
      }
    }
    return result
  }

  /// For a line of Markdown, in a table too: what could be markup is taken literally.
  static func markdown(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "|", "*", "_", "`", "[", "]", "\\", "#", "~", "!": result += "\\" + String(scalar)
      case "\n", "\r", "\t": result += " "
      default: append(scalar, to: &result)
      }
    }
    return result
  }

  /// A field of CSV (RFC 4180).
  static func csv(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }) else { return text }
    return "\"" + text.replacing("\"", with: "\"\"") + "\""
  }

  /// Control characters are no text, and those that turn the direction of writing would reorder what stands around.
  private static func append(_ scalar: Unicode.Scalar, to result: inout String) {
    switch scalar.value {
    case 0x09, 0x0A: result.unicodeScalars.append(scalar)
    case 0..<0x20, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069, 0xFFFE, 0xFFFF: result.unicodeScalars.append("\u{FFFD}")
    default: result.unicodeScalars.append(scalar)
    }
  }
}
