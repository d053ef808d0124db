import Foundation
import PluginAPI

/// What can be told of a module's library without loading it into this process.
struct PluginDescription {
  let path: String
  /// nil where the library was not found by a search but named by its file.
  let origin: ModuleSearch.Origin?
  /// nil where it has none.
  let manifest: ModuleManifest?
  /// The stamps it refers to, as far as they can be read; a module has one.
  let stamps: [String]
  /// The libraries it is linked with.
  let needed: [String]
  let sha256: String?
  /// Why this program cannot use it; nil: it can.
  let problem: BasinError?

  /// - Parameters:
  ///   - modules: what can be found, for what it requires.
  ///   - probe: tries it in a child process; nil: it is not tried.
  ///   - hashing: whether the hash is wanted.
  init(
    _ path: String, origin: ModuleSearch.Origin?, among modules: [ModuleSearch.Found], host: ABIStamp, probe: ModuleProbe?,
    hashing: Bool
  ) throws {
    self.path = path
    self.origin = origin
    let snapshot = try FileSnapshot(reading: path)
    if case .manifest(let found) = ManifestScan.find(in: snapshot.bytes) { manifest = found } else { manifest = nil }
    let library = try? ELFFile(snapshot)
    stamps = (try? library?.symbols(withPrefix: ABIStamp.prefix).map(\.name)) ?? []
    needed = library?.needed ?? []
    sha256 = hashing || probe != nil ? ContentHash.sha256.digest(of: snapshot.bytes) : nil
    var problem: BasinError?
    do {
      let file = try ModuleCheck.inspect(snapshot, host: host, hash: probe == nil ? nil : .sha256)
      let required = try Catalog.required(by: file.manifest, at: path, among: modules)
      try probe?.check(file, host: host, after: required.map(\.path))
    } catch let error as BasinError { problem = error }
    self.problem = problem
  }

  func json() throws -> JSONValue {
    [
      "name": JSONValue(manifest?.name), "path": .string(path), "origin": JSONValue(origin?.word),
      "manifest": try manifest.map { try JSONValue(encoding: $0) } ?? .null, "stamp": JSONValue(stamps.first),
      "needed": JSONValue(needed), "sha256": JSONValue(sha256), "compatible": .bool(problem == nil),
      "reason": JSONValue(problem.map { "\($0)" }),
    ]
  }

  /// Lines for a person.
  func text() -> String {
    var rows: [[String]] = []
    func add(_ key: String, _ value: String?) { if let value, !value.isEmpty { rows.append([key, value]) } }
    add("name", manifest?.name ?? "no manifest")
    add("version", manifest?.version)
    add("summary", manifest?.summary)
    add("domain", manifest?.domain)
    add("file", path)
    add("found", origin?.description ?? "by its path")
    for (kind, names) in manifest?.offered ?? [] { add(kind, names.joined(separator: ", ")) }
    add("requires", manifest?.requires.joined(separator: ", "))
    add("stamp", stamps.first ?? "none")
    add("sha256", sha256)
    add("usable", problem.map { "no: \($0)" } ?? "yes")
    return Terminal.table(rows, indent: "")
  }
}

extension ModuleManifest {
  /// What it says it offers, by kind.
  var offered: [(kind: String, names: [String])] {
    [
      ("models", models), ("data sets", datasets), ("formats", formats), ("methods", methods), ("optimizers", optimizers),
      ("schedules", schedules), ("averaging", averagings), ("experiments", experiments),
    ]
  }
}
