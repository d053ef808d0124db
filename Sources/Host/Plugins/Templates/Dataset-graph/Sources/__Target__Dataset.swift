import PluginAPI

/// One graph whose nodes belong to communities, made from a seed: an edge mostly stays within a community, a node's words
/// mostly are its community's. The class of a node is its community.
public struct __Target__Dataset: Dataset {
  public struct DatasetOptions: Options {
    public var nodes = 600
    public var communities = 4
    public var edges = 3
    public var words = 32
    public var mixing = 0.3
    public var dataSeed = 0

    public init() {}

    // Name, property, range and help of each: `basin describe dataset __name__` shows them, `--set dataset.nodes=900` sets one.
    public static var fields: [Field<Self>] {
      [
        Field("nodes", \.nodes, in: 100...1_000_000, "nodes of the graph"),
        Field("communities", \.communities, in: 2...20, "communities, all of one size"),
        Field("edges", \.edges, in: 1...50, "edges that each node begins"),
        Field("words", \.words, in: 20...10_000, "different words, which are the features"),
        Field("mixing", \.mixing, in: 0...1, "part of edges and words that have nothing to do with the community"),
        Field("dataSeed", \.dataSeed, in: 0...Int.max, "seed of the graph; the run's seed does not touch it"),
      ]
    }
  }

  private let options: DatasetOptions
  private let graph: GraphBatch.Graph
  /// The nodes of each split: half of them to train on, a quarter each to validate and to test on.
  private let nodes: [Split: [Int]]

  /// Reads the data: here there is none. `source` has a data root or path where there is; `random` is the same in every run.
  public init(_ options: DatasetOptions, source: DataSource, random: Random) throws {
    self.options = options
    let random = random[options.dataSeed]
    func drawn(_ name: String, _ node: Int, _ count: Int, of total: Int) -> [Int] {
      let chance = random[name]["mixed"][node].uniform(count), anything = random[name][node].integers(count, below: total)
      return zip(chance, anything).map { chance, index in
        // The one of the community's that is nearest: communities are every `communities`-th node and word.
        let own = index - index % options.communities + node % options.communities
        return Double(chance) < options.mixing || own >= total ? index : own
      }
    }
    var pairs: [(row: Int32, column: Int32)] = [], words: [(row: Int32, column: Int32)] = []
    for node in 0..<options.nodes {
      for other in drawn("edges", node, options.edges, of: options.nodes) where other != node {
        pairs += [(Int32(node), Int32(other)), (Int32(other), Int32(node))]
      }
      words += drawn("words", node, 4, of: options.words).map { (Int32(node), Int32($0)) }
    }
    graph = try GraphBatch.Graph(
      features: .indicator(rows: options.nodes, columns: options.words, pairs: words),
      adjacency: .indicator(rows: options.nodes, columns: options.nodes, pairs: pairs), graphPointers: nil)
    let order = random["splits"].permutation(options.nodes)
    let half = options.nodes / 2, quarter = options.nodes / 4
    nodes = [
      .train: order[..<half].sorted(), .validation: order[half..<half + quarter].sorted(), .test: order[(half + quarter)...].sorted(),
    ]
  }

  public var facts: DatasetFacts<GraphBatch.Shape> {
    DatasetFacts(
      shape: GraphBatch.Shape(features: options.words, level: .node, meanNodes: Double(options.nodes)),
      task: .classification(classes: options.communities))
  }

  public func count(_ split: Split) -> Int { nodes[split]?.count ?? 0 }

  public func labels(_ split: Split) -> [Int32]? { nodes[split]?.map { label($0) } }

  /// The graph with the numbers of the nodes to predict for, and their communities `[N]`.
  public func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: GraphBatch, target: Tensor) {
    let own = nodes[split] ?? []
    let chosen = ids.map { own[$0] }
    return (GraphBatch(graph: graph, nodes: try Tensor(chosen.map(Int64.init))), try Tensor(chosen.map { Int64(label($0)) }))
  }

  private func label(_ node: Int) -> Int32 { Int32(node % options.communities) }
}
