import PluginAPI
import Testing

struct OperatorTests {
  private let x: Tensor

  init() throws { x = try Tensor([1.0, 2, 3, 4, 5, 6], shape: [2, 3]) }

  @Test func listsOfEveryKind() throws {
    #expect(try Operator("aten::cat")(.tensors([x, x]), .int(1)).shape == [2, 6])
    #expect(try Operator("aten::permute")(.tensor(x), .ints([1, 0])).doubles() == [1, 4, 2, 5, 3, 6])
    let picture = try x.reshaped([1, 1, 2, 3])
    let enlarged = try Operator("aten::upsample_nearest2d", "vec")(.tensor(picture), .none, .doubles([2, 3]))
    #expect(enlarged.shape == [1, 1, 4, 9])
    #expect(try Operator("aten::sum", "dim_IntList")(.tensor(x), .ints([])).doubles() == [21])
    let parts = try Operator("aten::native_layer_norm").many(.tensor(x), .ints([3]), .none, .none, .double(1e-5))
    try #require(parts.count == 3)
    let backward = Operator("aten::native_layer_norm_backward")
    func masked(_ mask: [Bool]) throws -> [Tensor] {
      try backward.many(
        .tensor(x), .tensor(x), .ints([3]), .tensor(parts[1]), .tensor(parts[2]), .tensor(Tensor.ones([3], .float64)),
        .none,
        .bools(mask))
    }
    #expect(try masked([true, false, false]).count == 1)
    #expect(try masked([true, true, false]).count == 2)
  }

  @Test func optionalTensorsInAList() throws {
    let columns = try Tensor([Int64(2), 0])
    let index = Operator("aten::index", "Tensor")
    #expect(try index(.tensor(x), .optionalTensors([nil, columns])).doubles() == [3, 1, 6, 4])
    #expect(try index(.tensor(x), .optionalTensors([Tensor([Int64(1)])])).doubles() == [4, 5, 6])
  }

  @Test func scalarsTextTypesAndDefaults() throws {
    #expect(
      try Operator("aten::div", "Tensor_mode")(.tensor(x), .tensor(Tensor([2.0])), .string("floor")).doubles() == [
        0, 1, 1, 2, 2, 3,
      ])
    #expect(try Operator("aten::sum")(.tensor(x), .dtype(.float32)).dtype == .float32)
    #expect(try Operator("aten::sum")(.tensor(x)).dtype == .float64)
    #expect(try Operator("aten::add", "Tensor")(.tensor(x), .tensor(x), .defaulted).doubles() == [2, 4, 6, 8, 10, 12])
    #expect(try Operator("aten::mean", "dim")(.tensor(x), .ints([1]), .defaulted, .dtype(.float32)).dtype == .float32)
    #expect(try Operator("aten::clamp")(.tensor(x), .none, .double(2)).doubles() == [1, 2, 2, 2, 2, 2])
    #expect(try Operator("aten::to", "device")(.tensor(x), .device(.cpu), .dtype(.int64)).dtype == .int64)
  }

  @Test func severalResultsAndNumbers() throws {
    let results = try Operator("aten::max", "dim").many(.tensor(x), .int(1))
    #expect(try results.map { try $0.doubles() } == [[3, 6], [2, 2]])
    guard case .int(let extent)? = try Operator("aten::size", "int").call([.tensor(x), .int(1)]).first else {
      Issue.record("no integer came back")
      return
    }
    #expect(extent == 3)
    guard case .bool(let same)? = try Operator("aten::equal").call([.tensor(x), .tensor(x)]).first else {
      Issue.record("no bool came back")
      return
    }
    #expect(same)
  }

  @Test func unknownOperatorsSayTheirName() {
    let error = #expect(throws: BasinError.self) { _ = try Operator("aten::nonesuch")(.int(1)) }
    #expect(error?.kind == .internalError && error?.message.contains("aten::nonesuch") == true)
    let overload = #expect(throws: BasinError.self) {
      _ = try Operator("aten::add", "Nonesuch")(.tensor(x), .tensor(x))
    }
    #expect(overload?.message.contains("add.Nonesuch") == true)
    #expect(throws: BasinError.self) { _ = try Operator("")(.int(1)) }
  }

  @Test func argumentsThatDoNotFitAreErrors() throws {
    let tooMany = #expect(throws: TensorError.self) { _ = try Operator("aten::relu")(.tensor(x), .int(1), .int(2)) }
    #expect(tooMany?.operation == "relu")
    #expect(tooMany?.message.contains("takes 1 arguments, not 3") == true)
    let tooFew = #expect(throws: TensorError.self) { _ = try Operator("aten::matmul")(.tensor(x)) }
    #expect(tooFew?.message.contains("'other' is missing") == true)
    let noDefault = #expect(throws: TensorError.self) { _ = try Operator("aten::relu")(.defaulted) }
    #expect(noDefault?.message.contains("no default") == true)
    #expect(throws: TensorError.self) { _ = try Operator("aten::relu")(.int(3)) }
    #expect(throws: TensorError.self) { _ = try Operator("aten::relu")(.none) }
    #expect(throws: TensorError.self) { _ = try Operator("aten::permute")(.tensor(x), .double(1)) }
    #expect(throws: TensorError.self) { _ = try Operator("aten::permute")(.tensor(x), .tensor(x)) }
    #expect(throws: TensorError.self) { _ = try Operator("aten::cat")(.tensor(x)) }
    #expect(throws: TensorError.self) { _ = try Operator("aten::cat")(.tensors([])) }
    #expect(throws: TensorError.self) {
      _ = try Operator("aten::layer_norm")(.tensor(x), .ints([3]), .none, .none, .string("a"))
    }
  }

  @Test func moreResultsThanFitAreAnError() throws {
    let error = #expect(throws: TensorError.self) { _ = try Tensor.zeros([600]).split(1) }
    #expect(error?.message.contains("more than 512") == true)
    #expect(try Tensor.zeros([512]).split(1).count == 512)
  }

  @Test func operatorsWithoutATensorResultSaySo() {
    #expect(throws: TensorError.self) { _ = try Operator("aten::equal")(.tensor(x), .tensor(x)) }
  }
}
