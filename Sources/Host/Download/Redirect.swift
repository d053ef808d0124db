import Foundation

/// Where a reply that redirects leads, and whether one may follow.
public enum Redirect {
  public static let limit = 10
  public static let statuses: Set<Int> = [301, 302, 303, 307, 308]

  public enum Target: Hashable, Sendable {
    case follow(String)
    case refuse(String)
  }

  /// - Parameter location: as the server gives it, absolute or relative to `url`.
  public static func target(of location: String?, from url: String) -> Target {
    guard let location, let base = URL(string: url), let next = URL(string: location, relativeTo: base)?.absoluteURL,
      let scheme = next.scheme?.lowercased()
    else { return .refuse("redirects to nowhere") }
    guard ["http", "https"].contains(scheme) else { return .refuse("redirects to \(scheme)://, which is not fetched from") }
    if base.scheme?.lowercased() == "https", scheme == "http" {
      return .refuse("redirects from https to http (\(next.absoluteString)), which would take the protection away")
    }
    guard let host = next.host, !host.isEmpty else { return .refuse("redirects to nowhere") }
    return .follow(next.absoluteString)
  }
}
