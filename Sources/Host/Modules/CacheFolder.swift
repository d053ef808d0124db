import Foundation

/// `$BASIN_CACHE`, else `${XDG_CACHE_HOME:-~/.cache}/basin`.
public enum CacheFolder {
  public static var path: String {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment["BASIN_CACHE"], !path.isEmpty { return path }
    if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") { return cache + "/basin" }
    return (environment["HOME"] ?? NSHomeDirectory()) + "/.cache/basin"
  }
}
