import PluginAPI

/// Reads the text format that came with "How Powerful are Graph Neural Networks?" (Xu et al. 2019): all graphs in one file, and
/// the ten folds the paper's figures are of.
///
/// The first line is the number of graphs. A graph is a line `nodes label`, then a line `tag degree neighbour... attribute...`
/// for each node; neighbours are counted from 0 within the graph. `10fold_idx/train_idx-K.txt` and `test_idx-K.txt` list
/// numbers of graphs.
public enum FoldedGraphsReader {
  /// Which graphs a fold trains on and tests on, in rising order.
  public struct Fold: Sendable, Equatable {
    public var train: [Int]
    public var test: [Int]

    public init(train: [Int], test: [Int]) {
      self.train = train
      self.test = test
    }
  }

  /// - Parameter path: an archive or a folder.
  public static func read(path: String) throws(BasinError) -> (graphs: GraphCollection, folds: [Fold]) {
    try read(MemberFiles(path, where: TUReader.isText))
  }

  static func read(_ files: MemberFiles) throws(BasinError) -> (graphs: GraphCollection, folds: [Fold]) {
    let graphFiles = files.members.filter {
      foldNumber($0.lastName, "train") == nil && foldNumber($0.lastName, "test") == nil
    }
    guard let file = graphFiles.first, graphFiles.count == 1 else {
      throw .badData(
        graphFiles.isEmpty
          ? "there is no text file in it"
          : "expected one file of graphs, found \(graphFiles.map(\.name).joined(separator: ", "))", file: files.path,
        advice: "Give a set of the TU collection, or one file of graphs with its 10fold_idx")
    }
    var scanner = Scanner(NumberLines(file.bytes, file: files.path, member: file.name))
    let graphs = try scanner.read()
    return (graphs, try folds(files, graphs: graphs.graphCount))
  }

  private static func foldNumber(_ name: String, _ part: String) -> Int? {
    guard name.hasPrefix("\(part)_idx-"), name.hasSuffix(".txt") else { return nil }
    return Int(name.dropFirst(part.count + 5).dropLast(4))
  }

  private static func folds(_ files: MemberFiles, graphs: Int) throws(BasinError) -> [Fold] {
    var folds: [Fold] = []
    while true {
      let number = folds.count + 1
      func part(_ name: String) throws(BasinError) -> [Int]? {
        guard let member = files.members.first(where: { foldNumber($0.lastName, name) == number }) else { return nil }
        let lines = NumberLines(member.bytes, file: files.path, member: member.name)
        let numbers = try lines.integers(columns: 1).values
        for (row, graph) in numbers.enumerated() where graph < 0 || graph >= Int64(graphs) {
          throw lines.failure(row: row, "graph \(graph), but there are graphs 0 to \(graphs - 1)")
        }
        return numbers.map { Int($0) }.sorted()
      }
      guard let train = try part("train"), let test = try part("test") else { return folds }
      let all = (train + test).sorted()
      if let twice = zip(all, all.dropFirst()).first(where: ==) {
        throw .badData("fold \(number) lists graph \(twice.0) twice", file: files.path, advice: "Fetch the set again")
      }
      folds.append(Fold(train: train, test: test))
    }
  }

  /// Goes through the lines of the file of graphs.
  private struct Scanner {
    private let lines: NumberLines
    private var position = 0
    private var line = 0

    init(_ lines: NumberLines) { self.lines = lines }

    private func failure(_ message: String) -> BasinError { lines.failure(row: line - 1, message) }

    /// The numbers of the next line.
    private mutating func next(_ what: String) throws(BasinError) -> [Double] {
      line += 1
      guard position < lines.bytes.count else {
        throw failure("the file ends where \(what) is expected")
      }
      let end = lines.bytes[position...].firstIndex(of: 10) ?? lines.bytes.count
      var numbers: [Double] = []
      for token in lines.bytes[position..<end].split(whereSeparator: isSpace) {
        guard let number = token.withUnsafeBufferPointer({ parseReal($0) }), number.isFinite else {
          throw failure(
            "expected a number, found \(String(decoding: token.prefix(40), as: UTF8.self).debugDescription)")
        }
        numbers.append(number)
      }
      position = end + 1
      return numbers
    }

    private func count(_ number: Double, _ what: String) throws(BasinError) -> Int {
      guard let count = Int(exactly: number), (0...Int(Int32.max)).contains(count) else {
        throw failure("\(number) \(what)")
      }
      return count
    }

    mutating func read() throws(BasinError) -> GraphCollection {
      var result = GraphCollection(file: lines.file)
      let header = try next("the number of graphs")
      guard header.count == 1 else { throw failure("expected the number of graphs") }
      let graphs = try count(header[0], "graphs")
      var labels: [Int] = []
      var tags: [Int64] = []
      var attributes = NumberTable<Double>()
      for graph in 0..<graphs {
        let numbers = try next("graph \(graph) of \(graphs)")
        guard numbers.count == 2 else { throw failure("expected the nodes and the label of graph \(graph)") }
        let (nodes, first) = (try count(numbers[0], "nodes"), tags.count)
        guard let label = Int(exactly: numbers[1]) else {
          throw failure("the label \(numbers[1]) is not a whole number")
        }
        labels.append(label)
        for node in 0..<nodes {
          try readNode(node, of: nodes, first: first, &tags, &attributes, into: &result)
        }
        result.nodePointers.append(tags.count)
        result.edgePointers.append(result.sources.count)
      }
      while position < lines.bytes.count {
        guard try next("nothing").isEmpty else { throw failure("more than the \(graphs) graphs the first line says") }
      }
      let classes = Set(labels).sorted()
      let number = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, Int32(truncatingIfNeeded: $0)) })
      result.labels = labels.map { number[$0] ?? -1 }
      result.classNames = classes.map { String($0) }
      result.nodeAttributes = [AttributeColumn(name: "label", integers: tags)]
      result.nodeAttributes += (0..<attributes.columns).map {
        AttributeColumn(name: "attribute.\($0)", reals: attributes.column($0))
      }
      return result
    }

    private mutating func readNode(
      _ node: Int, of nodes: Int, first: Int, _ tags: inout [Int64], _ attributes: inout NumberTable<Double>,
      into result: inout GraphCollection
    ) throws(BasinError) {
      let numbers = try next("node \(node) of \(nodes)")
      guard numbers.count >= 2, let tag = Int64(exactly: numbers[0]) else {
        throw failure("expected a node: its tag, its degree, its neighbours")
      }
      let degree = try count(numbers[1], "neighbours")
      guard numbers.count >= 2 + degree else {
        throw failure("\(numbers.count - 2) neighbours, but the degree is \(degree)")
      }
      for neighbour in numbers[2..<2 + degree] {
        guard let other = Int(exactly: neighbour), other >= 0, other < nodes else {
          throw failure("neighbour \(neighbour), but the graph has nodes 0 to \(nodes - 1)")
        }
        result.sources.append(Int32(truncatingIfNeeded: first + node))
        result.targets.append(Int32(truncatingIfNeeded: first + other))
      }
      let extra = numbers.count - 2 - degree
      if tags.isEmpty { attributes.columns = extra }
      guard extra == attributes.columns else {
        throw failure("\(extra) numbers behind the neighbours, but the first node has \(attributes.columns)")
      }
      attributes.values += numbers[(2 + degree)...]
      tags.append(tag)
      guard tags.count <= Int(Int32.max) else { throw failure("too many nodes") }
    }
  }
}
