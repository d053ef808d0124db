import Foundation
import PluginAPI

/// Whole graphs of the TU collection: `mutag`, `proteins`, ... under the data root, or `tu:FILE.zip`, `tu:FOLDER`.
///
/// No split is published with them: the host makes one. `fold` takes one of the ten folds of Xu et al. (2019) instead.
public struct TUDataset: GraphDataset {
  public struct Settings: Options {
    var features = ""
    var maximumDegree = 500
    var standardize = false
    var task = Targets.Kind.auto
    var target = ""
    var weight = ""
    var edgeFeatures = ""
    var symmetric = true
    var fold = 0

    public init() {}

    public static var fields: [Field<Self>] {
      [
        Field(
          "features", text: \.features,
          "by commas: labels, attributes, categories, degree, constant; empty: labels and attributes, else degree"),
        Field("maximumDegree", \.maximumDegree, in: 1...100_000, "the last feature of `degree` counts all above"),
        Field("standardize", \.standardize, "bring attributes to mean 0 and deviation 1 over the training graphs"),
        Field("task", \.task, choices: Targets.Kind.self, "what the targets are"),
        Field(
          "target", text: \.target,
          "graph attributes to predict, by commas; empty: the classes, else all of them"),
        Field("weight", text: \.weight, "edge attribute that weighs edges; empty: every edge counts 1"),
        Field(
          "edgeFeatures", text: \.edgeFeatures,
          "what of edges are features, by commas: labels, attributes, categories; none; empty: labels, attributes"),
        Field("symmetric", \.symmetric, "let edges listed from one end count both ways"),
        Field("fold", \.fold, in: 0...100, "published fold whose test graphs are the test split; 0: none"),
      ]
    }
  }

  let content: GraphExamples

  public static func exampleKind(_ options: Settings, source: DataSource) -> String? { GraphBatch.Level.graph.rawValue }

  public init(_ options: Settings, source: DataSource, random: Random) throws {
    let path = try source.path.map { _ in try source.requirePath() } ?? Self.locate(source, fold: options.fold)
    try self.init(options, path: path)
  }

  init(_ options: Settings, path: String) throws {
    let files = try MemberFiles(path, where: TUReader.isText)
    let isTU = TUReader.isSet(files)
    let (graphs, folds) = isTU ? (try TUReader.read(files), []) : try FoldedGraphsReader.read(files)
    var splits = [Split.train: Array(0..<graphs.graphCount)]
    if options.fold > 0 {
      guard folds.indices.contains(options.fold - 1) else {
        throw BasinError.usage(
          "\(path) has \(folds.isEmpty ? "no published folds" : "folds 1 to \(folds.count)")",
          advice: folds.isEmpty ? "Leave dataset.fold at 0 and use --fold K/N" : "Choose one of them by dataset.fold")
      }
      let fold = folds[options.fold - 1]
      splits = [.train: fold.train, .test: fold.test]
    }
    let adjacency = try graphs.adjacency(
      symmetric: options.symmetric, linesAreOneWay: true, weightedBy: options.weight.isEmpty ? nil : options.weight)
    let features = try NodeFeatures(
      graphs, NodeFeatures.Kind.list(options.features), adjacency: adjacency, maximumDegree: options.maximumDegree)
    var described = DataInspection(
      format: isTU ? "tu" : "tu, graphs with folds", graphs, structure: graphs.structureWarnings(listingBothEnds: true))
    if !folds.isEmpty { described.warnings.insert(.init(message: "\(folds.count) folds are published with it"), at: 0) }
    content = try GraphExamples(
      GraphBatch.Graph(
        features: features.matrix(), adjacency: adjacency, graphPointers: graphs.nodePointers,
        edgeFeatures: graphs.edgeFeatures(options.edgeFeatures, of: adjacency, besides: options.weight)),
      level: .graph, targets: graphs.targets(options.target, options.task), splits: splits,
      files: files.files, described: described,
      unscaled: options.standardize ? features : nil)
  }

  // MARK: Places

  /// The names of sets here, and of their files.
  static let published: [(name: String, file: String, summary: String)] = [
    ("mutag", "MUTAG", "188 nitroaromatic compounds, mutagenic or not"),
    ("ptc-mr", "PTC_MR", "344 compounds, carcinogenic for male rats or not"),
    ("proteins", "PROTEINS", "1,113 proteins, enzymes or not"),
    ("enzymes", "ENZYMES", "600 enzymes of 6 classes"),
    ("dd", "DD", "1,178 proteins as graphs of amino acids, enzymes or not"),
    ("nci1", "NCI1", "4,110 compounds, active against lung cancer or not"),
    ("nci109", "NCI109", "4,127 compounds, active against ovarian cancer or not"),
    ("mutagenicity", "Mutagenicity", "4,337 compounds, mutagenic or not"),
    ("letter-low", "Letter-low", "2,250 drawings of 15 letters, little distorted"),
    ("letter-med", "Letter-med", "2,250 drawings of 15 letters, distorted"),
    ("letter-high", "Letter-high", "2,250 drawings of 15 letters, much distorted"),
    ("imdb-binary", "IMDB-BINARY", "1,000 casts of films of 2 genres"),
    ("imdb-multi", "IMDB-MULTI", "1,500 casts of films of 3 genres"),
    ("collab", "COLLAB", "5,000 collaborations in 3 fields of physics"),
    ("reddit-binary", "REDDIT-BINARY", "2,000 discussions of 2 kinds"),
  ]

  static func locate(_ source: DataSource, fold: Int) throws -> String {
    let root = try source.requireRoot()
    let file = published.first { $0.name == source.name }?.file ?? source.name
    let places = (fold > 0 ? ["tu-gin/", "gin/"] : ["tu/", ""]).flatMap { ["\($0)\(file).zip", "\($0)\(file)"] }
    if let found = places.map({ "\(root)/\($0)" }).first(where: FileManager.default.fileExists) { return found }
    throw BasinError.missing(
      "data set \(source.name) not found: looked for \(places.map { "\(root)/\($0)" }.joined(separator: ", "))",
      advice: fold > 0
        ? "Published folds come with the data sets of Xu et al. (2019); without dataset.fold, tu/\(file).zip is read"
        : "Give the folder that holds it with --data-root")
  }
}

extension GraphCollection {
  /// What is to be predicted for each graph.
  ///
  /// - Parameter names: graph attributes, by commas; empty: the classes, or all attributes where there are none.
  func targets(_ names: String, _ kind: Targets.Kind) throws -> Targets {
    let wanted = names.split(separator: ",").map { $0.filter { $0 != " " } }
    if wanted.isEmpty, classNames.count > 0, kind == .auto || kind == .classification {
      return .classes(labels, names: classNames)
    }
    var columns = wanted.isEmpty ? graphAttributes : []
    for name in wanted {
      guard let column = graphAttribute(named: name) else {
        throw BasinError.unknown("graph attribute", name, of: file, among: graphAttributes.map(\.name))
      }
      columns.append(column)
    }
    if columns.isEmpty, classNames.count > 0 {
      // Classes as numbers.
      columns = [AttributeColumn(name: "label", reals: labels.map { Double(classNames[Int($0)]) ?? Double($0) })]
    }
    guard !columns.isEmpty else {
      throw BasinError.badData("graphs have neither labels nor attributes: there is nothing to learn", file: file)
    }
    var table = NumberTable<Double>(columns: columns.count)
    for graph in 0..<graphCount { table.values += columns.map { $0.number(graph) ?? .nan } }
    return try Targets(table, kind, file: file)
  }
}
