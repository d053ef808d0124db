import Optim
import PluginAPI
import Testing

private let rules: [(name: String, settings: [String: String])] = [
  ("sgd", [:]), ("sgd", ["weightDecay": "0.05"]), ("sgd", ["momentum": "0.9"]),
  ("sgd", ["momentum": "0.8", "nesterov": "true", "weightDecay": "0.01"]), ("adam", [:]),
  ("adam", ["weightDecay": "0.1", "epsilon": "0.001"]), ("adamw", [:]), ("adamw", ["weightDecay": "0"]),
]

/// A table and a projection of what is read from it.
private final class Reader: Module {
  let table: Embedding
  let projection: Linear

  init(rows: Int = 300, size: Int = 37, padding: Int? = nil, seed: UInt64 = 1) throws {
    table = try Embedding(rows, size, padding: padding)
    projection = try Linear(size, 3)
    try initialize(Random(seed: seed))
  }

  func callAsFunction(_ indices: [Int64]) throws -> Tensor {
    let values = try projection(table(Tensor(indices)))
    return try (values * values).mean()
  }
}

/// The numbers a step reads, the same row several times among them; in some steps few.
private func indices(_ step: Int) -> [Int64] {
  let count = step % 3 == 0 ? 4 : 60
  return Random(seed: UInt64(step)).integers(count, below: step % 2 == 0 ? 40 : 280).map { Int64($0) }
}

private func makeRule(
  _ name: String, _ settings: [String: String], _ model: Reader, isRowwise: Bool
) throws -> any UpdateRule {
  var registry = Registry(module: "optim", domain: "")
  registerBuiltIns(in: &registry)
  let entry = try #require(registry.optimizers.first { $0.name == name })
  return try RowwiseRule.make(model.tensors(), fewestRows: isRowwise ? 2 : .max) { try entry.make(settings, $0) }
}

private func run(_ model: Reader, _ rule: any UpdateRule, _ steps: Range<Int>) throws {
  for step in steps {
    // Two batches a step.
    for part in 0..<(step % 5 == 4 ? 2 : 1) { try model(indices(step + 100 * part)).backward() }
    try rule.step(learningRate: 0.1 / Double(step + 1))
    for tensor in model.tensors() { try tensor.clearGradient() }
  }
}

private func bytes(_ model: Reader) throws -> [[UInt8]] { try model.tensors().map { try $0.tensor.bytes() } }

private func bytes(_ state: OptimizerState) throws -> [String: [UInt8]] { try state.tensors.mapValues { try $0.bytes() } }

