import PluginAPI

/// GraphSAGE (Hamilton et al. 2017), for nodes and for graphs: full neighbourhoods, or some neighbours drawn anew at
/// each step of training.
public final class GraphSAGE: GraphNetwork, Model {
  public struct Settings: NetworkSettings {
    public var network = NetworkShape(hidden: 64, layers: 2, dropout: 0.5)
    public var reduction = NeighborReduction.mean
    public var neighbors = ""

    public init() {}

    public static var fields: [Field<Self>] {
      networkFields + [
        Field("reduction", \.reduction, choices: NeighborReduction.self, "how a node's neighbours are put together"),
        Field(
          "neighbors", text: \.neighbors,
          "neighbours drawn for each node in training, the last layer's first, such as 25,10; empty: all"),
      ]
    }

    /// - Throws: `BasinError` of kind usage for anything but a list of numbers from 1.
    func fanouts() throws -> [Int] {
      guard !neighbors.isEmpty else { return [] }
      return try neighbors.split(separator: ",", omittingEmptySubsequences: false).map { part in
        guard let count = Int(part), count > 0, count <= 65_536 else {
          throw BasinError.usage(
            "model graphsage: neighbors cannot be '\(neighbors)'", advice: "It takes numbers from 1, such as 25,10")
        }
        return count
      }
    }
  }

  public let convs: [SampleConvolution]
  private let fanouts: [Int]

  public init(_ options: Settings, shape: GraphBatch.Shape, task: Task) throws {
    try Self.check("graphsage", shape, task)
    fanouts = try options.fanouts()
    let last = shape.level == .node ? [task.outputs] : [options.network.hidden]
    let widths =
      [shape.features] + Array(repeating: options.network.hidden, count: options.network.layers - 1) + last
    convs = try zip(widths, widths.dropFirst()).map {
      try SampleConvolution($0, $1, reduction: options.reduction)
    }
    try super.init(
      options.network, widths: convs.map(\.outputWidth), level: shape.level, outputs: task.outputs, weighting: .mean)
  }

  public func callAsFunction(_ input: GraphBatch, _ mode: Mode) throws -> Output {
    var drawn: (counts: [Int], random: Random)?
    if !fanouts.isEmpty, case .train(let random) = mode { drawn = (fanouts, random.next()) }
    return try predicting(input, depth: convs.count, mode, fanouts: drawn) {
      try predict(convs, $0, like: convs[0].lin_r.weight, mode)
    }
  }
}
