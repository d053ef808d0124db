import Foundation
import Pickle
import PluginAPI

/// Reads the citation graphs of the Planetoid collection (`cora`, `citeseer`, `pubmed`) as published: `ind.NAME.*`.
///
/// - `x`, `y`: features and one-hot labels of the training nodes; `allx`, `ally`: of all nodes but the test nodes, the training
///   nodes first; `tx`, `ty`: of the test nodes, in the order of `test.index`.
/// - `graph`: for each node the list of its neighbours, each edge from both ends; duplicates and self-loops occur and are kept
///   in ``NodeGraph/sources``.
/// - Nodes inside the range of `test.index` that it does not name (15 in CiteSeer, all isolated) get empty features, label -1,
///   and belong to no split.
///
/// The split is the public one: train = the rows of `x`, validation = the next 500, test = `test.index`.
public enum Planetoid {
  /// The data sets of the collection.
  public static let names = ["cora", "citeseer", "pubmed"]

  static let parts = ["x", "y", "tx", "ty", "allx", "ally", "graph", "test.index"]

  /// Reads one data set.
  ///
  /// - Parameters:
  ///   - name: `cora`, `citeseer` or `pubmed`, or any other in the same format.
  ///   - dataRoot: the folder that holds `planetoid/NAME/ind.NAME.*`, `NAME/ind.NAME.*` or `ind.NAME.*`; tried in this order.
  /// - Throws: ``BasinError`` of kind `.missingInput` naming the files that were looked for and those that are missing, or
  ///   `.badData` naming file and place.
  public static func read(_ name: String, dataRoot: String) throws(BasinError) -> NodeGraph {
    let folder = try locate(name, dataRoot: dataRoot)
    func path(_ part: String) -> String { folder + "/ind.\(name).\(part)" }

    let x = try readMatrix(path("x"))
    let tx = try readMatrix(path("tx"))
    let allx = try readMatrix(path("allx"))
    let y = try readLabels(path("y"), rows: x.rows, features: "x")
    let ty = try readLabels(path("ty"), rows: tx.rows, features: "tx")
    let ally = try readLabels(path("ally"), rows: allx.rows, features: "allx")
    for (part, matrix) in [("x", x), ("tx", tx)] where matrix.columns != allx.columns {
      throw .badData(
        "\(matrix.columns) features, but `allx` has \(allx.columns)", file: path(part), advice: "Fetch the set again")
    }
    for (part, labels) in [("y", y), ("ty", ty)] where labels.classCount != ally.classCount {
      throw .badData(
        "\(labels.classCount) classes, but `ally` has \(ally.classCount)", file: path(part),
        advice: "Fetch the set again")
    }
    guard x.rows <= allx.rows else {
      throw .badData(
        "\(x.rows) training rows, but `allx` has \(allx.rows)", file: path("x"), advice: "Fetch the set again")
    }

    let neighbours = try readNeighbours(path("graph"))
    let testIndex = try readTestIndex(
      path("test.index"), expected: tx.rows, start: allx.rows, limit: max(neighbours.count, allx.rows + tx.rows))
    let nodeCount = (testIndex.max() ?? allx.rows - 1) + 1

    let features: SparseMatrix
    do {
      features = try SparseMatrix.scattering(
        [(allx, Array(0..<allx.rows)), (tx, testIndex)], rows: nodeCount, columns: allx.columns)
    } catch {
      throw .badData(error.message, file: path("test.index"), advice: "Fetch the set again")
    }
    var labels = ally.labels + [Int32](repeating: -1, count: nodeCount - allx.rows)
    for (row, node) in testIndex.enumerated() { labels[node] = ty.labels[row] }

    let edges = try edgeList(neighbours, nodeCount: nodeCount, file: path("graph"))
    let train = (0..<x.rows).filter { labels[$0] >= 0 }
    let validation = (x.rows..<min(x.rows + 500, allx.rows)).filter { labels[$0] >= 0 }
    let test = testIndex.sorted().filter { labels[$0] >= 0 }
    var warnings: [ReadWarning] = []
    let unnamed = nodeCount - allx.rows - tx.rows
    if unnamed > 0 {
      warnings.append(ReadWarning(message: "\(unnamed) nodes have neither features nor a label; they are in no split"))
    }
    let graph = NodeGraph(
      nodeCount: nodeCount, sources: edges.sources, targets: edges.targets, isDirected: false, features: features,
      labels: labels, classNames: (0..<ally.classCount).map { String($0) }, trainIndices: train,
      validationIndices: validation, testIndices: test, nodeAttributes: ["features", "label"], warnings: warnings)
    try graph.validate()
    return graph
  }

  // MARK: Files

  static func locate(_ name: String, dataRoot: String) throws(BasinError) -> String {
    let folders = ["\(dataRoot)/planetoid/\(name)", "\(dataRoot)/\(name)", dataRoot]
    func isPresent(_ folder: String, _ part: String) -> Bool {
      FileManager.default.fileExists(atPath: "\(folder)/ind.\(name).\(part)")
    }
    guard let folder = folders.first(where: { folder in parts.contains { isPresent(folder, $0) } }) else {
      throw .missing(
        "data set `\(name)` was not found: looked for ind.\(name).{\(parts.joined(separator: ","))} in "
          + folders.joined(separator: ", "), file: dataRoot, advice: "Give the folder that holds it with --data-root")
    }
    let missing = parts.filter { !isPresent(folder, $0) }
    guard missing.isEmpty else {
      throw .missing(
        "data set `\(name)` is incomplete: looked for ind.\(name).{\(parts.joined(separator: ","))}, missing: "
          + missing.map { "ind.\(name).\($0)" }.joined(separator: ", "), file: folder,
        advice: "Add the missing files from the Planetoid collection")
    }
    return folder
  }

