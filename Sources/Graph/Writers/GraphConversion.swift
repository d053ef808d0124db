import Foundation
import PluginAPI

/// Turns what this module reads into graph files: what `basin data convert` does.
///
/// What is read is in ``read(path:)``. What is written follows from the target's name, unless a format is said: `.graphml`
/// holds any number of graphs, `.gexf` one, both plain or with `.gz` behind; a name that ends in `/` is a folder with a file
/// for each graph and, where graphs have classes or splits, listings as IAM's (`train.cxl`, ...).
public enum GraphConversion {
  /// What was written.
  public struct Outcome: Sendable, Equatable {
    public var graphs: Int
    public var nodes: Int
    public var edges: Int
    /// The files, in the order written.
    public var files: [String]
    /// What was unusual about the source, and what the target could not hold.
    public var warnings: [ReadWarning]
  }

  /// - Parameter format: nil: what the target's name tells, GraphML in a folder.
  /// - Throws: ``BasinError`` of reading or writing; `.usage` for a target that cannot hold what is read.
  public static func convert(
    from source: String, to target: String, format: GraphFileFormat? = nil
  ) throws(BasinError) -> Outcome {
    try write(try read(path: source), to: target, format: format)
  }

  /// Writes a collection.
  public static func write(
    _ collection: GraphCollection, to target: String, format: GraphFileFormat? = nil
  ) throws(BasinError) -> Outcome {
    var outcome = Outcome(
      graphs: collection.graphCount, nodes: collection.nodeCount, edges: collection.edgeCount, files: [],
      warnings: collection.warnings)
    guard format != .gxl else { throw .usage("there is no writer for GXL", advice: "Choose graphml or gexf") }
    if target.hasSuffix("/") {
      try writeFolder(collection, to: target, format: format ?? .graphml, &outcome)
      return outcome
    }
    let format = if let format { format } else { try Self.format(of: target) }
    switch format {
    case .graphml: try GraphMLWriter.write(collection, to: target)
    case .gexf:
      guard collection.graphCount <= 1 else {
        throw .usage(
          "\(target) cannot hold \(collection.graphCount) graphs: a GEXF file has one",
          advice: "Write GraphML, or a folder: a name that ends in /")
      }
      outcome.warnings += try GEXFWriter.write(0, of: collection.withClassColumns, to: target)
    case .gxl: break
    }
    outcome.files = [target]
    return outcome
  }

  private static func format(of target: String) throws(BasinError) -> GraphFileFormat {
    var name = target.lowercased()
    if name.hasSuffix(".gz") { name.removeLast(3) }
    if name.hasSuffix(".graphml") { return .graphml }
    if name.hasSuffix(".gexf") { return .gexf }
    throw .usage("\(target) does not tell what to write", advice: "End it in .graphml or .gexf, or in / for a folder")
  }

  // MARK: Folders

  /// A new folder appears when it is whole; in one that is there the files do, one by one.
  private static func writeFolder(
    _ collection: GraphCollection, to target: String, format: GraphFileFormat, _ outcome: inout Outcome
  ) throws(BasinError) {
    let isNew = (try? FileManager.default.contentsOfDirectory(atPath: target))?.isEmpty ?? true
    let name = String(target.reversed().drop { $0 == "/" }.reversed())
    let folder = isNew ? "\(name).\(getpid()).part/" : target
    do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
      throw BasinError(
        .cannotCreate, "the folder cannot be made: \(error.localizedDescription)", file: target,
        advice: "Check the path and the permissions")
    }
    do throws(BasinError) {
      let names = try writeGraphs(collection, to: folder, format, &outcome.warnings)
      let listings = try writeListings(collection, names, to: folder)
      outcome.files = (names + listings).map { target + $0 }
      guard isNew, rename(folder, name) != 0 else { return }
      throw BasinError(.cannotCreate, "the folder cannot be made: \(String(cString: strerror(errno)))", file: target)
    } catch {
      if isNew { try? FileManager.default.removeItem(atPath: folder) }
      throw error
    }
  }

  /// - Returns: the names of the files.
  private static func writeGraphs(
    _ collection: GraphCollection, to folder: String, _ format: GraphFileFormat, _ warnings: inout [ReadWarning]
  ) throws(BasinError) -> [String] {
    let names = fileNames(collection, format)
    var lost: Set<String> = []
    for (graph, name) in names.enumerated() {
      switch format {
      case .gexf:
        for warning in try GEXFWriter.write(graph, of: collection, to: folder + name)
        where lost.insert(warning.message).inserted { warnings.append(warning) }
      default: try GraphMLWriter.write(collection, graphs: graph..<(graph + 1), to: folder + name)
      }
    }
    return names
  }

  /// - Returns: the names of the listings.
  private static func writeListings(
    _ collection: GraphCollection, _ names: [String], to folder: String
  ) throws(BasinError) -> [String] {
    guard !collection.labels.isEmpty || collection.hasSplits else { return [] }
    let listed = Set(collection.trainIndices + collection.validationIndices + collection.testIndices)
    let parts = [
      ("train", collection.trainIndices), ("valid", collection.validationIndices), ("test", collection.testIndices),
      (collection.hasSplits ? "other" : "graphs", (0..<collection.graphCount).filter { !listed.contains($0) }),
    ].filter { !$0.1.isEmpty }
    for (part, graphs) in parts {
      let output = try XMLOutput(folder + part + ".cxl")
      output.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<GraphCollection>\n")
      for graph in graphs {
        output.raw("  <graph")
        try output.attribute("file", names[graph].utf8, of: "")
        if collection.labels.indices.contains(graph), collection.labels[graph] >= 0 {
          try output.attribute("class", collection.classNames[Int(collection.labels[graph])].utf8, of: "a class")
        }
        output.raw("/>\n")
      }
      output.raw("</GraphCollection>\n")
      try output.finish()
    }
    return parts.map { $0.0 + ".cxl" }
  }

  /// A file name for each graph: its own name without folder and extension, where that tells it apart.
  private static func fileNames(_ collection: GraphCollection, _ format: GraphFileFormat) -> [String] {
    var taken: Set<String> = []
    return (0..<collection.graphCount).map { graph in
      let given = collection.graphNames.indices.contains(graph) ? collection.graphNames[graph] : ""
      var stem = String(given.split(separator: "/").last ?? "")
      for end in [".gz", ".gxl", ".graphml", ".gexf", ".xml"] where stem.lowercased().hasSuffix(end) {
        stem.removeLast(end.count)
      }
      stem = String(stem.map { $0.isLetter || $0.isNumber || "-_.#".contains($0) ? $0 : "_" }.prefix(100))
      if stem.isEmpty {
        // Of equal length, for folders are read by name.
        let (number, last) = (String(graph), String(collection.graphCount - 1))
        stem = "graph-" + String(repeating: "0", count: last.count - number.count) + number
      }
      if stem.hasPrefix(".") { stem = "graph\(stem)" }
      let name = taken.insert(stem).inserted ? stem : "\(stem)-\(graph)"
      taken.insert(name)
      return "\(name).\(format.rawValue)"
    }
  }
}

extension GraphCollection {
  var hasSplits: Bool { !trainIndices.isEmpty || !validationIndices.isEmpty || !testIndices.isEmpty }
}
