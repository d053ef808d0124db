import Foundation
import Graph
import PluginAPI
import Testing

@Suite("Graph data sets")
struct DatasetTests {
  private func planetoid(_ name: String, _ options: PlanetoidDataset.Settings = .init()) throws -> PlanetoidDataset {
    try PlanetoidDataset(options, source: DataSource(name: name, root: GraphTestData.data), random: Random(seed: 0))
  }

  private func withGraphML<R>(_ text: String, _ body: (String) throws -> R) throws -> R {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("basin-graph-\(UUID().uuidString).graphml")
    try Data(text.utf8).write(to: path)
    defer { try? FileManager.default.removeItem(at: path) }
    return try body(path.path)
  }

  private func graphML(_ options: GraphFileDataset.Settings = .init(), _ path: String) throws -> GraphFileDataset {
    try GraphFileDataset(options, source: DataSource(name: "graphml", path: path), random: Random(seed: 0))
  }

  private static let small = """
    <graphml xmlns="http://graphml.graphdrawing.org/xmlns"><key id="c" for="node" attr.name="label" attr.type="string"/>
    <key id="x" for="node" attr.name="x" attr.type="double"/>
    <key id="s" for="node" attr.name="part" attr.type="string"/>
    <graph edgedefault="directed">
    <node id="a"><data key="c">u</data><data key="x">2</data><data key="s">train</data></node>
    <node id="b"><data key="c">v</data><data key="x">4</data><data key="s">test</data></node>
    <node id="c"><data key="c">u</data><data key="x">1</data><data key="s">train</data></node>
    <edge source="a" target="b"/></graph></graphml>
    """

  @Test("Cora as published", .enabled(if: GraphTestData.has("planetoid/cora")))
  func cora() throws {
    let cora = try planetoid("cora")
    #expect(Split.allCases.map { cora.count($0) } == [140, 500, 1000])
    #expect(cora.facts.shape.features == 1433)
    #expect(cora.facts.task == .classification(classes: 7))
    #expect(cora.files.count == 8)
    #expect(try cora.inspection().nodes == 2708)
    let labels = try #require(cora.labels(.train))
    #expect((0..<7).allSatisfy { label in labels.count { $0 == label } == 20 })

    let ids = Array(0..<140)
    let first = try cora.batch(ids, of: .train, augmentation: nil)
    #expect(try first.target.values(Int64.self) == labels.map { Int64($0) })
    let row = first.input.graph.features.row(0)
    #expect(abs(row.reduce(0) { $0 + $1.value } - 1) < 1e-5)
    _ = try cora.batch(Array(0..<500), of: .validation, augmentation: nil)
    _ = try cora.batch([3, 1], of: .train, augmentation: nil)
    let again = try cora.batch(ids, of: .train, augmentation: nil)
    #expect(again.input.graph === first.input.graph)
    #expect(again.input.items.isIdentical(to: first.input.items))
    #expect(again.target.isIdentical(to: first.target))
    #expect(try cora.batch([3, 1], of: .train, augmentation: nil).input.items.values(Int64.self) == [3, 1])
    #expect(throws: BasinError.self) { try cora.batch([140], of: .train, augmentation: nil) }
    #expect(throws: BasinError.self) { try cora.batch([-1], of: .train, augmentation: nil) }
  }

  @Test("the options of Planetoid sets", .enabled(if: GraphTestData.has("planetoid/citeseer")))
  func citeseer() throws {
    #expect(Split.allCases.map { try? planetoid("citeseer").count($0) } == [120, 500, 1000])
    var options = PlanetoidDataset.Settings()
    options.normalize = false
    options.selfLoops = false
    let (raw, whole) = (try planetoid("citeseer", options), try planetoid("citeseer"))
    let a = try raw.batch([0], of: .train, augmentation: nil).input.graph
    let b = try whole.batch([0], of: .train, augmentation: nil).input.graph
    #expect(a.features.values.allSatisfy { $0 == 1 })
    #expect(b.features.values.contains { $0 < 0.1 })
    #expect(b.adjacency.entryCount - a.adjacency.entryCount == 124)
  }

