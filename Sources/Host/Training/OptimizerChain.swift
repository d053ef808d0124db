import Optim
import PluginAPI

/// An optimizer and what goes around it: `sgd`, `sam:sgd`, `sam:lookahead:adamw`.
struct OptimizerChain {
  /// Outermost first.
  let wrappers: [WrapperEntry]
  let base: OptimizerEntry
  /// Of all parts together.
  let options: [OptionDescription]

  /// As it was written: with `module/` where that was needed.
  let name: String

  /// The modules its parts are from.
  var modules: [String] { wrappers.map(\.module) + [base.module] }

  /// - Throws: `BasinError` of kind usage for an unknown name, a wrapper in last place, or two parts with the same option.
  init(_ name: String, in catalog: Catalog) throws {
    self.name = name
    let parts = name.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    wrappers = try parts.dropLast().map { part in
      if let entry = try catalog.wrapper(part) { return entry }
      let known = catalog.registry.wrappers.map(\.name)
      guard (try? catalog.optimizer(part)) != nil else {
        throw BasinError.unknown("optimizer to go around another", part, among: known)
      }
      throw BasinError.usage("optimizer \(part) cannot go around another", advice: "Only \(known.joined(separator: ", ")) can")
    }
    let last = parts.last ?? ""
    if try catalog.wrapper(last) != nil {
      throw BasinError.usage("optimizer \(last) goes around another one", advice: "Write \(last):sgd, or with another inner optimizer")
    }
    base = try catalog.optimizer(last)
    options = wrappers.flatMap(\.options) + base.options
    if let twice = Dictionary(grouping: options, by: \.name).first(where: { $0.value.count > 1 })?.key {
      throw BasinError.usage(
        "two parts of optimizer \(name) have an option \(twice)", advice: "Use each wrapper once; a plug-in's wrapper must name its options otherwise")
    }
  }

  /// Checks option values without making anything.
  func check(_ settings: [String: String]) throws {
    for wrapper in wrappers { try wrapper.check(own(wrapper.options, settings)) }
    try base.check(own(base.options, settings))
  }

  /// - Parameters:
  ///   - settings: of all parts together.
  ///   - parameters: those that are trained.
  func make(_ settings: [String: String], _ parameters: [NamedTensor], _ groups: ParameterGroupOptions) throws -> any UpdateRule {
    let all = try groups.groups(parameters)
    func optimizer(_ members: [NamedTensor], decays: Bool) throws -> any UpdateRule {
      var settings = own(base.options, settings)
      if !decays, settings["weightDecay"] != nil { settings["weightDecay"] = "0" }
      // What goes around an optimizer reads and writes all weights in every step.
      guard wrappers.isEmpty else { return try base.make(settings, members) }
      return try RowwiseRule.make(members) { try base.make(settings, $0) }
    }
    var rule: any UpdateRule
    if let only = all.first, all.count == 1, only.rate == 1 {
      rule = try optimizer(only.parameters, decays: only.decays)
    } else {
      rule = try GroupedRule(all) { try optimizer($0, decays: $1) }
    }
    for wrapper in wrappers.reversed() { rule = try wrapper.make(own(wrapper.options, settings), rule, parameters) }
    return rule
  }

  private func own(_ options: [OptionDescription], _ settings: [String: String]) -> [String: String] {
    settings.filter { setting in options.contains { $0.name == setting.key } }
  }
}
