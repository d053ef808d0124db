import PluginAPI
import Testing

private final class ReleaseCount {
  var released = 0
  var backwardCalls = 0
}

private final class Saved {
  let count: ReleaseCount
  init(_ count: ReleaseCount) { self.count = count }
  deinit { count.released += 1 }
}

private struct KernelFailure: Error, CustomStringConvertible {
  var description = "kernel said no"
}

struct CustomFunctionTests {
  /// (a b, a + b) with hand-written gradients.
  private func productAndSum(_ a: Tensor, _ b: Tensor, _ seen: @escaping ([Bool]) -> Void = { _ in }) throws -> [Tensor]
  {
    try customFunction("productAndSum", [a, b]) {
      (
        [try a * b, try a + b],
        { gradients in
          seen(gradients.map { $0 != nil })
          var left: Tensor?
          var right: Tensor?
          if let product = gradients[0] {
            left = try product * b
            right = try product * a
          }
          if let sum = gradients[1] {
            left = try left.map { try $0 + sum } ?? sum
            right = try right.map { try $0 + sum } ?? sum
          }
          return [left, right]
        }
      )
    }
  }

  @Test func gradientsAreThoseOfThePlainExpression() throws {
    let a = try TestNumbers.leaf([4], seed: 1)
    let b = try TestNumbers.leaf([4], seed: 2)
    let outputs = try productAndSum(try a.exp(), b)
    let plain = try (a.exp() * b * (a.exp() + b)).sum()
    let custom = try (outputs[0] * outputs[1]).sum()
    #expect(try custom.item() == plain.item())
    let found = try custom.gradients(of: [a, b])
    let expected = try plain.gradients(of: [a, b])
    for (gradient, reference) in zip(found, expected) {
      #expect(try relativeError(#require(gradient).doubles(), #require(reference).doubles()) < 1e-6)
    }
  }

