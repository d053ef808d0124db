import PluginAPI
import Testing

struct AutogradTests {
  @Test func backwardAddsUpInLeaves() throws {
    let x = try TestNumbers.leaf([3], seed: 1)
    let unused = try TestNumbers.leaf([2], seed: 2)
    #expect(x.requiresGradient)
    #expect(try x.gradient() == nil)
    try (x * x).sum().backward()
    let once = try #require(try x.gradient()).doubles()
    #expect(try relativeError(once, x.doubles().map { 2 * $0 }) < 1e-6)
    try (x * x).sum().backward()
    #expect(try relativeError(#require(try x.gradient()).doubles(), once.map { 2 * $0 }) < 1e-6)
    try x.clearGradient()
    #expect(try x.gradient() == nil)
    #expect(try unused.gradient() == nil)
  }

  @Test func gradientsOfChosenInputs() throws {
    let x = try TestNumbers.leaf([3], seed: 1)
    let unused = try TestNumbers.leaf([2], seed: 2)
    let found = try x.power(3).sum().gradients(of: [unused, x])
    #expect(found[0] == nil)
    #expect(try relativeError(#require(found[1]).doubles(), x.doubles().map { 3 * $0 * $0 }) < 1e-6)
    #expect(try x.gradient() == nil)
  }

  @Test func secondDerivatives() throws {
    let x = try TestNumbers.leaf([3], seed: 1)
    let first = try #require(try x.power(3).sum().gradients(of: [x], createGraph: true)[0])
    let second = try #require(try first.sum().gradients(of: [x])[0])
    #expect(try relativeError(second.doubles(), x.doubles().map { 6 * $0 }) < 1e-6)
  }

  @Test func nothingIsRecordedWithoutGradient() throws {
    let x = try TestNumbers.leaf([3], seed: 1)
    #expect(try !LibTorch.withoutGradient { try x * x }.requiresGradient)
    #expect(try !(x.detached() * 2).requiresGradient)
    #expect(throws: BasinError.usage("out")) { try LibTorch.withoutGradient { throw BasinError.usage("out") } }
    #expect(try (x * x).requiresGradient, "recording is on again after an error")
  }

  @Test func impossibleBackwardPassesAreErrors() throws {
    let x = try TestNumbers.leaf([3], seed: 1)
    #expect(throws: TensorError.self) { try (x * x).backward() }
    #expect(throws: TensorError.self) { try Tensor([1.0]).sum().backward() }
    let whole = try Tensor([Int64(1)])
    #expect(throws: TensorError.self) { try whole.setRequiresGradient(true) }
  }
}
