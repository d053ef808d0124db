/// A module's library that passed every check that is possible without loading it.
public struct ModuleFile: Sendable {
  /// As given by the caller; used in messages.
  public let path: String
  /// Absolute, without symbolic links; this is what gets loaded.
  public let realPath: String
  public let identity: FileIdentity
  /// Of the bytes that were checked; nil where no hash was asked for.
  public let sha256: String?
  public let manifest: ModuleManifest
  public let stamp: ABIStamp
  /// The libraries it was linked with.
  public let needed: [String]
}