@Suite struct RowwiseRuleTests {
  /// From a state that both have, so that the ordinary rule takes its own kernel from the beginning.
  @Test(arguments: rules.indices) func makesTheStepsOfTheOrdinaryRuleToTheBit(_ index: Int) throws {
    let (name, settings) = rules[index]
    let lazy = try Reader(), plain = try Reader()
    let plainRule = try makeRule(name, settings, plain, isRowwise: false)
    #expect(!(plainRule is RowwiseRule))
    try run(plain, plainRule, 0..<1)
    for (target, source) in zip(lazy.tensors(), plain.tensors()) {
      try LibTorch.withoutGradient { try target.tensor.copy(from: source.tensor) }
    }
    let lazyRule = try #require(try makeRule(name, settings, lazy, isRowwise: true) as? RowwiseRule)
    try lazyRule.restore(plainRule.state)
    for part in [1..<4, 4..<5, 5..<30] {
      try run(plain, plainRule, part)
      try run(lazy, lazyRule, part)
      if part.upperBound == 5 { #expect(try bytes(lazy)[0] != bytes(plain)[0] || lags(name, settings) == false) }
      if part.upperBound != 4 { try lazyRule.settle() }
      if part.upperBound != 4 { #expect(try bytes(lazy) == bytes(plain), "after \(part.upperBound) steps") }
    }
    #expect(try bytes(lazyRule.state) == bytes(plainRule.state))
    #expect(try lazyRule.state.counters == plainRule.state.counters)
  }

  /// Whether a row moves in a step that does not read it.
  private func lags(_ name: String, _ settings: [String: String]) -> Bool { !(name == "sgd" && settings.isEmpty) }

  /// The first step of all is made by other kernels, which round otherwise.
  @Test(arguments: rules.indices) func agreesFromTheFirstStep(_ index: Int) throws {
    let (name, settings) = rules[index]
    let lazy = try Reader(), plain = try Reader()
    let lazyRule = try makeRule(name, settings, lazy, isRowwise: true), plainRule = try makeRule(name, settings, plain, isRowwise: false)
    try run(lazy, lazyRule, 0..<20)
    try run(plain, plainRule, 0..<20)
    try #require(lazyRule as? RowwiseRule).settle()
    for (one, other) in zip(lazy.tensors(), plain.tensors()) {
      let difference = try (one.tensor - other.tensor).abs().values(Float.self).max() ?? 1
      #expect(difference < 1e-5, "\(one.path): \(difference)")
    }
  }

  @Test(arguments: [1, 5]) func goesOnFromASavedState(_ index: Int) throws {
    let (name, settings) = rules[index]
    let whole = try Reader(), parts = try Reader()
    let first = try makeRule(name, settings, whole, isRowwise: true)
    try run(whole, first, 0..<20)
    let before = try makeRule(name, settings, parts, isRowwise: true)
    try run(parts, before, 0..<7)
    let state = try before.state
    let after = try makeRule(name, settings, parts, isRowwise: true)
    try after.restore(state)
    try run(parts, after, 7..<20)
    for rule in [first, after] { try #require(rule as? RowwiseRule).settle() }
    #expect(try bytes(whole) == bytes(parts))
    #expect(try bytes(first.state) == bytes(after.state) && first.state.counters == after.state.counters)
  }

  @Test func resetForgetsEverything() throws {
    let model = try Reader(), fresh = try Reader()
    let rule = try makeRule("adam", [:], model, isRowwise: true)
    try run(model, rule, 0..<5)
    try #require(rule as? RowwiseRule).settle()
    try rule.reset()
    #expect(try rule.state.tensors.isEmpty && rule.state.counters == ["step": 0])
    for (target, source) in zip(model.tensors(), fresh.tensors()) {
      try LibTorch.withoutGradient { try target.tensor.copy(from: source.tensor) }
    }
    let other = try makeRule("adam", [:], fresh, isRowwise: true)
    try run(model, rule, 0..<5)
    try run(fresh, other, 0..<5)
    for rule in [rule, other] { try #require(rule as? RowwiseRule).settle() }
    #expect(try bytes(model) == bytes(fresh))
  }

  @Test func aStepThatReadsNothingLeavesTheTableAlone() throws {
    let model = try Reader()
    let rule = try makeRule("adam", ["weightDecay": "0.1"], model, isRowwise: true)
    try run(model, rule, 0..<3)
    try #require(rule as? RowwiseRule).settle()
    let before = try model.table.weight.bytes()
    let x = try Tensor.ones([2, 37])
    try model.projection(x).sum().backward()
    try rule.step(learningRate: 0.1)
    try #require(rule as? RowwiseRule).settle()
    #expect(try model.table.weight.bytes() == before)
    // As an ordinary rule, whose parameter without a gradient does not age.
    #expect(try rule.state.counters == ["step": 4, "step/table.weight": 3])
  }

  /// Optimizers that cannot, and tables too small to gain, are ordinary.
  @Test func others() throws {
    let model = try Reader()
    for (name, settings) in [("lion", [:]), ("sgd", ["momentum": "0.9", "dampening": "0.5"]), ("adam", ["amsgrad": "true"])] {
      #expect(!(try makeRule(name, settings, model, isRowwise: true) is RowwiseRule), "\(name)")
      try model(indices(1)).backward()
      #expect(try model.table.weight.gradient() != nil)
      for tensor in model.tensors() { try tensor.clearGradient() }
    }
  }

  @Test func aStateOfAnotherModelIsRefused() throws {
    let model = try Reader(), other = try Reader(rows: 200)
    let rule = try makeRule("adam", [:], model, isRowwise: true), stranger = try makeRule("adam", [:], other, isRowwise: true)
    try run(model, rule, 0..<2)
    #expect(throws: BasinError.self) { try stranger.restore(rule.state) }
    var part = try rule.state
    part.tensors["exp_avg/table.weight"] = nil
    #expect(throws: BasinError.self) { try rule.restore(part) }
  }
}

/// What a table says of the rows that were read.
@Suite struct TableRowsTests {
  private final class Keeper: RowKeeper {
    var asked: [[Int]] = []
    func refresh(_ rows: [Int]) { asked.append(rows) }
  }

  @Test func rowsHaveTheGradientsOfTheWholeTable() throws {
    let model = try Reader(rows: 50, size: 9, padding: 7), plain = try Reader(rows: 50, size: 9, padding: 7)
    let keeper = Keeper()
    let rows = try #require(model.tensors()[0].rows)
    rows.keeper = keeper
    let read: [Int64] = [7, 3, 49, 3, 0, 7, 3]
    for indices in [read, [49, 12]] {
      let (one, other) = (try model(indices), try plain(indices))
      #expect(try one.item() == other.item())
      try one.backward()
      try other.backward()
    }
    #expect(keeper.asked == [[7, 3, 49, 0], [49, 12]])
    #expect(try model.table.weight.gradient() == nil)
    let found = try #require(try rows.gradient())
    #expect(found.rows == [7, 3, 49, 0, 12])
    let whole = try #require(try plain.table.weight.gradient())
    for (place, row) in found.rows.enumerated() {
      let (a, b) = (try found.gradient.select(place).values(Float.self), try whole.select(row).values(Float.self))
      #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 }, "row \(row)")
    }
    #expect(try found.gradient.select(0).values(Float.self).allSatisfy { $0 == 0 })
    // What clipping does to the gradient is what the optimizer gets.
    try model.tensors()[0].gradient()?.multiply(by: 0)
    #expect(try rows.gradient()?.gradient.abs().sum().item() == 0)
    rows.clear()
    #expect(try rows.gradient() == nil)
  }

  @Test func withoutGradientsNothingIsNoted() throws {
    let model = try Reader(rows: 20, size: 4)
    let keeper = Keeper()
    let rows = try #require(model.tensors()[0].rows)
    rows.keeper = keeper
    let values = try LibTorch.withoutGradient { try model.table(Tensor([Int64(3), 19], shape: [1, 2])) }
    #expect(values.shape == [1, 2, 4] && keeper.asked == [[3, 19]])
    #expect(try rows.gradient() == nil)
    #expect(throws: TensorError.self) { _ = try model.table(Tensor([Int64(20)])) }
  }

  /// Its part of the gradient would be lost.
  @Test func whatElseReadsATableIsTold() throws {
    let model = try Reader()
    let rule = try makeRule("adamw", [:], model, isRowwise: true)
    try run(model, rule, 0..<2)
    try (model(indices(2)) + model.table.weight.mean()).backward()
    let error = #expect(throws: BasinError.self) { try rule.step(learningRate: 0.1) }
    #expect(error?.kind == .internalError && error?.description.contains("table.weight is read by something else") == true)
  }

  @Test func aSharedTableSaysNothing() throws {
    let table = try Embedding(20, 4, isShared: true)
    #expect(table.tensors()[0].rows == nil)
  }
}
