import Foundation
import Host
import PluginAPI
import Testing

@Suite("curvature") struct CurvatureTests {
  private let random = Random(seed: 3)["test"]

  @Test(
    "loss, gradient and product with the Hessian as by torch.func",
    arguments: [(DType.float64, 1e-11), (.float32, 2e-6)])
  func derivatives(dtype: DType, tolerance: Double) throws {
    let fixture = try LandscapeFixture()
    let loss = try fixture.loss(dtype)
    #expect(try abs(loss.value() / fixture.number("loss") - 1) < tolerance)
    #expect(try relativeError(loss.gradient(), fixture["gradient"]) < tolerance)
    #expect(try relativeError(loss.hessianTimes(fixture["vector"].to(dtype)), fixture["product"]) < tolerance)
  }

  private func differences(_ found: [Lanczos.Pair], _ expected: [Double]) -> Double {
    zip(found.map(\.value), expected.reversed()).map { abs($0 - $1) }.max().map { $0 / (expected.last ?? 1) }
      ?? .infinity
  }

  @Test("the largest eigenvalues as by the full Hessian", arguments: [(DType.float64, 1e-9), (.float32, 1e-5)])
  func eigenvalues(dtype: DType, tolerance: Double) throws {
    let fixture = try LandscapeFixture()
    let expected = try fixture["eigenvalues"].values(Double.self)
    let loss = try fixture.loss(dtype)
    let product = try HessianProduct(loss, random: random)
    #expect(product.method == .exact && product.step == nil)
    let found = try Lanczos(tolerance: 1e-7)(
      5, in: loss.space, random: random["start"], product: product.callAsFunction)
    #expect(found.top.count == 5)
    #expect(differences(found.top, expected) < tolerance)
    let bottom = try #require(found.bottom)
    #expect(abs(bottom.value - expected[0]) < tolerance * expected[expected.count - 1])
    // The residual bounds the distance to an eigenvalue; it is what is measured, not the estimate.
    for pair in found.top {
      #expect(pair.residual < 1e-5 * expected[expected.count - 1])
      let image = try loss.hessianTimes(pair.vector)
      try image.add(pair.vector, scale: -pair.value)
      #expect(try abs(VectorMath.norm(image) - pair.residual) < 1e-9)
      #expect(try abs(VectorMath.norm(pair.vector) - 1) < 1e-5)
    }
  }

  @Test("where an operation has no second derivative, differences of gradients take its place")
  func differencesOfGradients() throws {
    let fixture = try LandscapeFixture()
    let expected = try fixture["eigenvalues"].values(Double.self)
    let loss = try fixture.loss(.float32, opaque: true)
    #expect(throws: TensorError.self) { try loss.hessianTimes(fixture["vector"]) }
    let before = try loss.space.values()
    let product = try HessianProduct(loss, random: random)
    #expect(product.method == .differences)
    let step = try #require(product.step)
    let error = try #require(product.stepError)
    #expect(step > 1e-5 && step < 1 && error < 1e-3)
    #expect(try relativeError(product(fixture["vector"]), fixture["product"]) < 1e-3)
    // Whatever its length.
    let long = try product(fixture["vector"] * 1000.0)
    #expect(try relativeError(long, fixture["product"] * 1000.0) < 1e-3)
    #expect(try VectorMath.norm(product(fixture["vector"] * 0.0)) == 0)
    let found = try Lanczos()(5, in: loss.space, random: random["start"], product: product.callAsFunction)
    #expect(differences(found.top, expected) < 1e-3)
    #expect(try before.values(Float.self) == loss.space.values().values(Float.self))
  }

  @Test("differences agree with the exact products, and only they need them")
  func bothWays() throws {
    let fixture = try LandscapeFixture()
    let loss = try fixture.loss(.float64)
    let forced = try HessianProduct(loss, method: .differences, random: random)
    #expect(forced.method == .differences)
    #expect(try relativeError(forced(fixture["vector"].to(.float64)), fixture["product"]) < 1e-5)
    let opaque = try fixture.loss(.float32, opaque: true)
    #expect(throws: TensorError.self) { _ = try HessianProduct(opaque, method: .exact, random: random) }
  }

  @Test("an error that is no want of a derivative is not hidden by differences")
  func otherErrors() throws {
    let weight = try Tensor([Float(1), 2])
    try weight.setRequiresGradient(true)
    let loss = LossFunction([weight], [.init(examples: 1) { try weight.matmul(Tensor([Float(1), 2, 3])) }])
    #expect(throws: TensorError.self) { _ = try HessianProduct(loss, random: random) }
  }

