/// A paragraph with links, written for HTML and for Markdown.
public struct ReportText: Sendable, Hashable {
  public enum Part: Sendable, Hashable {
    case plain(String)
    case strong(String)
    /// To a place in the report.
    case link(String, anchor: String)
  }

  public private(set) var parts: [Part] = []

  init(_ text: String = "") { if !text.isEmpty { parts.append(.plain(text)) } }

  mutating func add(_ text: String) { parts.append(.plain(text)) }
  mutating func strong(_ text: String) { parts.append(.strong(text)) }
  mutating func link(_ text: String, _ anchor: String) { parts.append(.link(text, anchor: anchor)) }

  /// Items with commas and `and` between.
  mutating func list<T>(_ items: [T], separator: String = ", ", last: String = " and ", _ write: (T, inout ReportText) -> Void) {
    for (index, item) in items.enumerated() {
      if index > 0 { add(index == items.count - 1 ? last : separator) }
      write(item, &self)
    }
  }

  /// Without links.
  public var plain: String {
    parts.map { part in
      switch part {
      case .plain(let text), .strong(let text), .link(let text, _): text
      }
    }.joined()
  }

  var html: String {
    parts.map { part in
      switch part {
      case .plain(let text): EscapedText.html(text)
      case .strong(let text): "<strong>\(EscapedText.html(text))</strong>"
      case .link(let text, let anchor): "<a href=\"#\(anchor)\">\(EscapedText.html(text))</a>"
      }
    }.joined()
  }

  var markdown: String {
    parts.map { part in
      switch part {
      case .plain(let text), .link(let text, _): EscapedText.markdown(text)
      case .strong(let text): "**\(EscapedText.markdown(text))**"
      }
    }.joined()
  }
}
