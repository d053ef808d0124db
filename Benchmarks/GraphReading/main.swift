// Reads a graph file and tells time and memory: what the benchmark of graph files and the tests of hostile ones run.
//
//   graph-reading FILE            one JSON line: {"format", "graphs", "nodes", "edges", "nodeAttributes", "edgeAttributes",
//                                 "graphAttributes", "classes", "warnings", "seconds", "arrayBytes", "baselineBytes", "peakBytes"}, or {"error", "kind", "seconds", "baselineBytes", "peakBytes"}; FILE may be /dev/stdin
//   graph-reading FILE --serve    the protocol of server.py: a step reads the file
//   graph-reading FILE --convert TARGET
//
// `seconds` is processor time, `peakBytes` the process's largest resident size, `baselineBytes` its size before
// reading, and
// `arrayBytes` what the graph's arrays hold.
import Foundation
import Graph
import PluginAPI

struct Outcome: Encodable {
  var error: String?
  var kind: Int32?
  var format: String?
  var graphs: Int?
  var nodes: Int?
  var edges: Int?
  var nodeAttributes: [String]?
  var edgeAttributes: [String]?
  var graphAttributes: [String]?
  var classes: Int?
  var warnings: [String]?
  var arrayBytes: Int?
  var seconds = 0.0
  var baselineBytes = 0
  var peakBytes = 0
}

struct Times: Encodable {
  var name = "Basin"
  var steps: Int
  var milliseconds: [Double]
}

/// A line of /proc/self/status, in bytes.
func status(_ name: String) -> Int {
  guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8) else { return 0 }
  let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
  return (line?.split(whereSeparator: { " \t".contains($0) }).dropFirst().first.flatMap { Int($0) } ?? 0) * 1024
}

func write(_ value: some Encodable) {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  guard let data = try? encoder.encode(value) else { return }
  FileHandle.standardOutput.write(data + Data("\n".utf8))
}

func readOnce(_ path: String) -> Outcome {
  var outcome = Outcome()
  outcome.baselineBytes = status("VmRSS")
  let start = clock()
  do throws(BasinError) {
    let collection = try GraphConversion.read(path: path)
    outcome.format = collection.format?.rawValue
    (outcome.graphs, outcome.nodes, outcome.edges) = (collection.graphCount, collection.nodeCount, collection.edgeCount)
    outcome.arrayBytes = collection.byteCount
    outcome.nodeAttributes = collection.nodeAttributes.map { "\($0.name): \($0.typeName)" }
    outcome.edgeAttributes = collection.edgeAttributes.map { "\($0.name): \($0.typeName)" }
    outcome.graphAttributes = collection.graphAttributes.map { "\($0.name): \($0.typeName)" }
    outcome.classes = collection.classNames.count
    outcome.warnings = collection.warnings.map(\.message)
  } catch {
    (outcome.error, outcome.kind) = (error.description, error.kind.exitStatus)
  }
  outcome.seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
  outcome.peakBytes = status("VmHWM")
  return outcome
}

func serve(_ path: String) throws(BasinError) {
  while let line = readLine() {
    let words = line.split(separator: " ")
    if words == ["quit"] { return }
    guard words.count == 2, words[0] == "run", let count = Int(words[1]), count > 0 else {
      write(Outcome(error: "expected 'run N' or 'quit'"))
      continue
    }
    var times = Times(steps: count, milliseconds: [])
    for _ in 0..<count {
      let start = ContinuousClock.now
      let graph = try GraphFileReader.read(path: path)
      let elapsed = (ContinuousClock.now - start).components
      times.milliseconds.append(Double(elapsed.seconds) * 1e3 + Double(elapsed.attoseconds) * 1e-15)
      withExtendedLifetime(graph) {}
    }
    write(times)
  }
}

let arguments = Array(CommandLine.arguments.dropFirst())
let isConverting = arguments.count == 3 && arguments[1] == "--convert"
guard let path = arguments.first,
  arguments.count == 1 || isConverting || arguments.dropFirst().elementsEqual(["--serve"])
else {
  FileHandle.standardError.write(Data("usage: graph-reading FILE [--serve|--convert TARGET]\n".utf8))
  exit(64)
}
if arguments.count == 1 {
  let outcome = readOnce(path)
  write(outcome)
  exit(outcome.kind ?? 0)
}
do throws(BasinError) {
  if isConverting { _ = try GraphConversion.convert(from: path, to: arguments[2]) } else { try serve(path) }
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(error.kind.exitStatus)
}
