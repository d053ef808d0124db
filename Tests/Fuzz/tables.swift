// libFuzzer's entry for the readers of tables of numbers, compiled together with them: FUZZ_TU, FUZZ_OGB or FUZZ_ARCHIVE. Of the
// first two an input holds the files of a set, each behind a line `=NAME`; of the last it is an archive. Beside crashes, hangs and
// memory it looks for sets that do not fit together and errors that are not ones for users.
import Foundation
import PluginAPI

private let root = "/dev/shm/basin-fuzz-\(getpid())"

private func place(_ bytes: some Collection<UInt8>, _ name: String) {
  let path = root + "/" + name
  guard let file = fopen(path, "wb") else { fatalError("cannot write \(path)") }
  let all = Array(bytes)
  fwrite(all, 1, all.count, file)
  fclose(file)
}

/// The files of an input by their names, which are none but those known.
private func files(_ input: UnsafeBufferPointer<UInt8>, _ known: [String]) -> [String: [UInt8]] {
  var files: [String: [UInt8]] = [:]
  for part in Array(input).split(separator: UInt8(ascii: "=")) {
    guard let end = part.firstIndex(of: 10) else { continue }
    let name = String(decoding: part[..<end], as: UTF8.self)
    if known.contains(name) { files[name] = Array(part[(end + 1)...]) }
  }
  return files
}

#if FUZZ_TU
  extension MemberFiles {
    init(_ files: [String: [UInt8]]) {
      (path, isFolder) = ("set", true)
      members = files.map { Member(name: $0 + ".txt", bytes: $1) }.sorted { $0.name < $1.name }
    }
  }
#endif

private func check(_ files: MemberFiles) throws {
  let graphs = TUReader.isSet(files) ? try TUReader.read(files) : try FoldedGraphsReader.read(files).graphs
  do {
    try graphs.validate()
    try graphs.joiningBothEnds().validate()
  } catch { fatalError("\(error)") }
}

private func attempt(_ body: () throws -> Void) {
  do { try body() } catch let error as BasinError {
    guard error.kind != .internalError, !error.message.isEmpty, error.file != nil || error.kind == .usage else {
      fatalError("\(error)")
    }
  } catch { fatalError("not a BasinError: \(error)") }
}

private let isReady: Bool = {
  for folder in ["", "/raw", "/split", "/split/s"] { mkdir(root + folder, 0o700) }
  atexit { try? FileManager.default.removeItem(atPath: root) }
  return true
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  guard isReady else { return 0 }
  let input = UnsafeBufferPointer(start: data, count: size)
  #if FUZZ_TU
    let parts = [
      "A", "graph_indicator", "graph_labels", "graph_attributes", "node_labels", "node_attributes", "edge_labels",
      "edge_attributes",
    ].map { "S_" + $0 }
    attempt { try check(MemberFiles(files(input, parts + ["S", "train_idx-1", "test_idx-1"]))) }
  #elseif FUZZ_OGB
    let raw = ["num-node-list", "num-edge-list", "edge", "node-feat", "edge-feat", "edge-weight", "graph-label", "node-label"]
    let known = raw.map { "raw/" + $0 } + ["train", "valid", "test"].map { "split/s/" + $0 }
    let files = files(input, known)
    for name in known {
      if let bytes = files[name] { place(bytes, name + ".csv") } else { unlink("\(root)/\(name).csv") }
    }
    attempt {
      let set = try OGBReader(path: root)
      do { try set.graphs.validate() } catch { fatalError("\(error)") }
    }
  #else
    for name in ["set.zip", "set.tar.gz"] {
      place(input, name)
      attempt { try check(MemberFiles(root + "/" + name, where: TUReader.isText)) }
    }
  #endif
  return 0
}