  @Test("a loss that is linear in the parameters has no curvature")
  func linearLoss() throws {
    let weight = try Tensor([Float(1), -2, 3])
    try weight.setRequiresGradient(true)
    let loss = LossFunction([weight], [.init(examples: 1) { try (weight * 2.0).sum() }])
    #expect(try loss.hessianTimes(Tensor([Float(1), 1, 1])).values(Float.self) == [0, 0, 0])
    let product = try HessianProduct(loss, random: random)
    let found = try Lanczos()(2, in: loss.space, random: random, product: product.callAsFunction)
    #expect(found.top.map(\.value) == [0, 0] && found.converged)
  }

  // MARK: Lanczos

  /// A = R D R^T with R a product of rotations.
  private func matrix(_ eigenvalues: [Double]) throws -> Tensor {
    let n = eigenvalues.count
    var rows = (0..<n).map { i in (0..<n).map { j in i == j ? eigenvalues[i] : 0 } }
    for k in 0..<4 * n {
      let (i, j) = (k * 7 % n, (k * 7 + 1 + k % (n - 1)) % n)
      guard i != j else { continue }
      let (c, s) = (0.6, 0.8)
      for m in 0..<n { (rows[i][m], rows[j][m]) = (c * rows[i][m] - s * rows[j][m], s * rows[i][m] + c * rows[j][m]) }
      for m in 0..<n { (rows[m][i], rows[m][j]) = (c * rows[m][i] - s * rows[m][j], s * rows[m][i] + c * rows[m][j]) }
    }
    return try Tensor(rows.flatMap { $0 }, shape: [n, n])
  }

  private func space(_ n: Int) throws -> ParameterSpace { ParameterSpace([try Tensor.zeros([n], .float64)]) }

