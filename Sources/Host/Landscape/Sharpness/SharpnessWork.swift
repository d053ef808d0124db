import Foundation
import Plotting
import PluginAPI

/// The measurement of one model's weights.
final class SharpnessWork {
  private(set) var record: SharpnessRecord
  private let plan: SharpnessPlan
  private let index: Int
  private let loss: LossFunction
  private let directory: SharpnessDirectory?
  private let bar: ProgressBar
  private var lanczos: LanczosIteration?

  /// - Parameters:
  ///   - index: which of the plan's weights these are.
  ///   - record: what is known already.
  init(
    _ plan: SharpnessPlan, _ index: Int, _ loss: LossFunction, _ record: SharpnessRecord,
    in directory: SharpnessDirectory?,
    _ bar: ProgressBar
  ) {
    self.plan = plan
    self.index = index
    self.loss = loss
    self.record = record
    self.directory = directory
    self.bar = bar
  }

  private var random: Random { Random(seed: UInt64(plan.seed))["sharpness"] }

  /// Keeps what is done, now or when it is time.
  func keep(now: Bool = false) throws {
    if let lanczos { record.lanczos = lanczos.state }
    try directory?.keep(&record, basis: lanczos?.basis ?? [], index, now: now)
  }

  private func show(_ done: Int, _ text: String) {
    bar.update(
      step: done, examplesPerStep: Double(record.examples),
      plan.items.count > 1 ? "\(plan.items[index].source.name): \(text)" : text)
  }

  // MARK: The rise of the loss

  func measureRise() throws {
    let base = try record.loss ?? loss.value()
    record.loss = base
    // The first step of every ascent goes the same way.
    var known: Tensor?
    func gradient() throws -> Tensor {
      let gradient = try known ?? loss.gradient()
      known = gradient
      return gradient
    }
    if record.gradientNorm == nil { record.gradientNorm = try VectorMath.norm(gradient()) }
    func rise(_ radius: Double, _ isAdaptive: Bool) throws -> Double {
      try SharpnessAscent(radius: radius, steps: plan.steps, isAdaptive: isAdaptive)(
        loss, base: base, gradient: gradient())
    }
    if record.sam == nil { record.sam = try rise(plan.rho, false) }
    if record.asam == nil { record.asam = try rise(plan.adaptiveRho, true) }
    for radius in plan.curve(upTo: plan.rho).dropFirst(record.samCurve.count) {
      record.samCurve.append(try rise(radius, false))
      try keep()
      show(record.samCurve.count, "SAM at \(Axis.label(radius))")
    }
    for radius in plan.curve(upTo: plan.adaptiveRho).dropFirst(record.asamCurve.count) {
      record.asamCurve.append(try rise(radius, true))
      try keep()
      show(plan.radii + record.asamCurve.count, "ASAM at \(Axis.label(radius))")
    }
    try keep()
  }

  // MARK: The Hessian

  func measureCurvature(isQuiet: Bool) throws {
    guard plan.eigenvalues > 0 || plan.traceSamples > 0 else { return }
    let product = try HessianProduct(loss, method: plan.products, random: random["product"])
    record.products = .init(method: product.method.rawValue, step: product.step, relativeError: product.stepError)
    if plan.eigenvalues > 0, record.bottom == nil { try measureEigenvalues(product, isQuiet: isQuiet) }
    while record.traceSamples.count < plan.traceSamples {
      let number = record.traceSamples.count
      record.traceSamples.append(
        try HutchinsonTrace.sample(number, in: loss.space, random: random["trace"], product: product.callAsFunction))
      try keep()
      show(2 * plan.radii + (plan.eigenvalues > 0 ? plan.iterations : 0) + number + 1, "trace \(number + 1)")
    }
  }

  private func measureEigenvalues(_ product: HessianProduct, isQuiet: Bool) throws {
    let settings = Lanczos(maximumIterations: plan.iterations, tolerance: plan.tolerance)
    let iteration = try LanczosIteration(settings, plan.eigenvalues, in: loss.space, random: random["start"])
    if let directory, record.basisCount > 0 {
      do { try iteration.restore(record.lanczos, directory.basis(record, index)) } catch let error as BasinError
        where error.file == nil
      {
        throw directory.damagedBasis(index, error.message)
      }
    }
    lanczos = iteration
    sayHowLarge(isQuiet)
    while !iteration.state.isFinished {
      try iteration.advance(product.callAsFunction)
      try keep()
      show(2 * plan.radii + iteration.state.diagonal.count, "Lanczos \(iteration.state.diagonal.count)")
    }
    (record.spectrumValues, record.spectrumWeights) = iteration.spectrum
    while record.top.count < iteration.topCount {
      record.top.append(.init(try iteration.top(record.top.count, product.callAsFunction)))
      try keep()
      show(2 * plan.radii + plan.iterations, "residual \(record.top.count)")
    }
    record.bottom = try iteration.bottom(product.callAsFunction).map { [.init($0)] } ?? []
    record.lanczos = iteration.state
    lanczos = nil
    try directory?.dropBasis(&record, index)
  }

  private func sayHowLarge(_ isQuiet: Bool) {
    guard let directory, !isQuiet else { return }
    let bytes = Double(plan.iterations) * Double(loss.space.count) * (loss.space.dtype == .float64 ? 8 : 4)
    guard bytes > 100e6 else { return }
    let size = String(format: "%.1f GB", bytes / 1e9)
    Terminal.say(
      "basin: note: Lanczos keeps up to \(plan.iterations) vectors (\(size)) in memory, and in \(directory.path)/progress"
        + " until its end")
  }
}