  static func readMatrix(_ path: String) throws(BasinError) -> SparseMatrix {
    guard case .sparseMatrix(let matrix) = try PickleReader.read(try readWholeFile(path), file: path) else {
      throw .badData("expected a csr_matrix", file: path, advice: "Fetch the file again")
    }
    return matrix
  }

  /// One-hot rows as class numbers; a row of zeros is a node without a label.
  static func readLabels(
    _ path: String, rows: Int, features: String
  ) throws(BasinError) -> (labels: [Int32], classCount: Int) {
    guard case .array(let array) = try PickleReader.read(try readWholeFile(path), file: path), array.shape.count == 2
    else {
      throw .badData("expected an array of one-hot labels", file: path, advice: "Fetch the file again")
    }
    guard array.shape[0] == rows else {
      throw .badData(
        "\(array.shape[0]) rows of labels, but `\(features)` has \(rows) rows", file: path,
        advice: "Fetch the set again")
    }
    let classCount = array.shape[1]
    let values = array.floats
    var labels = [Int32](repeating: -1, count: rows)
    for row in 0..<rows {
      for column in 0..<classCount where values[row * classCount + column] != 0 {
        guard values[row * classCount + column] == 1, labels[row] < 0 else {
          throw .badData("the label is not one-hot", file: path, place: "row \(row)", advice: "Fetch the file again")
        }
        labels[row] = Int32(truncatingIfNeeded: column)
      }
    }
    return (labels, classCount)
  }

  static func readNeighbours(_ path: String) throws(BasinError) -> [(node: Int, neighbours: [Int])] {
    guard case .dictionary(let pairs) = try PickleReader.read(try readWholeFile(path), file: path) else {
      throw .badData("expected a dictionary of neighbour lists", file: path, advice: "Fetch the file again")
    }
    var result: [(node: Int, neighbours: [Int])] = []
    var position: [Int: Int] = [:]
    for (key, value) in pairs {
      guard case .int(let node) = key, case .list(let items) = value else {
        throw .badData(
          "expected a node and the list of its neighbours", file: path, place: "entry \(result.count)",
          advice: "Fetch the file again")
      }
      var neighbours: [Int] = []
      for item in items {
        guard case .int(let neighbour) = item else {
          throw .badData(
            "a neighbour is not a number", file: path, place: "node \(node)", advice: "Fetch the file again")
        }
        neighbours.append(neighbour)
      }
      if let earlier = position[node] {
        result[earlier].neighbours = neighbours
      } else {
        position[node] = result.count
        result.append((node, neighbours))
      }
    }
    return result
  }

  /// The nodes of `tx`'s rows. They must lie behind those of `allx`, and leave no gap wider than the graph has nodes.
  static func readTestIndex(
    _ path: String, expected: Int, start: Int, limit: Int
  ) throws(BasinError) -> [Int] {
    var nodes: [Int] = []
    var seen: Set<Int> = []
    for (number, raw) in try readWholeFile(path).split(separator: 10, omittingEmptySubsequences: false).enumerated() {
      let line = Array(raw.filter { !isSpace($0) })
      if line.isEmpty { continue }
      let place = "line \(number + 1)"
      guard let value = parseInteger(line) else {
        throw .badData("expected the number of a node", file: path, place: place, advice: "Fetch the file again")
      }
      guard value >= start, value < limit else {
        throw .badData(
          "test node \(value) is not between \(start) and \(limit - 1)", file: path, place: place,
          advice: "Fetch the set again")
      }
      guard seen.insert(Int(value)).inserted else {
        throw .badData("test node \(value) is listed twice", file: path, place: place, advice: "Fetch the file again")
      }
      nodes.append(Int(value))
    }
    guard nodes.count == expected else {
      throw .badData(
        "\(nodes.count) test nodes, but `tx` has \(expected) rows", file: path, advice: "Fetch the set again")
    }
    return nodes
  }

  static func edgeList(
    _ neighbours: [(node: Int, neighbours: [Int])], nodeCount: Int, file: String
  ) throws(BasinError) -> (sources: [Int32], targets: [Int32]) {
    var sources: [Int32] = []
    var targets: [Int32] = []
    for (node, list) in neighbours {
      guard node >= 0, node < nodeCount else {
        throw .badData(
          "node \(node) is missing: there are \(nodeCount) nodes", file: file, advice: "Fetch the set again")
      }
      for neighbour in list {
        guard neighbour >= 0, neighbour < nodeCount else {
          throw .badData(
            "an edge leads to node \(neighbour), which is missing: there are \(nodeCount) nodes", file: file,
            place: "node \(node)", advice: "Fetch the set again")
        }
        sources.append(Int32(truncatingIfNeeded: node))
        targets.append(Int32(truncatingIfNeeded: neighbour))
      }
    }
    return (sources, targets)
  }
}

/// The bytes of a file.
///
/// - Throws: ``BasinError`` of kind `.missingInput` if there is none, `.inputOutput` if it cannot be read.
func readWholeFile(_ path: String) throws(BasinError) -> [UInt8] {
  guard FileManager.default.fileExists(atPath: path) else {
    throw .missing("there is no such file", file: path, advice: "Check the path")
  }
  do {
    return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  } catch {
    throw BasinError(.inputOutput, "reading failed: \(error.localizedDescription)", file: path)
  }
}
