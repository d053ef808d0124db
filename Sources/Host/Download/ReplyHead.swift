import Foundation

/// What a server says before the body: the status and the fields that fetching asks about.
public struct ReplyHead: Sendable {
  public private(set) var status = 0
  /// By lower-case names; of a field that comes twice the first.
  private var fields: [String: String] = [:]

  public init() {}

  /// Takes a line of the head, its line end included.
  ///
  /// - Returns: whether the head is complete; then the final one: interim replies (1xx) are passed over.
  public mutating func take(line: String) -> Bool {
    let line = line.trimmingCharacters(in: .whitespacesAndNewlines)
    if line.isEmpty { return status >= 200 }
    if line.hasPrefix("HTTP/") {
      self = ReplyHead()
      status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    } else if let colon = line.firstIndex(of: ":") {
      let name = line[..<colon].lowercased()
      let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      if fields[name] == nil, fields.count < 100 { fields[name] = value }
    }
    return false
  }

  public subscript(name: String) -> String? { fields[name] }

  public var contentLength: Int? { self["content-length"].flatMap { Int($0) } }

  /// `bytes 100-199/200`; the total may be unknown (`*`).
  public var contentRange: (first: Int, last: Int, total: Int?)? {
    guard let text = self["content-range"], text.hasPrefix("bytes ") else { return nil }
    let parts = text.dropFirst(6).split(separator: "/")
    let ends = parts.first?.split(separator: "-").map { Int($0) } ?? []
    guard parts.count == 2, ends.count == 2, let first = ends[0], let last = ends[1], first >= 0, last >= first else { return nil }
    return (first, last, Int(parts[1]))
  }

  /// By what the server recognizes this version of the file in `If-Range`: a strong ETag, else the date. nil where it gives
  /// neither (a weak ETag does not promise the same bytes).
  public var validator: String? {
    if let tag = self["etag"], tag.hasPrefix("\""), tag.utf8.count <= 500 { return tag }
    return self["last-modified"].flatMap { $0.utf8.count <= 100 ? $0 : nil }
  }

  /// A page for people where a file was asked for: a login, a notice that all has moved.
  public var isWebPage: Bool { self["content-type"]?.lowercased().hasPrefix("text/html") ?? false }

  /// The encoding of the body, where it is not the file as it is.
  public var encoding: String? {
    guard let text = self["content-encoding"]?.lowercased(), !text.isEmpty, text != "identity" else { return nil }
    return text
  }

  /// Seconds until the server wants to be asked again.
  public func retryAfter(now: Date = Date()) -> Double? {
    guard let text = self["retry-after"] else { return nil }
    if let seconds = Double(text), seconds.isFinite { return max(0, seconds) }
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(secondsFromGMT: 0)
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
    return formatter.date(from: text).map { max(0, $0.timeIntervalSince(now)) }
  }
}
