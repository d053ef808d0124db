import Foundation
import PluginAPI

/// Reads folders of the Open Graph Benchmark (Hu et al. 2020) as its own loader unpacks them: gzipped csv files without headers.
///
/// - `raw/edge.csv.gz` (two node numbers a line, counted within the graph), `raw/num-node-list.csv.gz` and
///   `raw/num-edge-list.csv.gz` (a line a graph); optionally `raw/node-feat.csv.gz`, `raw/edge-feat.csv.gz`,
///   `raw/edge-weight.csv.gz`.
/// - `raw/graph-label.csv.gz` or `raw/node-label.csv.gz`: the targets, a line a graph or a node. `nan` and empty fields are
///   targets nobody knows.
/// - `split/SCHEME/train.csv.gz`, `valid.csv.gz`, `test.csv.gz`: numbers of graphs or nodes, from 0.
///
/// Files may also lie there unpacked, as `.csv`.
public struct OGBReader {
  /// Graphs without features or targets: edges and edge attributes alone (`attribute.0`, ..., `weight`).
  public private(set) var graphs: GraphCollection
  /// What a line of the targets is about.
  public let level: GraphBatch.Level
  /// `[N, F]`; no column where the set has no features.
  let features: NumberTable<Float>
  /// `[G or N, outputs]`, NaN where unknown.
  let targets: NumberTable<Double>
  /// Numbers of graphs or nodes as published, in rising order; empty without a split.
  public private(set) var splits: [Split: [Int]] = [:]
  /// The split that was read.
  public let scheme: String?
  public private(set) var files: [String] = []

  /// - Parameters:
  ///   - path: the folder of the set.
  ///   - scheme: the folder under `split`; nil: the only one.
  /// - Throws: ``BasinError`` naming file and line.
  public init(path: String, scheme wanted: String? = nil) throws(BasinError) {
    let folder = Folder(path)
    let counts = try folder.required("raw/num-node-list")
    let nodes = try counts.integers(columns: 1).values
    let edgeCountLines = try folder.required("raw/num-edge-list")
    let edgeCounts = try edgeCountLines.integers(columns: 1).values
    guard nodes.count == edgeCounts.count else {
      throw edgeCountLines.failure(
        row: min(nodes.count, edgeCounts.count), "\(edgeCounts.count) lines, but there are \(nodes.count) graphs")
    }
    graphs = GraphCollection(file: path)
    graphs.nodePointers = try Self.pointers(nodes, counts, "nodes")
    graphs.edgePointers = try Self.pointers(edgeCounts, edgeCountLines, "edges")
    let (nodeCount, edgeCount) = (graphs.nodeCount, graphs.edgePointers.last ?? 0)
    try Self.readEdges(folder.required("raw/edge"), into: &graphs)
    // A number alone reserves no memory: nodes without edges are believed up to a limit.
    guard nodeCount <= (1 << 24) + 2 * edgeCount else {
      throw counts.failure(row: 0, "\(nodeCount) nodes, but only \(edgeCount) edges")
    }

    func table(_ part: String, rows: Int, of what: String) throws(BasinError) -> NumberTable<Float>? {
      guard let lines = try folder.lines(part) else { return nil }
      let table = try lines.floats()
      guard table.rows == rows else {
        throw lines.failure(row: min(table.rows, rows), "\(table.rows) lines, but there are \(rows) \(what)")
      }
      return table
    }
    features = try table("raw/node-feat", rows: nodeCount, of: "nodes") ?? NumberTable()
    for (part, name) in [("edge-weight", "weight"), ("edge-feat", "attribute")] {
      guard let table = try table("raw/\(part)", rows: edgeCount, of: "edges") else { continue }
      graphs.edgeAttributes += (0..<table.columns).map { column in
        AttributeColumn(
          name: name == "weight" && table.columns == 1 ? name : "\(name).\(column)",
          reals: table.column(column).map { Double($0) })
      }
    }

    let graphTargets = try folder.lines("raw/graph-label")
    let nodeTargets = graphTargets == nil ? try folder.lines("raw/node-label") : nil
    guard let lines = graphTargets ?? nodeTargets else {
      throw .missing(
        "there are no targets: looked for raw/graph-label.csv.gz and raw/node-label.csv.gz", file: path,
        advice: "Give the folder of a set of the Open Graph Benchmark")
    }
    level = graphTargets != nil ? .graph : .node
    let items = graphTargets != nil ? graphs.graphCount : nodeCount
    let what = graphTargets != nil ? "graphs" : "nodes"
    targets = try lines.reals(allowingMissing: true)
    guard targets.rows == items else {
      throw lines.failure(row: min(targets.rows, items), "\(targets.rows) lines, but there are \(items) \(what)")
    }

    scheme = try folder.scheme(wanted)
    if let scheme {
      for (split, name) in [(Split.train, "train"), (.validation, "valid"), (.test, "test")] {
        splits[split] = try Self.numbers(folder.required("split/\(scheme)/\(name)"), below: items, what)
      }
      try checkSplits()
    }
    files = folder.read
  }

