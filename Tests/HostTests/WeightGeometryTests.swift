import Host
import PluginAPI
import Testing

@Suite("weight geometry") struct WeightGeometryTests {
  private let names = ["0.weight", "0.bias", "2.weight", "2.bias", "conv.weight"]

  @Test(
    "directions normalized by filter and by layer as in Li et al.", arguments: WeightDirection.Normalization.allCases)
  func normalization(kind: WeightDirection.Normalization) throws {
    let fixture = try LandscapeFixture()
    let weights = try names.map { try fixture["weight.\($0)"] }
    let raw = try names.map { try fixture["raw.\($0)"] }
    let found = try WeightDirection(kind).normalized(raw, like: weights)
    #expect(found.allSatisfy { $0.dtype == .float64 })
    guard kind != .none else {
      #expect(try abs(VectorMath.norm(found) - 1) < 1e-12)
      return
    }
    for (name, tensor) in zip(names, found) {
      #expect(try relativeError(tensor, fixture["\(kind.rawValue).\(name)"]) < 1e-7, "\(name)")
    }
  }

  @Test("vectors may be scaled to the length of the weights' instead of left where they are")
  func vectors() throws {
    let weight = try Tensor([Float(3), 4]), raw = try Tensor([Float(1), 1])
    let scaled = try WeightDirection(.filter, vectors: .scaled).normalized([raw], like: [weight])
    #expect(try abs(VectorMath.norm(scaled) - 5) < 1e-8)
    #expect(
      try abs(VectorMath.norm(WeightDirection(.none, vectors: .scaled).normalized([raw], like: [weight])) - 1) < 1e-12)
  }

  @Test("random directions are a function of seed and path alone")
  func random() throws {
    let weights = try ["a", "b"].map { (path: $0, tensor: try Tensor.ones([8, 5])) }
    let direction = WeightDirection()
    func values(_ list: [(path: String, tensor: Tensor)], _ seed: UInt64) throws -> [[Double]] {
      try direction.random(list, Random(seed: seed)).map { try $0.values(Double.self) }
    }
    let first = try values(weights, 1)
    #expect(try values(weights, 1) == first)
    #expect(try values(weights.reversed(), 1) == first.reversed())
    #expect(try values(weights, 2) != first)
    #expect(first[0] != first[1])
    // Filters of length sqrt(5), as the weights'.
    for row in 0..<8 {
      let square = first[0][row * 5..<(row + 1) * 5].reduce(0) { $0 + $1 * $1 }
      #expect(abs(square - 5) < 1e-6)
    }
  }

  @Test("the plane's three points are where the distances say, and lead back to the weights")
  func plane() throws {
    func weights(_ name: String) throws -> [Tensor] {
      try [[4, 3], [7], [2, 2, 3]].enumerated().map { index, shape in
        let tensor = try Tensor.empty(shape)
        try tensor.fillNormal(deviation: 1, Random(seed: 9)[name][index])
        return tensor
      }
    }
    let three = try ["o", "a", "b"].map(weights)
    let plane = try WeightPlane(three[0], three[1], three[2])
    func distance(_ i: Int, _ j: Int) throws -> Double {
      try VectorMath.norm(zip(three[i], three[j]).map { try $0.to(.float64) - $1.to(.float64) })
    }
    func apart(_ i: Int, _ j: Int) -> Double {
      let (a, b) = (plane.positions[i], plane.positions[j])
      return ((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)).squareRoot()
    }
    #expect(plane.positions[0].x == 0 && plane.positions[0].y == 0)
    #expect(plane.positions[1].y == 0 && plane.positions[2].y > 0)
    for (i, j) in [(0, 1), (0, 2), (1, 2)] { #expect(try abs(apart(i, j) - distance(i, j)) < 1e-9) }
    #expect(try abs(VectorMath.dot(plane.u, plane.v)) < 1e-12)
    #expect(try abs(VectorMath.norm(plane.u) - 1) < 1e-12 && abs(VectorMath.norm(plane.v) - 1) < 1e-12)
    for (position, expected) in zip(plane.positions, three) {
      for (a, b) in zip(try plane.weights(at: position), expected) { #expect(try relativeError(a, b) < 1e-12) }
    }
  }

  @Test("three weights on a line, and two that are the same, span no plane")
  func degenerate() throws {
    let o = try [Tensor([Float(1), 2, 3])], a = try [Tensor([Float(2), 2, 3])], far = try [Tensor([Float(4), 2, 3])]
    #expect(throws: BasinError.self) { try WeightPlane(o, a, far) }
    #expect(throws: BasinError.self) { try WeightPlane(o, o, a) }
    #expect(throws: BasinError.self) { try WeightPlane(o, a, o) }
  }

  @Test("variance, distances and cosines of weights")
  func spread() throws {
    let weights: [[[Float]]] = [[[1, 0], [0]], [[0, 1], [2]], [[-1, -1], [1]]]
    let spread = try WeightSpread(names: ["a", "b"], weights.map { try $0.map { try Tensor($0) } })
    // a: mean 0, squared lengths 1, 1, 2. b: mean 1, squared distances 1, 1, 0.
    #expect(spread.layers.map(\.name) == ["a", "b"] && spread.layers.map(\.parameters) == [2, 1])
    #expect(abs(spread.layers[0].variance - 4.0 / 3) < 1e-12 && abs(spread.layers[1].variance - 2.0 / 3) < 1e-12)
    #expect(abs(spread.variance - 2) < 1e-12 && abs(spread.meanNorm - 1) < 1e-12)
    #expect(abs(spread.distances[0][1] - 6.0.squareRoot()) < 1e-12 && spread.distances[1][0] == spread.distances[0][1])
    #expect(spread.distances[2][2] == 0)
    #expect(abs(spread.cosines[0][2] - -1 / 3.0.squareRoot()) < 1e-12 && abs(spread.cosines[1][1] - 1) < 1e-12)
  }
}