  @Test func aSecondDerivativeIsAnErrorAndNotASmallerNumber() throws {
    let a = try TestNumbers.leaf([4], seed: 1)
    let b = try TestNumbers.leaf([4], seed: 2)
    let loss = try productAndSum(a, b)[0].sum()
    #expect {
      _ = try loss.gradients(of: [a, b], createGraph: true)
    } throws: { "\($0)".contains("productAndSum") && "\($0)".contains("second derivative") }
  }

  /// x^3, its backward pass recorded, and what that saw of the recording.
  private func cube(_ x: Tensor, _ seen: @escaping (Bool) -> Void = { _ in }) throws -> Tensor {
    try customFunction("cube", [x], differentiableBackward: true) {
      (
        [try x * x * x],
        { gradients in
          let result = try gradients[0].map { try $0 * x * x * 3.0 }
          seen(result?.requiresGradient ?? false)
          return [result]
        }
      )
    }[0]
  }

  @Test func aDifferentiableBackwardPassIsRecordedWhereAGraphIsWanted() throws {
    let a = try TestNumbers.leaf([4], seed: 1)
    var seen: [Bool] = []
    let loss = try cube(a) { seen.append($0) }.sum()
    _ = try #require(loss.gradients(of: [a], createGraph: true)[0])
    #expect(seen == [true])
    let first = try #require(loss.gradients(of: [a], createGraph: true)[0])
    let second = try #require(first.sum().gradients(of: [a], createGraph: true)[0])
    let third = try #require(second.sum().gradients(of: [a])[0])
    for (derivative, expected) in [(first, try a * a * 3.0), (second, try a * 6.0)] {
      #expect(try relativeError(derivative.doubles(), expected.doubles()) < 1e-6)
    }
    #expect(try third.doubles() == [6, 6, 6, 6])
    seen = []
    #expect(try #require(cube(a) { seen.append($0) }.sum().gradients(of: [a])[0]).requiresGradient == false)
    #expect(seen == [false])
  }

  @Test func attentionHasASecondDerivativeWhereItIsAskedFor() throws {
    let q = try TestNumbers.leaf([2, 2, 3, 4], seed: 1), k = try TestNumbers.leaf([2, 2, 3, 4], seed: 2)
    let v = try TestNumbers.leaf([2, 2, 3, 4], seed: 3)
    let allowed = try Tensor([true, true, false, true, false, false], shape: [2, 1, 1, 3])
    let bias = try Tensor([Float(0), 0, -.infinity, 0, -.infinity, -.infinity], shape: [2, 1, 1, 3])
    func second(_ output: Tensor) throws -> [Tensor?] {
      let first = try (output * output).sum().gradients(of: [q, k, v], createGraph: true)
      return try first.reduce(Tensor.zeros([])) { try $0 + (#require($1) * q).sum() }.gradients(of: [q, k, v])
    }
    for mask in [nil, allowed, bias] {
      let fused = try scaledDotProductAttention(q, k, v, mask: mask)
      let plain = try LibTorch.withSecondDerivatives { try scaledDotProductAttention(q, k, v, mask: mask) }
      #expect(!LibTorch.wantsSecondDerivatives)
      #expect(try relativeError(plain.doubles(), fused.doubles()) < 1e-5)
      #expect(throws: TensorError.self) { _ = try second(fused) }
      var scores = try q.matmul(k.transposed(2, 3)) * 0.5
      if mask != nil { scores = try scores + bias }
      let expected = try second(softmax(scores).matmul(v))
      for (a, b) in zip(try second(plain), expected) {
        #expect(try relativeError(#require(a).doubles(), #require(b).doubles()) < 1e-5)
      }
    }
  }

  @Test func theScopeOfSecondDerivativesEndsWithItsBody() throws {
    #expect(LibTorch.withSecondDerivatives { LibTorch.wantsSecondDerivatives })
    #expect(throws: KernelFailure.self) { try LibTorch.withSecondDerivatives { throw KernelFailure() } }
    #expect(!LibTorch.wantsSecondDerivatives)
  }

  @Test func dropoutHasSecondDerivatives() throws {
    let a = try TestNumbers.leaf([40], seed: 1)
    func times(_ dropped: Tensor) throws -> [Double] {
      let first = try #require((dropped * dropped * dropped).sum().gradients(of: [a], createGraph: true)[0])
      return try #require(first.sum().gradients(of: [a])[0]).doubles()
    }
    let random = Random(seed: 1)
    #expect(try relativeError(times(a.droppedOut(0.4, random)), times(a.droppedOutPlainly(0.4, random))) < 1e-6)
  }

  @Test func outputsNobodyUsesBringNoGradient() throws {
    let a = try TestNumbers.leaf([4], seed: 1)
    let b = try TestNumbers.leaf([4], seed: 2)
    var seen: [[Bool]] = []
    let outputs = try productAndSum(a, b) { seen.append($0) }
    let found = try outputs[1].sum().gradients(of: [a, b])
    #expect(seen == [[false, true]])
    #expect(try #require(found[0]).doubles() == [1, 1, 1, 1])
  }

  @Test func inputsMayGetNoGradient() throws {
    let a = try TestNumbers.leaf([2], seed: 1)
    let b = try TestNumbers.leaf([2], seed: 2)
    let outputs = try customFunction("first", [a, b]) { ([try a * b], { [try $0[0].map { try $0 * b }, nil] }) }
    let found = try outputs[0].sum().gradients(of: [a, b])
    #expect(try #require(found[0]).doubles() == b.doubles())
    #expect(found[1] == nil)
  }

  private func doubled(_ x: Tensor, _ count: ReleaseCount, fails: Bool = false) throws -> Tensor {
    let saved = Saved(count)
    return try customFunction("doubled", [x]) {
      (
        [try x * 2],
        { gradients in
          saved.count.backwardCalls += 1
          if fails { throw KernelFailure() }
          return [try gradients[0].map { try $0 * 2 }]
        }
      )
    }[0]
  }

  @Test func withoutGradientBackwardIsDroppedAtOnce() throws {
    let count = ReleaseCount()
    let still = try doubled(TestNumbers.tensor([3], seed: 1), count)
    #expect(!still.requiresGradient && count.released == 1)
    let leaf = try TestNumbers.leaf([3], seed: 1)
    let unrecorded = try LibTorch.withoutGradient { try doubled(leaf, count) }
    #expect(!unrecorded.requiresGradient && count.released == 2 && count.backwardCalls == 0)
    #expect(try unrecorded.doubles() == leaf.doubles().map { 2 * $0 })
  }

  @Test func contextIsReleasedOnceAfterBackward() throws {
    let count = ReleaseCount()
    let leaf = try TestNumbers.leaf([3], seed: 1)
    let output = try doubled(leaf, count)
    #expect(output.requiresGradient && count.released == 0)
    let loss = try output.sum()
    try loss.backward()
    #expect(count.released == 1 && count.backwardCalls == 1)
    #expect(throws: TensorError.self) { try loss.backward() }
    #expect(count.released == 1 && count.backwardCalls == 1)
    #expect(try #require(try leaf.gradient()).doubles() == [2, 2, 2])
  }

  private func makeAndDrop(_ count: ReleaseCount) throws {
    let output = try doubled(TestNumbers.leaf([3], seed: 1), count)
    #expect(output.requiresGradient && count.released == 0)
  }

  @Test func contextIsReleasedWithItsGraph() throws {
    let count = ReleaseCount()
    try makeAndDrop(count)
    #expect(count.released == 1 && count.backwardCalls == 0)
  }

  @Test func errorsInBackwardArriveWithTheirMessage() throws {
    let count = ReleaseCount()
    func run() throws {
      let leaf = try TestNumbers.leaf([3], seed: 1)
      let output = try doubled(leaf, count, fails: true)
      let error = #expect(throws: TensorError.self) { try output.sum().backward() }
      #expect(error?.operation == "backward")
      #expect(error?.message.contains("doubled") == true && error?.message.contains("kernel said no") == true)
    }
    try run()
    #expect(count.released == 1 && count.backwardCalls == 1)
  }

  @Test func longMessagesAreCutNotOverrun() throws {
    let leaf = try TestNumbers.leaf([3], seed: 1)
    let text = String(repeating: "é", count: 5000)
    let output = try customFunction("long", [leaf]) { ([try leaf * 2], { _ in throw BasinError.badData(text) }) }
    let error = #expect(throws: TensorError.self) { try output[0].sum().backward() }
    #expect(error?.message.contains("éééé") == true)
  }

  @Test func gradientsThatDoNotFitAreErrors() throws {
    let leaf = try TestNumbers.leaf([3], seed: 1)
    let tooMany = try customFunction("tooMany", [leaf]) { ([try leaf * 2], { [$0[0], $0[0]] }) }
    let error = #expect(throws: TensorError.self) { try tooMany[0].sum().backward() }
    #expect(error?.message.contains("2 gradients for 1 inputs") == true)
    let misshapen = try customFunction("misshapen", [leaf]) { ([try leaf * 2], { _ in [try Tensor.zeros([5])] }) }
    #expect(throws: TensorError.self) { try misshapen[0].sum().backward() }
  }

  @Test func errorsInForwardAreTheCallers() throws {
    let leaf = try TestNumbers.leaf([3], seed: 1)
    #expect(throws: KernelFailure.self) { _ = try customFunction("broken", [leaf]) { throw KernelFailure() } }
    #expect(try (leaf * 2).requiresGradient, "recording is on again")
  }
}
