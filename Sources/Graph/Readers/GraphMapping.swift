import Foundation
import PluginAPI
import Yams

/// What the attributes of graph files mean: for single graphs, and for collections.
///
/// By convention where nothing is said, or from a YAML file:
///
///     nodes:
///       label: subject              # the class; a name, or none
///       split: fold                 # train, validation, test
///       splits: {train: [1, 2, 3], validation: 4, test: 5}   # if the attribute calls them otherwise
///       features: [x, y]            # else all that can be
///       exclude: [id]               # of all that can be
///     edges:
///       weight: cost                # a name, or none
///     graphs:
///       label: class
///       split: split
///       splits: {train: tr, test: te}
public struct GraphMapping: Sendable, Equatable {
  public var nodes = NodeGraphOptions()
  public var graphs = Graphs()

  /// What graph attributes mean.
  public struct Graphs: Sendable, Equatable {
    /// The graph attribute that is the class; nil chooses the first of ``NodeGraphOptions/labelNames`` that looks
    /// like one.
    public var labelAttribute: String?
    /// The graph attribute with the split.
    public var splitAttribute = "split"
    public var splitNames = SplitNames()

    public init() {}
  }

  public init() {}

  /// Reads a mapping file.
  ///
  /// - Throws: ``BasinError`` with line and column.
  public init(path: String) throws(BasinError) {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw .missing("there is no such file", file: path, advice: "Check the path")
    }
    try self.init(yaml: String(decoding: data, as: UTF8.self), file: path)
  }

  /// Reads a mapping.
  ///
  /// - Parameter file: the name errors carry.
  public init(yaml: String, file: String) throws(BasinError) {
    let document: Node?
    do { document = try Yams.compose(yaml: yaml) } catch {
      throw .badData("is not YAML: \(error)", file: file, advice: "Mend the file at that place")
    }
    guard let document, document.null == nil else { return }
    let reader = MappingReader(file: file)
    for (section, content) in try reader.pairs(document, of: ["nodes", "edges", "graphs"]) {
      switch section {
      case "nodes":
        for (key, value) in try reader.pairs(content, of: ["label", "split", "splits", "features", "exclude"]) {
          switch key {
          case "label": nodes.labelAttribute = try reader.name(value)
          case "split": nodes.splitAttribute = try reader.name(value)
          case "splits": nodes.splitNames = try reader.splits(value)
          case "features": nodes.featureAttributes = try reader.names(value)
          default: nodes.excludedAttributes = try reader.names(value)
          }
        }
      case "edges":
        for (_, value) in try reader.pairs(content, of: ["weight"]) {
          nodes.weightAttribute = try reader.name(value)
        }
      default:
        for (key, value) in try reader.pairs(content, of: ["label", "split", "splits"]) {
          switch key {
          case "label": graphs.labelAttribute = try reader.name(value)
          case "split": graphs.splitAttribute = try reader.name(value)
          default: graphs.splitNames = try reader.splits(value)
          }
        }
      }
    }
  }
}

/// Takes YAML nodes apart.
private struct MappingReader {
  let file: String

  private func failure(_ message: String, _ node: Node, advice: String) -> BasinError {
    .badData(message, file: file, place: node.mark.map { "line \($0.line), column \($0.column)" }, advice: advice)
  }

  func pairs(_ node: Node, of known: [String]) throws(BasinError) -> [(key: String, value: Node)] {
    guard let mapping = node.mapping else {
      throw failure("expected a mapping", node, advice: "Use the keys \(known.joined(separator: ", "))")
    }
    var pairs: [(String, Node)] = []
    for (key, value) in mapping {
      guard let name = key.scalar?.string, known.contains(name) else {
        throw failure(
          "unknown key `\(key.scalar?.string ?? "")`", key, advice: "Known are \(known.joined(separator: ", "))")
      }
      pairs.append((name, value))
    }
    return pairs
  }

  func name(_ node: Node) throws(BasinError) -> String {
    guard let text = node.scalar?.string, !text.isEmpty else {
      throw failure("expected the name of an attribute", node, advice: "Give one name")
    }
    return text
  }

  func names(_ node: Node) throws(BasinError) -> [String] {
    guard let sequence = node.sequence else { return [try name(node)] }
    var names: [String] = []
    for item in sequence { names.append(try name(item)) }
    return names
  }

  func splits(_ node: Node) throws(BasinError) -> SplitNames {
    var names = SplitNames(train: [], validation: [], test: [])
    for (part, value) in try pairs(node, of: ["train", "validation", "test"]) {
      switch part {
      case "train": names.train = try self.names(value)
      case "validation": names.validation = try self.names(value)
      default: names.test = try self.names(value)
      }
    }
    return names
  }
}
