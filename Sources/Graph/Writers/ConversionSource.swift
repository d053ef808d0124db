import Foundation
import PluginAPI

/// What can be converted, as a collection of graphs.
extension GraphConversion {
  /// Reads whatever is at a path: graph files, folders, archives and listings of them, sets of the TU collection, folders of the
  /// Open Graph Benchmark and of Planetoid.
  public static func read(path: String) throws(BasinError) -> GraphCollection {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    if names.contains("raw"), ["num-node-list.csv.gz", "num-node-list.csv"].contains(where: {
      FileManager.default.fileExists(atPath: "\(path)/raw/\($0)")
    }) {
      return try readOGB(path)
    }
    let sets = names.filter { $0.hasPrefix("ind.") && $0.hasSuffix(".graph") }.map {
      String($0.dropFirst(4).dropLast(6))
    }
    guard sets.count < 2 else {
      throw .usage(
        "\(path) holds the data sets \(sets.sorted().joined(separator: ", "))", advice: "Give a folder of one")
    }
    if let name = sets.first { return try readPlanetoid(name, root: path) }
    return try isText(path) ? readTU(path) : GraphCollectionReader.read(path: path)
  }

  static func readPlanetoid(_ name: String, root: String) throws(BasinError) -> GraphCollection {
    // Whose edges all count both ways.
    try AttributedGraph(Planetoid.read(name, dataRoot: root), file: root).packing.joiningBothEnds(givingDirections: false)
  }

  /// Whether a folder or archive holds a set of the TU collection, or graphs with folds.
  private static func isText(_ path: String) throws(BasinError) -> Bool {
    guard let (folder, file) = try GraphFolder.find(path), file == nil else { return false }
    let names = try folder.files()
    return names.contains { $0.hasSuffix("_A.txt") } || names.contains { $0.hasSuffix("train_idx-1.txt") }
  }

  static func readTU(_ path: String) throws(BasinError) -> GraphCollection {
    let files = try MemberFiles(path, where: TUReader.isText)
    if TUReader.isSet(files) { return try TUReader.read(files).joiningBothEnds() }
    let (graphs, folds) = try FoldedGraphsReader.read(files)
    var result = graphs.joiningBothEnds()
    if !folds.isEmpty { result.warnings.append(ReadWarning(message: "the \(folds.count) published folds are left out")) }
    return result
  }

  /// Features become `attribute.0`, ..., targets `label` (`label.0`, ... where there are several), the split `split`.
  static func readOGB(_ path: String, scheme: String? = nil) throws(BasinError) -> GraphCollection {
    let read = try OGBReader(path: path, scheme: scheme)
    var result = read.graphs
    result.nodeAttributes = (0..<read.features.columns).map { column in
      AttributeColumn(name: "attribute.\(column)", reals: read.features.column(column).map { Double($0) })
    }
    let targets = (0..<read.targets.columns).map { column in
      label(read.targets.column(column), name: read.targets.columns == 1 ? "label" : "label.\(column)")
    }
    let parts = [Split.train, .validation, .test].map { ($0, read.splits[$0] ?? []) }
    switch read.level {
    case .graph:
      result.graphAttributes = targets
      for (part, graphs) in parts {
        switch part {
        case .train: result.trainIndices = graphs
        case .validation: result.validationIndices = graphs
        case .test: result.testIndices = graphs
        }
      }
    case .node:
      result.nodeAttributes += targets
      guard read.scheme != nil else { break }
      var split = [String?](repeating: nil, count: result.nodeCount)
      for (part, nodes) in parts { for node in nodes { split[node] = part.rawValue } }
      result.nodeAttributes.append(AttributeColumn(name: "split", strings: split))
    }
    result.warnings.append(ReadWarning(message: "such files do not say whether edges have a direction; they get none"))
    return result
  }

  /// Whole numbers where all that are known are whole: classes.
  private static func label(_ values: [Double], name: String) -> AttributeColumn {
    let isKnown = values.map { !$0.isNaN }
    let whole = values.map { $0.isNaN ? 0 : Int64(exactly: $0) }
    if let numbers = whole as? [Int64] { return AttributeColumn(name: name, integers: numbers, isPresent: isKnown) }
    return AttributeColumn(name: name, reals: values.map { $0.isNaN ? 0 : $0 }, isPresent: isKnown)
  }
}
