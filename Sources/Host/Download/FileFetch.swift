import Foundation
import PluginAPI

/// Fetches one published file: from the first place that has it, going on where an earlier attempt ended, into place only when
/// its digest fits.
///
/// A place is left for the next when it has something else, sends nothing for a while, or fails; those that may work another
/// time are tried again after all others. Servers are not trusted: not in what they say of size, range or version, and no more
/// than the published number of bytes is taken.
public final class FileFetch {
  public enum Result: Hashable, Sendable {
    /// It was there, of the right digest (another process may have put it there just now).
    case present
    case fetched(from: String)
  }

  private let file: PublishedFile
  private let target: String
  private let options: FetchOptions
  private let progress: FetchProgress
  /// What is taken where no size is published.
  private static let largestUnknown = 1 << 30
  /// How often a connection may break on one place in one round while something still comes.
  private static let patience = 10

  /// - Parameter root: the data root.
  public init(_ file: PublishedFile, root: String, options: FetchOptions) {
    self.file = file
    target = root + "/" + file.path
    self.options = options
    progress = FetchProgress((file.path as NSString).lastPathComponent, total: file.bytes, quiet: options.quiet)
  }

  /// - Throws: `BasinError` that lists what each place did: of kind `badData` where one sent something else, `inputOutput` where
  ///   one may work another time, else `missingInput`; `cannotCreate` or `inputOutput` where the file cannot be written;
  ///   `Interrupted` when cancelled, with what came kept.
  public func run() throws -> Result {
    try AtomicFile.makeFolder((target as NSString).deletingLastPathComponent)
    let partial = try PartialFile(target + ".partial", isCancelled: options.isCancelled) {
      options.say("another process is fetching \(target); waiting for it")
    }
    var isDone = false
    defer {
      progress.clear()
      if !isDone, partial.length == 0 { partial.remove() }
    }
    if !options.force, FileManager.default.fileExists(atPath: target), try digest(of: target) == file.digest.hex {
      partial.remove()
      isDone = true
      return .present
    }
    let url = try fetch(into: partial)
    try partial.finish(as: target)
    isDone = true
    return .fetched(from: url)
  }

  private var urls: [String] {
    let path = file.path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? file.path
    return unique(options.mirrors.map { ($0.hasSuffix("/") ? $0 : $0 + "/") + path } + file.urls)
  }

  // MARK: Rounds

  /// - Returns: where the last of it came from.
  private func fetch(into partial: PartialFile) throws -> String {
    var problems: [String: FetchProblem] = [:]
    var left = urls
    for round in 1...max(1, options.rounds) {
      var again: [String] = []
      var pauses: [Double] = []
      for url in left {
        switch try fetch(from: url, into: partial) {
        case .whole: return url
        case .never(let kind, let text): problems[url] = FetchProblem(kind: kind, url: url, text: text)
        case .later(let seconds, let text):
          problems[url] = FetchProblem(kind: .trouble, url: url, text: text)
          guard (seconds ?? 0) <= FetchOptions.longestPause else { continue }
          pauses.append(seconds ?? options.pauseSeconds)
          again.append(url)
        }
      }
      left = again
      guard let pause = pauses.min(), round < options.rounds else { break }
      options.say("no place has \(file.path) just now; trying again")
      try wait(pause)
    }
    throw FetchProblem.error(urls.compactMap { problems[$0] }, path: target)
  }

  private func wait(_ seconds: Double) throws {
    let end = Clock.now() + seconds
    while Clock.now() < end {
      if options.isCancelled() { throw Interrupted(checkpoint: nil) }
      usleep(20_000)
    }
  }

  // MARK: One place

  private enum Outcome {
    case whole
    case never(FetchProblem.Kind, String)
    /// - Parameter seconds: what the server asks for.
    case later(seconds: Double?, String)
  }

  private func fetch(from url: String, into partial: PartialFile) throws -> Outcome {
    var isAfresh = false
    var cuts = 0
    while true {
      let before = isAfresh ? 0 : partial.length
      switch try request(url, into: partial, from: before) {
      case .ended(let outcome): return outcome
      case .startOver(let reason):
        // Once: a server that cannot send a part may still send the whole.
        guard !isAfresh, before > 0 else { return .never(.wrong, reason) }
        isAfresh = true
      case .cut(let hasProgress, let reason):
        if try isWhole(partial) { return .whole }
        cuts += 1
        guard hasProgress, cuts <= Self.patience else { return .later(seconds: nil, reason) }
        isAfresh = false
      case .complete:
        if try isWhole(partial) { return .whole }
        let found = try digest(of: partial.path)
        try partial.restart(nil)
        // The beginning may have been of another version or place.
        if before > 0 {
          isAfresh = true
          continue
        }
        return .never(
          .wrong, "sent another file: \(file.digest.name) \(found), published is \(file.digest.hex)")
      }
    }
  }

