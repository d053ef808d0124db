import Optim
import PluginAPI
import Testing

@Suite struct OptimizerOptionTests {
  /// Every option of every optimizer and wrapper, with the checks of its owner.
  private static var all: [(owner: String, option: OptionDescription, check: ([String: String]) throws -> Void)] {
    let registry = OptimizerCase.registry
    return registry.optimizers.flatMap { entry in entry.options.map { (entry.name, $0, entry.check) } }
      + registry.wrappers.flatMap { entry in entry.options.map { (entry.name, $0, entry.check) } }
  }

  private func expectUsageError(_ label: String, _ body: () throws -> Void) {
    do {
      try body()
      Issue.record("\(label) was taken")
    } catch let error as BasinError {
      #expect(error.kind == .usage && error.advice != nil, "\(label)")
    } catch {
      Issue.record("\(label): \(error)")
    }
  }

  @Test func impossibleValuesAreUsageErrors() throws {
    var ranges = 0
    for (owner, option, check) in Self.all {
      let label = "\(owner) \(option.name)"
      #expect(!option.help.isEmpty, "\(label)")
      expectUsageError("\(label)=much") { try check([option.name: "much"]) }
      expectUsageError("\(label)=nan") { try check([option.name: "nan"]) }
      try check([option.name: option.defaultValue])
      let bounds = option.allowed.split(separator: " ").compactMap { Double($0) }
      guard bounds.count == 2 else { continue }
      ranges += 1
      let isWhole = !option.defaultValue.contains { ".e".contains($0) }
      for (bound, beyond) in zip(bounds, [bounds[0] - 1, bounds[1] + 1]) {
        func text(_ value: Double) -> String { isWhole ? "\(Int(value))" : "\(value)" }
        try check([option.name: text(bound)])
        expectUsageError("\(label)=\(text(beyond))") { try check([option.name: text(beyond)]) }
      }
    }
    #expect(ranges > 40)
    expectUsageError("a misspelt name") { _ = try SGDOptions(settings: ["momentun": "0.9"], of: "optimizer") }
  }

  @Test func everyNumberHasARange() {
    for (owner, option, _) in Self.all where Double(option.defaultValue) != nil {
      #expect(option.allowed.contains(" to "), "\(owner) \(option.name)")
    }
  }

  @Test func everyOptimizerHasWeightDecay() {
    for entry in OptimizerCase.registry.optimizers {
      #expect(entry.options.contains { $0.name == "weightDecay" }, "\(entry.name)")
    }
  }

  @Test func optionsOfWrappersDoNotCollide() {
    let registry = OptimizerCase.registry
    let inner = Set(registry.optimizers.flatMap { $0.options.map(\.name) })
    for wrapper in registry.wrappers {
      #expect(inner.isDisjoint(with: wrapper.options.map(\.name)), "\(wrapper.name)")
      for other in registry.wrappers where Set([wrapper.name, other.name]) == ["sam", "lookahead"] {
        #expect(Set(wrapper.options.map(\.name)).isDisjoint(with: other.options.map(\.name)))
      }
    }
  }

  @Test func nesterovNeedsMomentumWithoutDampening() {
    var options = SGDOptions()
    options.nesterov = true
    #expect(throws: BasinError.self) { try SGD(options, parameters: []) }
    options.momentum = 0.9
    options.dampening = 0.1
    #expect(throws: BasinError.self) { try SGD(options, parameters: []) }
    options.dampening = 0
    #expect(throws: Never.self) { try SGD(options, parameters: []) }
  }
}
