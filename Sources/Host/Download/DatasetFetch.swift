import Foundation
import PluginAPI

/// Fetches the files of one published data set into a data root.
public struct DatasetFetch {
  /// How a file is found.
  public enum State: Hashable, Sendable {
    case absent
    case present
    /// The archive is here, its members are not yet taken out of it.
    case packed
    /// Something else is there: a file that is not the published one, or of which that cannot be told.
    case different(path: String, String)
  }

  public struct Item: Hashable, Sendable {
    public let file: PublishedFile
    /// nil: it was there.
    public let source: String?

    /// What is there now, relative to the data root.
    public var paths: [String] { file.members?.map(\.path) ?? [file.path] }
  }

  private let name: String
  private let publication: Publication
  private let root: String
  private let options: FetchOptions

  /// - Throws: `BasinError` for a registration that cannot be meant, such as a path that leaves the data root.
  public init(_ name: String, _ publication: Publication, root: String, options: FetchOptions) throws {
    self.name = name
    self.publication = publication
    self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    self.options = options
    try publication.check(name)
  }

  /// Fetches what is not there; see ``FileFetch`` for what is thrown.
  public func run() throws -> [Item] {
    let states = try publication.files.map(state)
    if !options.force {
      let others = states.compactMap { if case .different(let path, let text) = $0 { (path, text) } else { nil } }
      if let (path, text) = others.first {
        let more = others.count > 1 ? " (and \(others.count - 1) other files)" : ""
        throw BasinError(.cannotCreate, text + more, file: path, advice: "Add --force to replace it, or choose another --data-root")
      }
    }
    try checkSpace(states)
    return try zip(publication.files, states).map { file, state in
      if state == .present, !options.force { return Item(file: file, source: nil) }
      return Item(file: file, source: try file.members == nil ? fetch(file) : fetchAndUnpack(file))
    }
  }

  /// - Returns: where it came from; nil: it was there.
  private func fetch(_ file: PublishedFile) throws -> String? {
    if case .fetched(let url) = try FileFetch(file, root: root, options: options).run() { return url }
    return nil
  }

  private func fetchAndUnpack(_ file: PublishedFile) throws -> String? {
    // Another process would find neither the archive nor all members while this one is between the two.
    let lock = try FolderLock(
      ((root + "/" + file.path) as NSString).deletingLastPathComponent, isCancelled: options.isCancelled
    ) { options.say("another process is fetching \(file.path); waiting for it") }
    defer { withExtendedLifetime(lock) {} }
    if !options.force, try state(file) == .present { return nil }
    let source = try fetch(file)
    try members(of: file)?.unpack(isCancelled: options.isCancelled)
    return source ?? "what was here"
  }

  /// Compares digests, so it reads what is there.
  func state(_ file: PublishedFile) throws -> State {
    let path = root + "/" + file.path
    let isThere = FileManager.default.fileExists(atPath: path)
    if let members = members(of: file) {
      if isThere, try FileDigest.hex(path, like: file.digest) == file.digest.hex { return .packed }
      guard let record = members.record else {
        return members.pathsThere.first.map { .different(path: root + "/" + $0, "is there, and was not put there by this command") }
          ?? .absent
      }
      for path in members.pathsThere where try FileDigest.hex(root + "/" + path, like: .sha256("")) != record.files[path] {
        return .different(path: root + "/" + path, "was changed since it was fetched")
      }
      return members.pathsThere.count == members.members.count ? .present : .absent
    }
    guard isThere else { return .absent }
    let digest = try FileDigest.hex(path, like: file.digest)
    guard digest != file.digest.hex else { return .present }
    return .different(
      path: path, "is there and is not the published file (\(file.digest.name) \(digest), published is \(file.digest.hex))")
  }

  /// Whether a file seems to be there, by name and size alone.
  static func seemsPresent(_ file: PublishedFile, root: String) -> Bool {
    if let list = file.members {
      let members = ArchiveMembers(file: file, members: list, root: root)
      return members.record != nil && members.pathsThere.count == list.count
    }
    let size = (try? FileManager.default.attributesOfItem(atPath: root + "/" + file.path))?[.size] as? Int
    return size != nil && (file.bytes == nil || file.bytes == size)
  }

  private func members(of file: PublishedFile) -> ArchiveMembers? {
    file.members.map { ArchiveMembers(file: file, members: $0, root: root) }
  }

  /// - Throws: `BasinError` of kind `inputOutput` where the disk has no room for what is to come.
  private func checkSpace(_ states: [State]) throws {
    var needed = 0
    for (file, state) in zip(publication.files, states) where state != .present || options.force {
      let path = root + "/" + file.path
      let here = (try? FileManager.default.attributesOfItem(atPath: path + ".partial"))?[.size] as? Int
      let bytes = file.bytes ?? 0
      // An archive and what comes out of it are there together for a moment.
      needed += max(0, (state == .packed ? 0 : bytes) - (here ?? 0)) + (file.members == nil ? 0 : bytes)
    }
    var folder = URL(fileURLWithPath: root).path
    while !FileManager.default.fileExists(atPath: folder), folder != "/" { folder = (folder as NSString).deletingLastPathComponent }
    var space = statvfs()
    guard statvfs(folder, &space) == 0 else { return }
    let (free, overflow) = Int(clamping: space.f_bavail).multipliedReportingOverflow(by: Int(clamping: space.f_frsize))
    guard !overflow, free < needed else { return }
    throw BasinError(
      .inputOutput, "\(name) needs \(FetchProgress.size(needed)), and there are \(FetchProgress.size(free)) free", file: root,
      advice: "Free some space, or choose another --data-root")
  }
}

extension Publication {
  /// - Throws: `BasinError` of kind `badData`; a module's author made a mistake.
  func check(_ name: String) throws {
    func refuse(_ message: String) -> BasinError {
      .badData("the publication registered for data set \(name) \(message)", advice: "This is for the author of its module to mend")
    }
    guard !files.isEmpty else { throw refuse("has no files") }
    for file in files {
      for path in [file.path] + (file.members ?? []).map(\.path) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !path.isEmpty, !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }),
          path.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else { throw refuse("has '\(path)', which is no path below the data root") }
      }
      guard file.digest.hex.utf8.count == (file.digest.isSHA256 ? 64 : 32),
        file.digest.hex.utf8.allSatisfy({ 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 })
      else { throw refuse("has no \(file.digest.name) of \(file.path) in lower-case digits") }
      guard file.bytes.map({ $0 > 0 }) ?? true else { throw refuse("has \(file.bytes ?? 0) bytes for \(file.path)") }
      guard file.urls.allSatisfy({ $0.hasPrefix("https://") || $0.hasPrefix("http://") }) else {
        throw refuse("has places for \(file.path) that are not http or https")
      }
    }
  }
}
