import PluginAPI

/// Which attributes of graph files are targets, splits and features.
struct GraphFileTask {
  let graphs: AttributedGraph
  let level: GraphBatch.Level
  let options: GraphFileDataset.Settings

  private var columns: [AttributeColumn] { level == .node ? graphs.nodeAttributes : graphs.graphAttributes }
  private var items: Int { level == .node ? graphs.nodeCount : graphs.packing.graphCount }
  private var labelNames: [String] { Self.words(options.label) }

  private static func words(_ text: String) -> [String] {
    text.split(separator: ",").map { word in
      let kept = word.drop { $0 == " " }
      return String(kept.reversed().drop { $0 == " " }.reversed())
    }.filter { !$0.isEmpty }
  }

  // MARK: Targets

  func targets() throws -> (targets: Targets, splits: [Split: [Int]]) {
    let chosen = try labelColumns()
    let targets: Targets
    if chosen.isEmpty {
      let isListed = level == .graph && !graphs.packing.classNames.isEmpty
      targets =
        isListed
        ? .classes(graphs.packing.labels, names: graphs.packing.classNames)
        : .classes([Int32](repeating: -1, count: items), names: [])
    } else if chosen.count == 1, options.task == .auto || options.task == .classification {
      let classes = try classNumbers(of: chosen[0])
      targets = .classes(classes.labels, names: classes.names)
    } else {
      targets = try numbers(chosen)
    }
    return (targets, try splits(targets))
  }

  /// How classes are given where none were found.
  var labelAdvice: String {
    columns.isEmpty
      ? "The \(level.rawValue)s have no attributes"
      : "Name an attribute by --set dataset.label=NAME; there are \(columns.map(\.name).joined(separator: ", "))"
  }

  private func labelColumns() throws -> [AttributeColumn] {
    guard labelNames.isEmpty else {
      return try labelNames.map { name in
        if let column = columns.first(where: { $0.name == name }) { return column }
        throw BasinError.unknown("\(level.rawValue) attribute", name, of: graphs.file, among: columns.map(\.name))
      }
    }
    if level == .node { return graphs.labelColumn(named: nil).map { [$0] } ?? [] }
    guard graphs.packing.classNames.isEmpty else { return [] }
    return NodeGraphOptions.labelNames.compactMap { name in columns.first { $0.name == name } }.prefix(1).map { $0 }
  }

  private func classNumbers(of column: AttributeColumn) throws -> (labels: [Int32], names: [String]) {
    if level == .node { return try graphs.classNumbers(of: column) }
    // In rising order of numbers where all are, else of text.
    let texts = (0..<items).map { column.text($0) }
    let names = Set(texts.compactMap { $0 }).sorted {
      if let a = Double($0), let b = Double($1), a != b { return a < b }
      return $0.utf8.lexicographicallyPrecedes($1.utf8)
    }
    let number = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32(truncatingIfNeeded: $0)) })
    return (texts.map { $0.flatMap { number[$0] } ?? -1 }, names)
  }

  private func numbers(_ columns: [AttributeColumn]) throws -> Targets {
    if let text = columns.first(where: { $0.type == .string }) {
      throw BasinError.usage(
        "attribute `\(text.name)` of \(graphs.file) holds text, which is no number",
        advice: "Choose others by dataset.label, or dataset.task=classification with one")
    }
    var table = NumberTable<Double>(columns: columns.count)
    table.values.reserveCapacity(items * columns.count)
    for item in 0..<items { table.values += columns.map { $0.number(item) ?? .nan } }
    if let bad = table.values.firstIndex(where: \.isInfinite) {
      throw BasinError.badData(
        "`\(columns[bad % columns.count].name)` is infinite", file: graphs.file,
        place: "\(level.rawValue) \(bad / columns.count)")
    }
    return try Targets(table, options.task, file: graphs.file)
  }

  private func splits(_ targets: Targets) throws -> [Split: [Int]] {
    let packing = graphs.packing
    var parts = [[], [], []] as [[Int]]
    if level == .graph {
      parts = [packing.trainIndices, packing.validationIndices, packing.testIndices]
    }
    if parts.joined().isEmpty, let column = columns.first(where: { $0.name == options.split }) {
      parts = try parted(column)
      if case .classes(_, let names) = targets, !names.isEmpty,
        let item = parts.joined().first(where: { !targets.isKnown($0) })
      {
        throw BasinError.badData(
          "a \(level.rawValue) of the `\(column.text(item) ?? "")` split has no label", file: graphs.file,
          place: name(item),
          advice: "Give it a label, or take it out of the split")
      }
    }
    if parts.joined().isEmpty { parts[0] = Array(0..<items) }
    guard !parts[0].isEmpty || items == 0 else {
      throw BasinError.badData(
        "no \(level.rawValue) is for training", file: graphs.file,
        advice: "Mark some `train` in attribute \(options.split)")
    }
    return [.train: parts[0], .validation: parts[1], .test: parts[2]]
  }

  private func parted(_ column: AttributeColumn) throws -> [[Int]] {
    var parts = [[], [], []] as [[Int]]
    for item in 0..<items {
      switch column.text(item) {
      case "train"?: parts[0].append(item)
      case "validation"?, "val"?, "valid"?: parts[1].append(item)
      case "test"?: parts[2].append(item)
      case nil, ""?, "none"?: break
      case let value?:
        throw BasinError.badData(
          "`\(column.name)` is \"\(value.prefix(60))\"", file: graphs.file, place: name(item),
          advice: "Use train, validation, test or none")
      }
    }
    return parts
  }

  private func name(_ item: Int) -> String {
    level == .node ? "node \"\(graphs.nodeID(item))\"" : "graph \(item)"
  }

  // MARK: Features

  func features(_ adjacency: SparseMatrix, _ warnings: inout [ReadWarning]) throws -> SparseMatrix {
    let chosen = Self.words(options.features)
    let names = Set(graphs.nodeAttributes.map(\.name))
    if !chosen.isEmpty, chosen.allSatisfy({ ["degree", "constant"].contains($0) && !names.contains($0) }) {
      return try derived(chosen.joined(separator: ","), adjacency)
    }
    if let unknown = chosen.first(where: { !names.contains($0) }) {
      throw BasinError.unknown(
        "node attribute", unknown, of: graphs.file, among: graphs.nodeAttributes.map(\.name) + ["degree", "constant"])
    }
    let taken = level == .node ? try labelColumns().map(\.id) : []
    let except = taken + graphs.nodeAttributes.filter { $0.name == options.split }.map(\.id)
    let (matrix, _) = try graphs.featureMatrix(chosen.isEmpty ? nil : chosen, except: except, warnings: &warnings)
    // A feature of each node's own tells nothing about the nodes of another graph.
    guard level == .graph, matrix.columns == graphs.nodeCount,
      graphs.nodeAttributes.allSatisfy({ except.contains($0.id) })
    else { return matrix }
    warnings = [ReadWarning(message: "nodes have no features; each gets its degree")]
    return try derived("degree", adjacency)
  }

  private func derived(_ kinds: String, _ adjacency: SparseMatrix) throws -> SparseMatrix {
    try NodeFeatures(
      graphs.packing, NodeFeatures.Kind.list(kinds), adjacency: adjacency, maximumDegree: options.maximumDegree
    ).matrix()
  }
}
