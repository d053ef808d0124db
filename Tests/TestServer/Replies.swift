import Foundation

/// Replies that tests put together.
extension TestServer.Action {
  /// A status line and fields.
  public static func head(_ status: Int, _ fields: [String: String] = [:]) -> TestServer.Action {
    let lines = ["HTTP/1.1 \(status) Some Reason", "Connection: close"] + fields.map { "\($0): \($1)" }.sorted()
    return .send(Data((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
  }
}

extension [TestServer.Action] {
  /// A head and a whole body with its length.
  public static func reply(_ status: Int, _ fields: [String: String] = [:], _ body: Data = Data()) -> Self {
    [.head(status, fields.merging(["Content-Length": "\(body.count)"]) { old, _ in old }), .send(body)]
  }

  /// As a good server sends a file: the part that was asked for, unless it is another version by now.
  ///
  /// - Parameter cutAt: the connection breaks before this byte of the file.
  public static func file(
    _ data: Data, to request: TestServer.Request, etag: String? = nil, cutAt: Int? = nil
  ) -> Self {
    var fields: [String: String] = ["Accept-Ranges": "bytes"]
    fields["ETag"] = etag
    let isSame = request.fields["if-range"] == nil || request.fields["if-range"] == etag
    let first = isSame ? request.rangeStart ?? 0 : 0
    guard first == 0 || first < data.count else { return .reply(416, ["Content-Range": "bytes */\(data.count)"]) }
    if first > 0 { fields["Content-Range"] = "bytes \(first)-\(data.count - 1)/\(data.count)" }
    fields["Content-Length"] = "\(data.count - first)"
    let end = Swift.max(first, Swift.min(cutAt ?? data.count, data.count))
    return [.head(first > 0 ? 206 : 200, fields), .send(data[(data.startIndex + first)..<(data.startIndex + end)])]
  }
}
