import Foundation
import GraphXML
import PluginAPI

/// Reads many graphs into one packing. A path is one of
///
/// - a graph file (GraphML, GEXF, GXL; plain or gzipped): all its graphs;
/// - a listing (IAM's CXL, GEDLIB's `GraphCollection`), whose graphs lie beside it: `train.cxl`, `valid.cxl` (or
///   `validation`, `val`) and
///   `test.cxl` of one folder belong together, whichever of them is named;
/// - a folder or an archive (tar, compressed or not, zip): the listings in it, or without any all graph files, by name;
/// - a path inside an archive: `Letter.tar.gz/Letter/LOW`.
///
/// Graphs of a folder come in the order they are listed, those of an archive in the archive's.
public enum GraphCollectionReader {
  /// - Parameter graphs: the folder in which the graphs of a listing lie; nil for the listing's own.
  /// - Throws: ``BasinError`` naming the file: `.missingInput`, `.inputOutput`, `.badData`, or `.usage` where a path
  ///   has several
  ///   collections.
  public static func read(path: String, graphs: String? = nil) throws(BasinError) -> GraphCollection {
    guard let (folder, file) = try GraphFolder.find(path) else { return try readFile(path, graphs: graphs) }
    if let file, !GraphFolder.isListing(file) { return try read([file], of: folder, file: path) }
    let names = try folder.files()
    let listings = names.filter { GraphFolder.isListing($0) }
    guard !listings.isEmpty || file != nil else {
      let files = names.filter { GraphFolder.isGraphFile($0) }
      guard !files.isEmpty else {
        throw .missing(
          "there is no graph file here", file: path, advice: "Give a folder with GraphML, GEXF or GXL files")
      }
      return try read(files, of: folder, file: path)
    }
    let places = Set(listings.map(Self.folder))
    guard places.count == 1 || file != nil else {
      let choice = places.sorted().map { path + "/" + $0 }.joined(separator: ", ")
      throw .usage("\(path) has several collections", advice: "Name one of them: \(choice)")
    }
    return try readListings(
      file.map { siblings(of: $0, among: listings) } ?? listings, of: folder, file: path, graphs: graphs)
  }

  private static func readFile(_ path: String, graphs: String?) throws(BasinError) -> GraphCollection {
    let url = URL(fileURLWithPath: path)
    let folder = GraphFolder.folder(url.deletingLastPathComponent().path)
    if GraphFolder.isListing(path) {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      return try readListings(
        siblings(of: url.lastPathComponent, among: names), of: folder, file: path, graphs: graphs)
    }
    let documents = try GraphDocuments()
    try documents.read(path: path, format: BASIN_GRAPH_ANY, onlyFirst: false)
    guard documents.listed.isEmpty else {
      return try readListings([url.lastPathComponent], of: folder, file: path, graphs: graphs)
    }
    return try documents.finish(file: path)
  }

  /// The graphs of some files, with the files' names.
  private static func read(_ files: [String], of folder: GraphFolder, file: String) throws(BasinError)
    -> GraphCollection
  {
    let documents = try GraphDocuments()
    var sources: [(name: String, end: Int)] = []
    var listings = 0
    try folder.read(files) { (name, source) throws(BasinError) in
      try documents.read(file: folder.path + "/" + name, format: BASIN_GRAPH_ANY, onlyFirst: false, from: source)
      if documents.listed.count > listings { listings = documents.listed.count }
      sources.append((name, documents.graphCount))
    }
    guard listings == 0 else {
      throw .badData("graph files and listings are mixed", file: file, advice: "Name the listing")
    }
    var collection = try documents.finish(file: file)
    var start = 0
    for (name, end) in sources {
      for graph in start..<end {
        let id = collection.graphNames[graph]
        collection.graphNames[graph] = end - start == 1 ? name : "\(name)#\(id.isEmpty ? String(graph - start) : id)"
      }
      start = end
    }
    return collection
  }

  // MARK: Listings

  private enum Part: Int, CaseIterable {
    case train, validation, test, other

