import PluginAPI
import Testing

class Stem: Module {
  let stem: Linear
  init(_ width: Int) throws { stem = try Linear(width, 4) }
}

final class Block: Module {
  let conv1: Conv2d
  let bn1: BatchNorm
  let shortcut: Linear?

  init(shortcut: Bool) throws {
    conv1 = try Conv2d(3, 4, 3, bias: false)
    bn1 = try BatchNorm(4)
    self.shortcut = shortcut ? try Linear(2, 2, bias: false) : nil
  }
}

final class NestedNetwork: Stem {
  let layers: [Block]
  let stages: [[Linear]]
  let perhaps: [Linear?]
  let later: [Linear]?
  let widths = [3, 4, 5]
  let table: [[Double]] = [[1, 2], [3]]
  @Parameter var token: Tensor

  init() throws {
    layers = [try Block(shortcut: false), try Block(shortcut: true)]
    stages = [[], [try Linear(1, 1, bias: false), try Linear(2, 1, bias: false)], [try Linear(3, 1, bias: false)]]
    perhaps = [nil, try Linear(2, 3, bias: false)]
    later = [try Linear(2, 5, bias: false)]
    _token = try Parameter(shape: [2], .constant(0), key: "class_token")
    try super.init(3)
  }
}

struct TensorErrorTests {
  private func expectShapes(_ operation: String, _ shapes: [[Int]], _ body: () throws -> Void) {
    guard let error = #expect(throws: TensorError.self, performing: body) else { return }
    #expect(error.operation == operation)
    for shape in shapes { #expect(error.description.contains("\(shape)"), "\(error)") }
    #expect(error.shapes == shapes)
    #expect(!error.message.isEmpty)
  }

  @Test func operationAndBothShapesAreInTheMessage() throws {
    func zeros(_ shape: Int...) throws -> Tensor { try Tensor.zeros(shape) }
    expectShapes("matmul", [[2, 3], [4, 5]]) { _ = try zeros(2, 3).matmul(zeros(4, 5)) }
    expectShapes("add", [[2, 3], [4]]) { _ = try zeros(2, 3) + zeros(4) }
    expectShapes("linear", [[2, 3], [5, 4]]) { _ = try linear(zeros(2, 3), zeros(5, 4)) }
    expectShapes("conv2d", [[1, 3, 8, 8], [4, 2, 3, 3]]) { _ = try conv2d(zeros(1, 3, 8, 8), zeros(4, 2, 3, 3)) }
    expectShapes("cat", [[2, 3], [2, 4]]) { _ = try Tensor.concatenate([zeros(2, 3), zeros(2, 4)]) }
    expectShapes("reshape", [[2, 3]]) { _ = try zeros(2, 3).reshaped([4]) }
    expectShapes("copy_", [[2], [3]]) { try zeros(2).copy(from: zeros(3)) }
    expectShapes("select", [[2]]) { _ = try zeros(2).select(2) }
    expectShapes("cross_entropy_loss", [[2, 3], [3]]) {
      _ = try crossEntropy(zeros(2, 3), Tensor([Int64(0), 1, 2]))
    }
  }

  @Test func tensorsAreFoundByPathInOrderOfDeclaration() throws {
    let paths = try NestedNetwork().tensors().map(\.path)
    #expect(
      paths == [
        "stem.weight", "stem.bias", "layers.0.conv1.weight", "layers.0.bn1.weight", "layers.0.bn1.bias",
        "layers.0.bn1.running_mean", "layers.0.bn1.running_var", "layers.0.bn1.num_batches_tracked",
        "layers.1.conv1.weight", "layers.1.bn1.weight", "layers.1.bn1.bias", "layers.1.bn1.running_mean",
        "layers.1.bn1.running_var", "layers.1.bn1.num_batches_tracked", "layers.1.shortcut.weight", "stages.1.0.weight",
        "stages.1.1.weight", "stages.2.0.weight", "perhaps.1.weight", "later.0.weight", "class_token",
      ])
  }

  @Test func rolesAreThoseOfTheProperties() throws {
    let roles = Dictionary(try NestedNetwork().tensors().map { ($0.path, $0.role) }) { $1 }
    #expect(roles["layers.0.bn1.weight"] == .parameter)
    #expect(roles["layers.0.bn1.running_var"] == .statistic)
    #expect(roles["layers.0.bn1.num_batches_tracked"] == .counter)
  }

  @Test func errorsNameTheInnermostLayer() throws {
    let network = try NestedNetwork()
    let wrong = try Tensor.zeros([7, 9])
    let shortcut = try #require(network.layers[1].shortcut)
    let perhaps = try #require(network.perhaps[1])
    let later = try #require(network.later)
    let cases: [(String, () throws -> Void)] = [
      ("stem", { _ = try network.stem(wrong) }),
      ("layers.0.conv1", { _ = try network.layers[0].conv1(wrong) }),
      ("layers.1.shortcut", { _ = try shortcut(wrong) }),
      ("stages.1.1", { _ = try network.stages[1][1](wrong) }),
      ("stages.2.0", { _ = try network.stages[2][0](wrong) }),
      ("perhaps.1", { _ = try perhaps(wrong) }),
      ("later.0", { _ = try later[0](wrong) }),
      ("layers.0.bn1", { _ = try network.layers[0].bn1(wrong, .evaluate) }),
    ]
    for (path, body) in cases {
      let thrown = #expect(throws: TensorError.self) { try network.located { try body() } }
      let error = network.locating(try #require(thrown))
      #expect(error.path == path)
      #expect(error.description.contains("(in layer \(path))"))
      #expect(error.description.contains("[7, 9]"))
    }
  }

  @Test func errorsOutsideEveryLayerNameTheModel() throws {
    let network = try NestedNetwork()
    let thrown = #expect(throws: TensorError.self) { _ = try Tensor.zeros([2]).matmul(Tensor.zeros([3])) }
    let error = network.locating(try #require(thrown))
    #expect(error.path == "")
    #expect(error.description.contains("(in the model itself)"))
  }

  @Test func otherErrorsPassThroughUnchanged() throws {
    let network = try NestedNetwork()
    #expect(throws: BasinError.usage("stop")) { try network.located { throw BasinError.usage("stop") } }
  }

  @Test func layersThatCannotBeAreErrors() throws {
    #expect(throws: (any Error).self) { _ = try Conv2d(3, 4, 3, groups: 0) }
    let headless = try MultiHeadAttention(4, heads: 0)
    #expect(throws: TensorError.self) { _ = try headless(Tensor.zeros([1, 2, 4])) }
    let norm = try BatchNorm(3)
    #expect(throws: TensorError.self) { _ = try norm(Tensor(scalar: Float(1)), .estimateStatistics(MomentCollector())) }
    #expect(throws: TensorError.self) { _ = try norm(Tensor.zeros([2, 4]), .estimateStatistics(MomentCollector())) }
    #expect(throws: TensorError.self) { _ = try Embedding(3, 2)(Tensor([Int64(3)])) }
    #expect(throws: TensorError.self) { _ = try Embedding(3, 2)(Tensor([Int64(-1)])) }
  }
}
