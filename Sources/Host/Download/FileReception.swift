import PluginAPI

/// Takes the reply to one request into a partial file, as far as it is what was asked for.
final class FileReception {
  enum Refusal {
    /// A part was asked for and something else came: ask for the whole.
    case startOver(String)
    case never(String)
  }

  private(set) var head: ReplyHead?
  /// Whether the body is the file, or a part of it.
  private(set) var isTaking = false
  private(set) var refusal: Refusal?
  /// What the file is from, before the first byte of a whole one.
  private var beginning: PartialFile.Origin?
  /// The partial file cannot be written.
  private(set) var failure: (any Error)?
  /// Bytes of the file that came.
  private(set) var received = 0

  private let file: PublishedFile
  private let partial: PartialFile
  private let first: Int
  private let place: String
  private let limit: Int
  private let progress: FetchProgress

  /// - Parameters:
  ///   - first: the first byte that was asked for.
  ///   - place: what was asked at first, before any redirect.
  ///   - limit: how large the file may become.
  init(_ file: PublishedFile, into partial: PartialFile, from first: Int, place: String, limit: Int, _ progress: FetchProgress) {
    self.file = file
    self.partial = partial
    self.first = first
    self.place = place
    self.limit = limit
    self.progress = progress
  }

  func take(head: ReplyHead) -> Bool {
    self.head = head
    guard head.status == 200 || head.status == 206 else {
      // Of a redirect or an error page the body is of no interest.
      return true
    }
    refusal = check(head)
    guard refusal == nil else { return false }
    isTaking = true
    // What is here is thrown away only when something comes in its place.
    if head.status == 200 { beginning = PartialFile.Origin(url: place, validator: head.validator) }
    progress.begin(at: head.status == 200 ? 0 : partial.length)
    return true
  }

  func take(body: UnsafeRawBufferPointer) -> Bool {
    guard isTaking else { return false }
    do {
      if let origin = beginning { try partial.restart(origin) }
      beginning = nil
    } catch {
      failure = error
      return false
    }
    guard body.count <= limit - partial.length else {
      refusal = .never("sends more than the \(limit) bytes \(file.bytes == nil ? "that are taken" : "of the published file")")
      // What came is no beginning of the published file, or this server cannot be told from one that sends for ever.
      do { try partial.restart(nil) } catch { failure = error }
      return false
    }
    do { try partial.append(body) } catch {
      failure = error
      return false
    }
    received += body.count
    progress.update(partial.length)
    return true
  }

  private func check(_ head: ReplyHead) -> Refusal? {
    if head.isWebPage { return .never("sent a web page (text/html) instead of the file") }
    let encoding = head.encoding.map { ", encoded with \($0) though it was asked not to" } ?? ""
    if head.status == 200 {
      if let bytes = file.bytes, let length = head.contentLength, length != bytes {
        return .never("says the file has \(length) bytes\(encoding), the published one has \(bytes)")
      }
      return nil
    }
    guard first > 0 else { return .never("sent a part (status 206) though all was asked for") }
    guard let range = head.contentRange, range.first == first else {
      return .startOver("sent another part than the one asked for (Content-Range: \(head["content-range"] ?? "none"))")
    }
    if let bytes = file.bytes, let total = range.total, total != bytes {
      return .startOver("says the file has \(total) bytes, the published one has \(bytes)")
    }
    if !encoding.isEmpty { return .startOver("sent a part\(encoding)") }
    if let origin = partial.origin, origin.url == place, let old = origin.validator, let new = head.validator, old != new {
      return .startOver("the file changed on the server")
    }
    return nil
  }
}