  @Test("PubMed without allx is a clear error", .enabled(if: GraphTestData.has("planetoid/pubmed")))
  func pubmed() throws {
    let error = #expect(throws: BasinError.self) { try planetoid("pubmed") }
    #expect(error?.kind == .missingInput)
    #expect(error?.message.contains("ind.pubmed.allx") == true)
    let rootless = #expect(throws: BasinError.self) {
      try PlanetoidDataset(.init(), source: DataSource(name: "cora"), random: Random(seed: 0))
    }
    #expect(rootless?.kind == .missingInput)
  }

  @Test("GraphML: direction, splits, features")
  func graphml() throws {
    try withGraphML(Self.small) { path in
      var options = GraphFileDataset.Settings()
      options.split = "part"
      let data = try graphML(options, path)
      #expect(Split.allCases.map { data.count($0) } == [2, 0, 1])
      #expect(data.facts.classNames == ["u", "v"])
      #expect(data.files == [path])
      let graph = try data.batch([0], of: .test, augmentation: nil).input.graph
      // b hears a, a hears nobody.
      #expect(graph.adjacency.row(1).map(\.column) == [0])
      #expect(graph.adjacency.row(0).isEmpty)
      #expect(graph.features.values == [2, 4, 1])
      options.symmetric = true
      let both = try graphML(options, path).batch([0], of: .test, augmentation: nil).input.graph
      #expect(both.adjacency.row(0).map(\.column) == [1])
      options.split = "none such"
      #expect(try graphML(options, path).count(.train) == 3)
      options.label = "nothing"
      #expect(throws: BasinError.self) { try graphML(options, path) }
    }
    try withGraphML(Self.small.replacingOccurrences(of: ">v<", with: ">u<")) { path in
      let data = try graphML(.init(), path)
      #expect(data.count(.train) == 0)
      #expect(try data.inspection().warnings.first?.message.contains("1 classes") == true)
    }
    #expect(throws: BasinError.self) {
      try GraphFileDataset(.init(), source: DataSource(name: "graphml"), random: Random(seed: 0))
    }
  }

  @Test("the data set shipped with the module")
  func communities() throws {
    let path = GraphTestData.root + "/Sources/Graph/Resources/communities.graphml"
    let data = try CommunitiesDataset(.init(), path: path)
    #expect(Split.allCases.map { data.count($0) } == [100, 300, 500])
    #expect(data.facts.task == .classification(classes: 5))
    #expect(data.facts.shape.features == 150)
  }

  @Test("a short training run learns the communities")
  func learning() throws {
    let path = GraphTestData.root + "/Sources/Graph/Resources/communities.graphml"
    let data = try CommunitiesDataset(.init(), path: path)
    let model = try GCN(.init(), shape: data.facts.shape, task: data.facts.task)
    try model.initialize(Random(seed: 0))
    let (input, target) = try data.batch(Array(0..<100), of: .train, augmentation: nil)
    let parameters = model.tensors().map(\.tensor)
    let (first, second) = (
      try parameters.map { try Tensor.zeros($0.shape) }, try parameters.map { try Tensor.zeros($0.shape) }
    )
    let steps = try parameters.map { _ in try Tensor.zeros([]) }
    let adam = Operator("aten::_fused_adam_")
    for step in 0..<200 {
      for parameter in parameters { try parameter.clearGradient() }
      let random = RandomStream(Random(seed: 0)["dropout"][step])
      try crossEntropy(model(input, .train(random)).prediction, target).backward()
      let gradients = try parameters.compactMap { try $0.gradient() }
      try LibTorch.withoutGradient {
        for count in steps { try count.fill(Double(step + 1)) }
        try adam.run(
          .tensors(parameters), .tensors(gradients), .tensors(first), .tensors(second), .tensors([]), .tensors(steps),
          .double(0.01), .double(0.9), .double(0.999), .double(5e-4), .double(1e-8), .bool(false), .bool(false))
      }
    }
    let test = try data.batch(Array(0..<500), of: .test, augmentation: nil)
    let accuracy = try model(test.input, .evaluate).prediction.argmax(1).equals(test.target).to(.float32).mean().item()
    #expect(accuracy > 0.45, "chance is 0.2; got \(accuracy)")
  }

  @Test("the module registers what its manifest says")
  func module() throws {
    var registry = Registry(module: "graph", domain: "graph")
    GraphModule().register(in: &registry)
    #expect(registry.models.count == 13)
    #expect(registry.datasets.contains { $0.name == "cora" })
    let manifest = GraphModule.manifest.description
    let pieces = manifest.components(separatedBy: "BASIN-MODULE-MANIFEST")
    let object = try JSONSerialization.jsonObject(with: Data(pieces[1].dropLast(5).utf8)) as? [String: Any]
    #expect(object?["models"] as? [String] == registry.models.map(\.name))
    #expect(object?["formats"] as? [String] == registry.datasets.filter(\.isFormat).map(\.name))
    #expect(object?["datasets"] as? [String] == registry.datasets.filter { !$0.isFormat }.map(\.name))
    let model = try #require(registry.models.first)
    #expect(model.recipe.epochs == 200 && model.recipe.batchSize == nil)
  }
}
