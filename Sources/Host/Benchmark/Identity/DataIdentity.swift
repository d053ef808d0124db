import Foundation
import PluginAPI
import ResultStore

/// What the data of a run are known by: the hash of their files.
///
/// Which files those are only the data set knows, so that it is read once, in a process of its own, and what it told is kept
/// in the store with the files' sizes and times: while these stay, the hash does.
final class DataIdentity {
  enum Value: Hashable {
    case files(sha256: String)
    /// Made from options and a seed: there are no files.
    case generated
    /// It cannot be read; the run will say why.
    case absent

    var text: String {
      switch self {
      case .files(let sha256): sha256
      case .generated: "generated"
      case .absent: "absent"
      }
    }
  }

  private let program: String
  private let store: ResultStore
  private let scratch: String
  private var known: [String: Value] = [:]

  /// - Parameter scratch: a folder for what the processes write.
  init(program: String, store: ResultStore, scratch: String) {
    self.program = program
    self.store = store
    self.scratch = scratch
  }

  func value(_ request: RunRequest, _ configuration: RunConfiguration) throws -> Value {
    var options = configuration.section("dataset")
    // It divides the data; the files are the same.
    options["splitSeed"] = nil
    let key = try CanonicalJSON.sha256([
      "dataset": .string(configuration.dataset), "options": .object(options.mapValues { .string($0) }),
      "root": JSONValue(configuration.dataRoot), "plugins": JSONValue(configuration.plugins),
    ])
    if let value = known[key] { return value }
    let value = try stored(key) ?? ask(request, key, configuration.dataset)
    known[key] = value
    return value
  }

  private func stored(_ key: String) throws -> Value? {
    guard let entry = try store.data(key),
      let files = try? JSONDecoder().decode([FileFacts].self, from: Data(entry.files.utf8)),
      files.allSatisfy({ FileFacts($0.path) == $0 })
    else { return nil }
    return entry.sha256.map { .files(sha256: $0) } ?? .generated
  }

  private func ask(_ request: RunRequest, _ key: String, _ name: String) throws -> Value {
    let file = "\(scratch)/data-\(key.prefix(16)).json"
    defer { unlink(file) }
    let result = try ChildProcess.run(program, ["__identify", "--to", file] + request.arguments, timeout: .seconds(3600))
    guard result.ending == .exited(0), let answer = try? JSONValue.read(file) else { return .absent }
    let files = answer["files"]?.items.compactMap { item in item.text.flatMap { FileFacts($0) } } ?? []
    try store.record(
      StoredData(
        key: key, dataset: name, sha256: answer["sha256"]?.text,
        files: String(decoding: JSONEncoder().encode(files), as: UTF8.self)))
    return answer["sha256"]?.text.map { .files(sha256: $0) } ?? .generated
  }
}

/// By what a file is recognized without reading it.
struct FileFacts: Codable, Hashable {
  let path: String
  let size, modified, changed: Int64

  /// nil where there is no such file.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    self.path = path
    size = Int64(status.st_size)
    modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
    // A file put in another's place with its date kept has a new one of these.
    changed = Int64(status.st_ctim.tv_sec) * 1_000_000_000 + Int64(status.st_ctim.tv_nsec)
  }
}
