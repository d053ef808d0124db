import Foundation
import PluginAPI

/// Turns graph files into others: what `basin data convert` does.
///
/// What is read: everything ``GraphCollectionReader`` reads, and folders of Planetoid's files (`ind.NAME.x`, ...).
/// What is written
/// follows from the target's name: `.graphml` holds any number of graphs, `.gexf` one, both plain or with `.gz`
/// behind; a name that ends
/// in `/` is a folder with a file for each graph and, where graphs have classes or splits, listings as IAM's
/// (`train.cxl`, ...).
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

  /// - Parameter format: of the files in a folder; of others their name tells it.
  /// - Throws: ``BasinError`` of reading or writing; `.usage` for a target that cannot hold what is read.
  public static func convert(
    from source: String, to target: String, format: GraphFileFormat = .graphml
  ) throws(BasinError) -> Outcome {
    try write(try read(source), to: target, format: format)
  }

  private static func read(_ source: String) throws(BasinError) -> GraphCollection {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: source)) ?? []
    let sets = names.filter { $0.hasPrefix("ind.") && $0.hasSuffix(".graph") }.map {
      String($0.dropFirst(4).dropLast(6))
    }
    guard let name = sets.first else { return try GraphCollectionReader.read(path: source) }
    guard sets.count == 1 else {
      throw .usage(
        "\(source) holds the data sets \(sets.sorted().joined(separator: ", "))", advice: "Give a folder of one")
    }
    return try AttributedGraph(Planetoid.read(name, dataRoot: source), file: source).packing
  }

  /// Writes a collection.
  public static func write(
    _ collection: GraphCollection, to target: String, format: GraphFileFormat = .graphml
  ) throws(BasinError) -> Outcome {
    var outcome = Outcome(
      graphs: collection.graphCount, nodes: collection.nodeCount, edges: collection.edgeCount, files: [],
      warnings: collection.warnings)
    if target.hasSuffix("/") {
      try writeFolder(collection, to: target, format: format, &outcome)
      return outcome
    }
    switch try Self.format(of: target) {
    case .graphml: try GraphMLWriter.write(collection, to: target)
    case .gexf:
      guard collection.graphCount <= 1 else {
        throw .usage(
          "\(target) cannot hold \(collection.graphCount) graphs: a GEXF file has one",
          advice: "Write GraphML, or a folder: a name that ends in /")
      }
      outcome.warnings += try GEXFWriter.write(0, of: collection, to: target)
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

  private static func writeFolder(
    _ collection: GraphCollection, to folder: String, format: GraphFileFormat, _ outcome: inout Outcome
  ) throws(BasinError) {
    guard format != .gxl else { throw .usage("there is no writer for GXL", advice: "Choose graphml or gexf") }
    do { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) } catch {
      throw BasinError(.cannotCreate, "the folder cannot be made: \(error.localizedDescription)", file: folder)
    }
    let names = fileNames(collection, format)
    var lost: Set<String> = []
    for (graph, name) in names.enumerated() {
      switch format {
      case .gexf:
        for warning in try GEXFWriter.write(graph, of: collection, to: folder + name)
        where lost.insert(warning.message).inserted { outcome.warnings.append(warning) }
      default: try GraphMLWriter.write(collection, graphs: graph..<(graph + 1), to: folder + name)
      }
      outcome.files.append(folder + name)
    }
    guard !collection.labels.isEmpty || collection.hasSplits else { return }
    let parts =
      collection.hasSplits
      ? [
        ("train", collection.trainIndices), ("valid", collection.validationIndices), ("test", collection.testIndices),
      ] : [("graphs", Array(0..<collection.graphCount))]
    for (part, graphs) in parts where !graphs.isEmpty {
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
      outcome.files.append(folder + part + ".cxl")
    }
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
      if stem.isEmpty || stem.hasPrefix(".") { stem = "graph\(stem)" }
      let name = taken.insert(stem).inserted ? stem : "\(stem)-\(graph)"
      taken.insert(name)
      return "\(name).\(format.rawValue)"
    }
  }
}

extension GraphCollection {
  var hasSplits: Bool { !trainIndices.isEmpty || !validationIndices.isEmpty || !testIndices.isEmpty }
}
