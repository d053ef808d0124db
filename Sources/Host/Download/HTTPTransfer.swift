import CFetch
import PluginAPI

/// One GET request, by libcurl. Redirects are the caller's.
final class HTTPTransfer {
  enum Ending {
    case done, stopped, cancelled, stalled
    /// The connection broke.
    case cut(String)
    case unreachable(String)
    case failed(String)
  }

  private let head: (ReplyHead) -> Bool
  private let body: (UnsafeRawBufferPointer) -> Bool
  private let isCancelled: () -> Bool
  private var reply = ReplyHead()
  private var headBytes = 0
  private var isHeadComplete = false

  private init(
    head: @escaping (ReplyHead) -> Bool, body: @escaping (UnsafeRawBufferPointer) -> Bool, isCancelled: @escaping () -> Bool
  ) {
    self.head = head
    self.body = body
    self.isCancelled = isCancelled
  }

  /// - Parameters:
  ///   - first: the first byte wanted.
  ///   - ifRange: with `first`: send the rest only if the file is still this version.
  ///   - head: called once, when the head is complete; false stops.
  ///   - body: called with the bytes as they come, not decoded; false stops.
  /// - Throws: `BasinError` where there is no libcurl.
  static func get(
    _ url: String, from first: Int = 0, ifRange: String? = nil, stallSeconds: Double, isCancelled: @escaping () -> Bool,
    head: @escaping (ReplyHead) -> Bool, body: @escaping (UnsafeRawBufferPointer) -> Bool
  ) throws -> Ending {
    let transfer = HTTPTransfer(head: head, body: body, isCancelled: isCancelled)
    var reason = [CChar](repeating: 0, count: 512)
    let agent = "basin/\(RunSummary.version)"
    let code = url.withCString { url in
      agent.withCString { agent in
        withOptionalCString(ifRange) { ifRange in
          var request = FetchRequest()
          request.url = url
          request.first_byte = Int64(first)
          request.if_range = ifRange
          request.stall_seconds = stallSeconds
          request.user_agent = agent
          request.context = Unmanaged.passUnretained(transfer).toOpaque()
          request.head = { context, line, length in
            HTTPTransfer.at(context).takeHead(line, length) ? 0 : 1
          }
          request.body = { context, bytes, count in
            HTTPTransfer.at(context).body(UnsafeRawBufferPointer(start: bytes, count: count)) ? 0 : 1
          }
          request.is_cancelled = { HTTPTransfer.at($0).isCancelled() ? 1 : 0 }
          return withExtendedLifetime(transfer) { fetch_get(&request, &reason, reason.count) }
        }
      }
    }
    let text = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    switch code {
    case FETCH_DONE: return .done
    case FETCH_CUT: return .cut(text)
    case FETCH_STALLED: return .stalled
    case FETCH_UNREACHABLE: return .unreachable(text)
    case FETCH_STOPPED: return .stopped
    case FETCH_CANCELLED: return .cancelled
    case FETCH_NO_LIBRARY:
      throw BasinError.missing("libcurl, by which files are fetched, is not there", advice: "Install the package libcurl4")
    case FETCH_UNTRUSTED:
      return .failed("its certificate is not accepted (\(text))")
    default: return .failed(text)
    }
  }

  private static func at(_ context: UnsafeMutableRawPointer?) -> HTTPTransfer {
    // Not nil: the request above sets it.
    Unmanaged<HTTPTransfer>.fromOpaque(context.unsafelyUnwrapped).takeUnretainedValue()
  }

  private func takeHead(_ line: UnsafePointer<CChar>?, _ length: Int) -> Bool {
    // What comes behind the body (trailers) says nothing about it.
    guard !isHeadComplete else { return true }
    headBytes += length
    guard headBytes < 1 << 18 else { return false }
    let text = String(decoding: UnsafeRawBufferPointer(start: line, count: length), as: UTF8.self)
    guard reply.take(line: text) else { return true }
    isHeadComplete = true
    return head(reply)
  }
}

private func withOptionalCString<R>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> R) -> R {
  guard let text else { return body(nil) }
  return text.withCString { body($0) }
}
