import PluginAPI
import Testing

/// Custom functions that add to the gradients of their parameters themselves, against the graph's own nodes.
struct RecordingForBackwardTests {
  /// x w + b for `[N]` and a one-element b, whose gradient needs a sum.
  private func scaled(_ x: Tensor, _ w: Tensor, _ b: Tensor) throws -> Tensor {
    try customFunction("scaled", [x, w, b]) {
      ([try x * w + b], { incoming in try incoming[0].map { [try $0 * w, try $0 * x, $0] } ?? [nil, nil, nil] })
    }[0]
  }

  /// The gradients that one or more backward passes leave in fresh leaves.
  private func gradients(
    direct: Bool, passes: Int = 1, _ loss: ([Tensor]) throws -> Tensor
  ) throws -> [[Double]?] {
    let leaves = try (0..<4).map { try TestNumbers.leaf($0 == 3 ? [1] : [5], seed: UInt64($0)) }
    try leaves[2].setRequiresGradient(false)
    for _ in 0..<passes {
      let value = try direct ? LibTorch.recordingForBackward { try loss(leaves) } : loss(leaves)
      try value.backward()
    }
    return try leaves.map { try $0.gradient()?.doubles() }
  }

  @Test("gradients are those of the graph", arguments: [1, 3])
  func sameGradients(passes: Int) throws {
    // One parameter in both functions and outside of any, one frozen, one that needs a sum; the first input of the
    // second function is no leaf.
    func loss(_ leaves: [Tensor]) throws -> Tensor {
      let inner = try scaled(leaves[0], leaves[1], leaves[3])
      let outer = try scaled(inner * leaves[2], leaves[1], leaves[3])
      return try (outer * outer + leaves[1] * leaves[0]).sum()
    }
    let plain = try gradients(direct: false, passes: passes, loss), direct = try gradients(direct: true, passes: passes, loss)
    #expect(plain.map { $0 != nil } == [true, true, false, true])
    #expect(direct.map { $0 != nil } == [true, true, false, true])
    for (a, b) in zip(plain, direct) { #expect(relativeError(b ?? [], a ?? []) < 1e-6) }
  }

  @Test("a gradient that its function keeps is copied")
  func keptGradient() throws {
    let a = try TestNumbers.leaf([3], seed: 1), kept = try Tensor([Float(1), 2, 3])
    let loss = try LibTorch.recordingForBackward { try customFunction("keeps", [a]) { ([try a * 2], { _ in [kept] }) }[0].sum() }
    try loss.backward()
    try kept.fill(7)
    #expect(try #require(try a.gradient()).doubles() == [1, 2, 3])
  }

  @Test("a gradient laid out otherwise than its parameter is laid out alike")
  func transposedGradient() throws {
    let a = try TestNumbers.leaf([2, 3], seed: 1), transposed = try Tensor([Float(1), 2, 3, 4, 5, 6], shape: [3, 2])
    let loss = try LibTorch.recordingForBackward {
      try customFunction("transposed", [a]) { ([try a * 2], { _ in [try transposed.transposed(0, 1)] }) }[0].sum()
    }
    try loss.backward()
    let gradient = try #require(try a.gradient())
    #expect(gradient.isContiguous)
    #expect(try gradient.doubles() == [1, 3, 5, 2, 4, 6])
  }

  @Test("gradients of chosen tensors: those of other inputs arrive, those of its parameters are refused by name")
  func chosenTensors() throws {
    let x = try TestNumbers.leaf([5], seed: 1), w = try TestNumbers.leaf([5], seed: 2), b = try TestNumbers.leaf([1], seed: 3)
    let y = try x * 2
    let loss = try LibTorch.recordingForBackward { try scaled(y, w, b).sum() }
    let other = try LibTorch.recordingForBackward { try scaled(y, w, b).sum() }
    #expect(try #require(loss.gradients(of: [x])[0]).doubles() == w.doubles().map { 2 * $0 })
    #expect(try w.gradient() == nil)
    let error = #expect(throws: TensorError.self) { _ = try other.gradients(of: [x, w]) }
    #expect(error?.message.contains("scaled") == true && error?.message.contains("backward alone") == true)
  }

  @Test("the scope ends with its body")
  func scope() throws {
    let a = try TestNumbers.leaf([5], seed: 1), w = try TestNumbers.leaf([5], seed: 2), b = try TestNumbers.leaf([1], seed: 3)
    #expect(throws: CancellationError.self) { try LibTorch.recordingForBackward { throw CancellationError() } }
    #expect(try #require(scaled(a, w, b).sum().gradients(of: [w])[0]).doubles() == a.doubles())
  }

  @Test("a gradient of another shape is an error")
  func misshapen() throws {
    let a = try TestNumbers.leaf([3], seed: 1)
    let loss = try LibTorch.recordingForBackward {
      try customFunction("misshapen", [a]) { ([try a * 2], { _ in [try Tensor.zeros([5])] }) }[0].sum()
    }
    let error = #expect(throws: TensorError.self) { try loss.backward() }
    #expect(error?.message.contains("misshapen") == true)
  }
}