    init(listing: String) {
      let stem = String(listing.split(separator: "/").last ?? "").split(separator: ".").first.map { $0.lowercased() }
      switch stem {
      case "train", "training": self = .train
      case "valid", "validation", "val": self = .validation
      case "test": self = .test
      default: self = .other
      }
    }
  }

  /// The listing named, with the other parts of its split.
  private static func siblings(of listing: String, among names: [String]) -> [String] {
    guard Part(listing: listing) != .other else { return [listing] }
    return names.filter {
      GraphFolder.isListing($0) && Self.folder($0) == Self.folder(listing) && Part(listing: $0) != .other
    }
  }

  private static func folder(_ name: String) -> String { name.split(separator: "/").dropLast().joined(separator: "/") }

  private static func readListings(
    _ listings: [String], of folder: GraphFolder, file: String, graphs: String?
  ) throws(BasinError) -> GraphCollection {
    var warnings: [ReadWarning] = []
    var entries: [(file: String, label: String, part: Part)] = []
    var places: [String: Int] = [:]
    var content: [(listing: String, listed: [(file: String, label: String)])] = []
    try folder.read(listings) { (listing, source) throws(BasinError) in
      let documents = try GraphDocuments()
      try documents.read(
        file: folder.path + "/" + listing, format: BASIN_GRAPH_LISTING, onlyFirst: false, from: source)
      content.append((listing, documents.listed))
    }
    // Training first: what a test listing has of the other parts, as one published file does, is taken for theirs.
    content.sort { (Part(listing: $0.listing).rawValue, $0.listing) < (Part(listing: $1.listing).rawValue, $1.listing) }
    for (listing, listed) in content {
      let part = Part(listing: listing)
      let place = Self.folder(listing)
      var elsewhere = 0
      for entry in listed {
        guard !entry.file.hasPrefix("/"), !entry.file.split(separator: "/").contains("..") else {
          throw .badData(
            "\"\(entry.file.prefix(60))\" lies outside the collection", file: folder.path + "/" + listing,
            advice: "List files by their name")
        }
        let name = place.isEmpty ? entry.file : place + "/" + entry.file
        guard let known = places[name] else {
          places[name] = entries.count
          entries.append((name, entry.label, part))
          continue
        }
        if entries[known].part == part {
          let classes = entries[known].label == entry.label ? "" : ", as \(entries[known].label) and \(entry.label)"
          warnings.append(ReadWarning(message: "\(listing) lists \(entry.file) twice\(classes); the first counts"))
        } else {
          elsewhere += 1
        }
      }
      if elsewhere > 0 {
        warnings.append(
          ReadWarning(message: "\(listing) lists \(elsewhere) graphs that other listings have; they belong to those"))
      }
    }
    guard !entries.isEmpty else { throw .badData("no graph is listed", file: file, advice: "Check the listing") }
    var source = folder
    if let graphs {
      guard let found = try GraphFolder.find(graphs), found.file == nil else {
        throw .usage("\(graphs) is no folder", advice: "Give the folder or the archive in which the graphs lie")
      }
      source = found.folder
    }
    var collection = try read(entries.map(\.file), of: source, file: file)
    try label(&collection, entries.map { ($0.file, $0.label, $0.part) }, places)
    collection.warnings = warnings + collection.warnings
    return collection
  }

  private static func label(
    _ collection: inout GraphCollection, _ entries: [(file: String, label: String, part: Part)], _ places: [String: Int]
  ) throws(BasinError) {
    let names = Set(entries.map(\.label)).subtracting([""]).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
    collection.classNames = names
    collection.labels = []
    for (graph, name) in collection.graphNames.enumerated() {
      guard let place = places[name] else {
        throw .badData("a file of the collection holds several graphs, or none", file: collection.file, place: name)
      }
      collection.labels.append(numbers[entries[place].label] ?? -1)
      switch entries[place].part {
      case .train: collection.trainIndices.append(graph)
      case .validation: collection.validationIndices.append(graph)
      case .test: collection.testIndices.append(graph)
      case .other: break
      }
    }
    guard collection.graphCount == entries.count else {
      throw .badData(
        "\(entries.count) graphs are listed, \(collection.graphCount) are there", file: collection.file,
        advice: "Check that every file listed holds one graph")
    }
  }
}
