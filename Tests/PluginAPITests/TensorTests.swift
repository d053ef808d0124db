import PluginAPI
import Testing

struct TensorTests {
  @Test func elementsComeBackInRowMajorOrder() throws {
    let tensor = try Tensor([Float](arrayLiteral: 1, 2, 3, 4, 5, 6), shape: [2, 3])
    #expect(tensor.shape == [2, 3])
    #expect(tensor.count == 6)
    #expect(tensor.dimensions == 2)
    #expect(tensor.dtype == .float32)
    #expect(tensor.device == .cpu)
    #expect(try tensor.transposed().values(Float.self) == [1, 4, 2, 5, 3, 6])
    #expect(try tensor.select(1).values(Float.self) == [4, 5, 6])
    #expect(try Tensor(scalar: 2.5).shape == [])
    #expect(try Tensor(scalar: 2.5).item() == 2.5)
    #expect(try Tensor([Float]()).shape == [0])
    #expect(try Tensor([Float]()).values(Float.self) == [])
  }

  private func roundTrip<T: TensorElement & Equatable>(_ values: [T], _ dtype: DType) throws {
    let tensor = try Tensor(values)
    #expect(tensor.dtype == dtype)
    #expect(try tensor.values(T.self) == values)
    #expect(try tensor.bytes() == values.withUnsafeBytes { Array($0) })
  }

  @Test func everySwiftElementTypeComesBack() throws {
    try roundTrip([Float.pi, -0.0, .infinity, .leastNonzeroMagnitude], .float32)
    try roundTrip([Double.pi, -.infinity, .greatestFiniteMagnitude], .float64)
    try roundTrip([Int64.min, 0, .max], .int64)
    try roundTrip([Int32.min, 7, .max], .int32)
    try roundTrip([Int16.min, 7, .max], .int16)
    try roundTrip([Int8.min, 7, .max], .int8)
    try roundTrip([UInt8.min, 7, .max], .uint8)
    try roundTrip([true, false, true], .bool)
  }

  @Test(arguments: DType.allCases) func everyDTypeIsMadeFilledAndConverted(_ dtype: DType) throws {
    let bytes = [UInt8](repeating: 1, count: 6 * dtype.size)
    let tensor = try bytes.withUnsafeBytes { try Tensor(bytes: $0, shape: [3, 2], dtype: dtype) }
    #expect(tensor.dtype == dtype)
    #expect(try tensor.bytes() == bytes)
    #expect(try Tensor.zeros([2, 2], dtype).doubles() == [0, 0, 0, 0])
    let ones = try Tensor.ones([3], dtype)
    #expect(ones.dtype == dtype)
    #expect(try ones.doubles() == [1, 1, 1])
    #expect(try ones.to(.float32).to(dtype).bytes() == ones.bytes())
  }

  @Test func halvesAreLaidOutAsTheStandardsSay() throws {
    #expect(try Tensor.ones([1], .float16).bytes() == [0x00, 0x3C])
    #expect(try Tensor.ones([1], .bfloat16).bytes() == [0x80, 0x3F])
  }

  @Test func askingForAnotherElementTypeIsAnError() throws {
    let error = #expect(throws: TensorError.self) { _ = try Tensor([Float(1)]).values(Int64.self) }
    #expect(error?.description.contains("float32") == true && error?.description.contains("int64") == true)
  }

  @Test func byteCountsThatDoNotFitAreErrors() {
    for shape in [[3], [1, 3], [-2], [-1, -2], [Int.max, Int.max], [1 << 32, 1 << 32], [1 << 62, 4]] {
      #expect(throws: TensorError.self) { _ = try Tensor([Float(1), 2], shape: shape) }
      #expect(throws: TensorError.self) { _ = try Tensor([Float](), shape: shape) }
    }
  }

  @Test func memoryIsReachedOnlyAsItIs() throws {
    let tensor = try Tensor([Float(1), 2, 3, 4], shape: [2, 2])
    let sum = try tensor.withMemory(of: Float.self) { memory in (0..<4).reduce(Float(0)) { $0 + memory[$1] } }
    #expect(sum == 10)
    #expect(throws: TensorError.self) { try tensor.withMemory(of: Double.self) { _ in } }
    #expect(throws: TensorError.self) { try tensor.transposed().withMemory(of: Float.self) { _ in } }
    #expect(throws: TensorError.self) { try tensor.withMemory(of: Float.self, layout: .channelsLast) { _ in } }
  }