  private func isWhole(_ partial: PartialFile) throws -> Bool {
    guard partial.length > 0, file.bytes == nil || file.bytes == partial.length else { return false }
    return try digest(of: partial.path) == file.digest.hex
  }

  private func digest(of path: String) throws -> String {
    progress.begin(at: 0)
    return try FileDigest.hex(path, like: file.digest) { done in
      if options.isCancelled() { throw Interrupted(checkpoint: nil) }
      progress.update(done, "checking")
    }
  }

  // MARK: One request, through its redirects

  private enum Step {
    case ended(Outcome)
    /// The server does not go on where we ended, and says why.
    case startOver(String)
    case cut(hasProgress: Bool, String)
    /// All that the server has to send has come.
    case complete
  }

  private func request(_ place: String, into partial: PartialFile, from first: Int) throws -> Step {
    var url = place
    for _ in 0...Redirect.limit {
      let reception = FileReception(file, into: partial, from: first, place: place, limit: file.bytes ?? Self.largestUnknown, progress)
      let ending = try HTTPTransfer.get(
        url, from: first, ifRange: first > 0 && partial.origin?.url == place ? partial.origin?.validator : nil,
        stallSeconds: options.stallSeconds, isCancelled: options.isCancelled, head: reception.take(head:),
        body: reception.take(body:))
      if let failure = reception.failure { throw failure }
      if let refusal = reception.refusal {
        switch refusal {
        case .startOver(let reason): return .startOver(reason)
        case .never(let reason): return .ended(.never(.wrong, reason))
        }
      }
      if case .cancelled = ending { throw Interrupted(checkpoint: nil) }
      if let head = reception.head, !reception.isTaking {
        if Redirect.statuses.contains(head.status) {
          switch Redirect.target(of: head["location"], from: url) {
          case .follow(let next): url = next
          case .refuse(let reason): return .ended(.never(.absent, reason))
          }
          continue
        }
        return try answer(to: head, partial, first)
      }
      return step(after: ending, partial, hasProgress: reception.received > 0)
    }
    return .ended(.never(.absent, "redirects more than \(Redirect.limit) times"))
  }

  /// For a reply without the file.
  private func answer(to head: ReplyHead, _ partial: PartialFile, _ first: Int) throws -> Step {
    switch head.status {
    case 416 where first > 0:
      // There is nothing behind what is here: it is whole, or of another file.
      return .complete
    case 429, 500...599:
      let seconds = head.retryAfter()
      var text = "status \(head.status), the server cannot just now"
      if let seconds { text += "; it asks to wait \(Int(seconds.rounded(.up))) s" }
      return .ended(.later(seconds: seconds, text))
    case 401, 403, 407: return .ended(.never(.absent, "status \(head.status), not allowed"))
    case 404, 410: return .ended(.never(.absent, "status \(head.status), not there"))
    default: return .ended(.never(.absent, "status \(head.status)"))
    }
  }

  private func step(after ending: HTTPTransfer.Ending, _ partial: PartialFile, hasProgress: Bool) -> Step {
    let state = "after \(FetchProgress.size(partial.length))" + (file.bytes.map { " of \(FetchProgress.size($0))" } ?? "")
    switch ending {
    case .done:
      // Without a length and without chunks the end is just the end of the connection.
      if let bytes = file.bytes, partial.length < bytes { return .cut(hasProgress: hasProgress, "the connection ended \(state)") }
      return .complete
    case .cut(let reason): return .cut(hasProgress: hasProgress, "the connection broke \(state) (\(reason))")
    case .stalled:
      return .ended(.later(seconds: nil, "nothing came for \(options.stallSeconds) s, \(state)"))
    case .unreachable(let reason): return .ended(.later(seconds: nil, "no connection (\(reason))"))
    case .stopped: return .ended(.never(.wrong, "its reply is no HTTP that can be used"))
    case .failed(let reason): return .ended(.never(.trouble, reason))
    case .cancelled: return .cut(hasProgress: false, "cancelled")
    }
  }
}
