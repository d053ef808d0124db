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