  @Test func emptyTensorsHaveMemoryOfNoElement() throws {
    let empty = try Tensor.empty([0, 4])
    #expect(try empty.withMemory(of: Float.self) { _ in 7 } == 7)
    try empty.fillUniform(0, 1, Random(seed: 1))
    try empty.fillNormal(deviation: 1, Random(seed: 1))
    #expect(empty.count == 0)
  }

  @Test func channelsLastLiesAsItSays() throws {
    let values = (0..<24).map(Float.init)
    let tensor = try Tensor(values, shape: [1, 2, 3, 4]).channelsLast()
    #expect(tensor.isChannelsLast && !tensor.isContiguous)
    #expect(try tensor.values(Float.self) == values)
    let first = try tensor.withMemory(of: Float.self, layout: .channelsLast) { [$0[0], $0[1], $0[2]] }
    #expect(first == [0, 12, 1])
    #expect(throws: TensorError.self) { _ = try Tensor.emptyChannelsLast([2, 3]) }
  }

  @Test func copiesShareMemoryAndClonesDoNot() throws {
    let tensor = try Tensor([Float(1), 2])
    let same = tensor
    let clone = try tensor.clone()
    try tensor.fill(5)
    #expect(try same.values(Float.self) == [5, 5])
    #expect(try clone.values(Float.self) == [1, 2])
    #expect(same.isIdentical(to: tensor) && !clone.isIdentical(to: tensor))
  }

  @Test func inPlaceOperationsDoTheirFormulas() throws {
    let x = try Tensor([1.0, 2])
    let a = try Tensor([3.0, 4])
    let b = try Tensor([5.0, 8])
    try x.add(a, scale: 2)
    #expect(try x.values(Double.self) == [7, 10])
    try x.lerp(to: a, weight: 0.25)
    #expect(try x.values(Double.self) == [6, 8.5])
    try x.addProduct(a, b, scale: 0.5)
    #expect(try x.values(Double.self) == [13.5, 24.5])
    try x.addQuotient(b, a, scale: 2)
    #expect(try relativeError(x.doubles(), [13.5 + 10.0 / 3, 28.5]) < 1e-15)
    let count = try Tensor([Int64(4)])
    try count.add(Tensor([Int64(3)]))
    #expect(try count.values(Int64.self) == [7])
  }

  @Test func reductionsAndIndexing() throws {
    let x = try Tensor([1.0, 5, 3, 2, 4, 9], shape: [2, 3])
    #expect(try x.sum([1]).doubles() == [9, 15])
    #expect(try x.mean([0], keepDimensions: true).shape == [1, 3])
    #expect(try x.variance([1], correction: 0).doubles() == [8.0 / 3, 26.0 / 3])
    #expect(try x.variance([1]).doubles() == [4, 13])
    #expect(try x.argmax(1).values(Int64.self) == [1, 2])
    #expect(try x.rows(Tensor([Int64(1), 1, 0])).doubles() == [2, 4, 9, 2, 4, 9, 1, 5, 3])
    #expect(try x.gather(Tensor([Int64(2), 0], shape: [2, 1]), axis: 1).doubles() == [3, 2])
    #expect(
      try x.addingRows(Tensor([Int64(1)]), Tensor([1.0, 1, 1], shape: [1, 3])).doubles() == [1, 5, 3, 3, 5, 10])
    #expect(try x.split(2, axis: 1).map(\.shape) == [[2, 2], [2, 1]])
    #expect(try x.padded([1, 0]).select(0).doubles() == [0, 1, 5, 3])
    #expect(try x.isFinite())
    #expect(try !(x / 0).isFinite())
    #expect(try x.isGreater(than: 3).values(Bool.self) == [false, true, false, false, true, true])
  }

  @Test func devicesAreReadAndWritten() {
    for text in ["cpu", "mps", "cuda", "cuda:3"] { #expect(Device(text)?.description == text) }
    for text in ["", "gpu", "cuda:", "cuda:-1", "cuda:999", "CPU"] { #expect(Device(text) == nil) }
  }
}