  /// Whether the targets of a folder are of graphs; nothing is read.
  static func hasGraphTargets(_ path: String) -> Bool { Folder.file(path, "raw/graph-label") != nil }

  private static func pointers(_ counts: [Int64], _ lines: NumberLines, _ what: String) throws(BasinError) -> [Int] {
    var pointers = [0]
    for (graph, count) in counts.enumerated() {
      let (sum, overflow) = (pointers.last ?? 0).addingReportingOverflow(Int(count))
      guard count >= 0, !overflow, sum <= Int(Int32.max) else { throw lines.failure(row: graph, "\(count) \(what)") }
      pointers.append(sum)
    }
    return pointers
  }

  private static func readEdges(_ lines: NumberLines, into graphs: inout GraphCollection) throws(BasinError) {
    let ends = try lines.integers(columns: 2).values
    let (edges, expected) = (ends.count / 2, graphs.edgePointers.last ?? 0)
    guard edges == expected else {
      throw lines.failure(row: min(edges, expected), "\(edges) lines, but the graphs have \(expected) edges")
    }
    graphs.sources.reserveCapacity(edges)
    graphs.targets.reserveCapacity(edges)
    for graph in 0..<graphs.graphCount {
      let (first, last) = (Int64(graphs.nodePointers[graph]), Int64(graphs.nodePointers[graph + 1]))
      for edge in graphs.edgePointers[graph]..<graphs.edgePointers[graph + 1] {
        let (source, target) = (ends[2 * edge], ends[2 * edge + 1])
        guard source >= 0, source < last - first, target >= 0, target < last - first else {
          throw lines.failure(
            row: edge, "an edge from node \(source) to \(target), but graph \(graph) has \(last - first) nodes")
        }
        graphs.sources.append(Int32(truncatingIfNeeded: first + source))
        graphs.targets.append(Int32(truncatingIfNeeded: first + target))
      }
    }
  }

  private static func numbers(_ lines: NumberLines, below limit: Int, _ what: String) throws(BasinError) -> [Int] {
    let numbers = try lines.integers(columns: 1).values
    for (row, number) in numbers.enumerated() where number < 0 || number >= Int64(limit) {
      throw lines.failure(row: row, "number \(number), but there are \(limit) \(what)")
    }
    return numbers.map { Int($0) }.sorted()
  }

  private func checkSplits() throws(BasinError) {
    let all = splits.values.joined().sorted()
    guard let twice = zip(all, all.dropFirst()).first(where: ==) else { return }
    throw .badData(
      "number \(twice.0) is in two parts of the split, or twice in one", file: graphs.file,
      place: scheme.map { "split/\($0)" }, advice: "Fetch the set again")
  }

  /// Finds the files.
  private final class Folder {
    let path: String
    private(set) var read: [String] = []

    init(_ path: String) { self.path = path }

    static func file(_ path: String, _ part: String) -> String? {
      ["\(path)/\(part).csv.gz", "\(path)/\(part).csv"].first(where: FileManager.default.fileExists)
    }

    func lines(_ part: String) throws(BasinError) -> NumberLines? {
      guard let file = Self.file(path, part) else { return nil }
      read.append(file)
      return NumberLines(try UnpackedFile(file).readWhole(), file: file)
    }

    func required(_ part: String) throws(BasinError) -> NumberLines {
      if let lines = try lines(part) { return lines }
      throw .missing(
        "there is no \(part).csv.gz in it", file: path, advice: "Give the folder of a set of the Open Graph Benchmark")
    }

    func scheme(_ wanted: String?) throws(BasinError) -> String? {
      let schemes = ((try? FileManager.default.contentsOfDirectory(atPath: path + "/split")) ?? []).sorted().filter {
        name in
        ["csv.gz", "csv"].contains { FileManager.default.fileExists(atPath: "\(path)/split/\(name)/train.\($0)") }
      }
      if let wanted {
        guard schemes.contains(wanted) else { throw BasinError.unknown("split", wanted, among: schemes) }
        return wanted
      }
      guard schemes.count < 2 else {
        throw .usage(
          "\(path) has several splits: \(schemes.joined(separator: ", "))",
          advice: "Choose one by --set dataset.split=NAME")
      }
      return schemes.first
    }
  }
}

extension UnpackedFile {
  /// All that is left; memory grows with what the file really holds.
  func readWhole() throws(BasinError) -> [UInt8] {
    var bytes: [UInt8] = []
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 17, alignment: 16)
    defer { piece.deallocate() }
    while case let count = try read(into: piece), count > 0 {
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: piece[..<count]))
    }
    return bytes
  }
}
