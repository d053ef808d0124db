/// Which module it was, for the record of a result: name, version, where it was found and the hash of its library.
public struct ModuleRecord: Codable, Hashable, Sendable {
  public let name: String
  /// As the module states it; empty where it states none.
  public let version: String
  /// `bundled`, `installed`, `environment` or `option`.
  public let origin: String
  /// Absolute, without symbolic links.
  public let path: String
  /// Of the library, lower-case hexadecimal digits; nil where it was not asked for.
  public let sha256: String?

  init(_ file: ModuleFile, origin: ModuleSearch.Origin) {
    name = file.manifest.name
    version = file.manifest.version
    self.origin = origin.word
    path = file.realPath
    sha256 = file.sha256
  }

  var json: JSONValue {
    [
      "name": .string(name), "version": .string(version), "origin": .string(origin), "path": .string(path),
      "sha256": JSONValue(sha256),
    ]
  }
}