  @Test("Lanczos finds the ends of a known spectrum")
  func known() throws {
    let eigenvalues = (0..<60).map { 10 * (1 - Double($0) / 50) }
    let a = try matrix(eigenvalues)
    let found = try Lanczos(tolerance: 1e-9)(4, in: space(60), random: random) { try a.matmul($0) }
    for (pair, value) in zip(found.top, eigenvalues) { #expect(abs(pair.value - value) < 1e-8) }
    #expect(try abs(#require(found.bottom).value - -1.8) < 1e-8)
    #expect(found.converged && found.iterations <= 60)
    // Too few iterations are said to be so, and the residuals tell.
    let early = try Lanczos(maximumIterations: 6)(4, in: space(60), random: random) { try a.matmul($0) }
    #expect(!early.converged && early.iterations == 6)
    #expect(try #require(early.top.last).residual > 1e-2)
  }

  @Test("Lanczos without lost orthogonality: no eigenvalue comes twice that is there once")
  func noCopies() throws {
    // A single large one converges at once: without orthogonalization copies of it follow.
    let eigenvalues = [1e6] + (1..<80).map { 1 / Double($0) }
    let a = try matrix(eigenvalues)
    let found = try Lanczos(maximumIterations: 80, tolerance: 1e-16)(3, in: space(80), random: random) {
      try a.matmul($0)
    }
    #expect(abs(found.top[0].value - 1e6) < 1e-3)
    #expect(abs(found.top[1].value - 1) < 1e-6 && abs(found.top[2].value - 0.5) < 1e-6)
  }

  @Test("eigenvalues that are there several times are found as often")
  func multiple() throws {
    let a = try matrix([3, 3, 3, 1, 1, 0, 0, -2])
    let found = try Lanczos(tolerance: 1e-12)(5, in: space(8), random: random) { try a.matmul($0) }
    for (pair, value) in zip(found.top, [3.0, 3, 3, 1, 1]) { #expect(abs(pair.value - value) < 1e-9) }
    #expect(found.converged && found.iterations == 8)
    // More than there are.
    let all = try Lanczos()(20, in: space(8), random: random) { try $0 * 2.0 }
    #expect(all.top.count == 8 && all.top.allSatisfy { abs($0.value - 2) < 1e-12 })
  }

  @Test("a product that is not finite is an error")
  func notFinite() throws {
    #expect(throws: BasinError.self) { _ = try Lanczos()(1, in: space(5), random: random) { try $0 * Double.nan } }
  }

  @Test("Hutchinson's trace: exact for a diagonal, near it for a Hessian")
  func trace() throws {
    let diagonal = try Tensor([1.0, 2, 3, -4])
    let exact = try HutchinsonTrace(samples: 3, in: space(4), random: random) { try $0 * diagonal }
    #expect(abs(exact.estimate - 2) < 1e-12 && exact.standardError == 0 && exact.samples == 3)
    let fixture = try LandscapeFixture()
    let loss = try fixture.loss(.float64)
    let found = try HutchinsonTrace(samples: 400, in: loss.space, random: random, product: loss.hessianTimes)
    let error = try #require(found.standardError)
    let expected = try fixture.number("trace")
    #expect(error < 0.1 * expected && abs(found.estimate - expected) < 4 * error)
    #expect(try HutchinsonTrace(samples: 1, in: space(4), random: random) { try $0 * diagonal }.standardError == nil)
  }

  // MARK: Ascent

  @Test(
    "SAM's and ASAM's sharpness as their papers' formulas give it",
    arguments: [("sam", 1, false), ("asam", 1, true), ("sam.steps", 4, false), ("asam.steps", 4, true)])
  func ascent(name: String, steps: Int, adaptive: Bool) throws {
    let fixture = try LandscapeFixture()
    #expect(fixture.steps == 4)
    for (dtype, tolerance) in [(DType.float64, 1e-9), (.float32, 1e-5)] {
      let loss = try fixture.loss(dtype)
      let before = try loss.space.values().bytes()
      let ascent = SharpnessAscent(
        radius: adaptive ? fixture.adaptiveRadius : fixture.radius, steps: steps, isAdaptive: adaptive)
      let rise = try ascent(loss, base: loss.value())
      #expect(try abs(rise / fixture.number(name) - 1) < tolerance)
      #expect(try loss.space.values().bytes() == before)
    }
  }

  @Test("where the gradient is zero there is no rise")
  func flat() throws {
    let weight = try Tensor([Float(0), 0])
    try weight.setRequiresGradient(true)
    let loss = LossFunction([weight], [.init(examples: 1) { try (weight * weight).sum() }])
    #expect(try SharpnessAscent(radius: 0.1)(loss, base: 0) == 0)
  }

  @Test("Lanczos goes on from what was kept to the same bits, and refuses what does not fit")
  func lanczosGoesOn() throws {
    let symmetric = try matrix((0..<30).map { 5 / Double($0 + 1) - 1 })
    let vectors = try space(30)
    let settings = Lanczos(tolerance: 1e-9)
    func product(_ x: Tensor) throws -> Tensor { try symmetric.matmul(x) }
    let whole = try LanczosIteration(settings, 3, in: vectors, random: random)
    var kept: [(LanczosIteration.State, [Tensor])] = []
    while !whole.state.isFinished {
      kept.append((whole.state, try whole.basis.map { try $0.clone() }))
      try whole.advance(product)
    }
    kept.append((whole.state, whole.basis))
    try #require(kept.count > 8)
    for (state, basis) in [kept[0], kept[1], kept[kept.count / 2], kept[kept.count - 1]] {
      let text = try JSONEncoder().encode(state)
      let other = try LanczosIteration(settings, 3, in: vectors, random: random)
      try other.restore(JSONDecoder().decode(LanczosIteration.State.self, from: text), basis)
      while !other.state.isFinished { try other.advance(product) }
      #expect(other.state == whole.state && other.spectrum == whole.spectrum)
      for rank in 0..<3 {
        let (one, two) = (try whole.top(rank, product), try other.top(rank, product))
        #expect(try one.value == two.value && one.residual == two.residual && one.vector.bytes() == two.vector.bytes())
      }
    }
    let (state, basis) = kept[5]
    var short = state
    short.coupling.removeLast()
    let fresh = try LanczosIteration(settings, 3, in: vectors, random: random)
    for (state, basis) in [
      (state, Array(basis.dropLast())), (short, basis), (state, try basis.map { try $0.to(.float32) }), (state, []),
    ] {
      #expect(throws: BasinError.self) { try fresh.restore(state, basis) }
    }
    // The weights of the spectrum are those of a quadrature.
    let (values, weights) = whole.spectrum
    #expect(abs(weights.reduce(0, +) - 1) < 1e-12)
    let start = try #require(whole.basis.first)
    for power in 1...3 {
      var image = start
      for _ in 0..<power { image = try product(image) }
      let moment = try VectorMath.dot(start, image)
      let sum = zip(values, weights).reduce(0.0) { $0 + $1.1 * pow($1.0, Double(power)) }
      #expect(abs(sum - moment) < 1e-9 * max(1, abs(moment)), "\(power)")
    }
  }

  @Test("the density is that of Gaussians at the values")
  func density() {
    let density = SpectralDensity(values: [-1, 2], weights: [0.25, 0.75], width: 0.1)
    let area = (0...6000).reduce(0.0) { $0 + density(-3 + Double($1) * 0.001) * 0.001 }
    #expect(abs(area - 1) < 1e-6 && density(2) > 2.9 * density(-1) && density(0.5) < 1e-20)
  }
}
