import PluginAPI

/// A passive average of a run: `--observe swa,ema:0.99,lawa:5:every=2ep`.
public struct Observer: Sendable, Hashable {
  /// As it was written; its name in the summary.
  public let text: String
  public let policy: String
  public let settings: [String: String]

  /// Reads a list separated by commas. After the policy's name come its options as KEY=VALUE, a value alone being that of
  /// the policy's first option.
  ///
  /// - Throws: `BasinError` of kind usage for an unknown policy or option, a value that is not allowed, or one of them twice.
  static func list(_ text: String, in catalog: Catalog) throws -> [Observer] {
    var observers: [Observer] = []
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
      let observer = try Observer(String(item), in: catalog)
      guard !observers.contains(where: { $0.policy == observer.policy && $0.settings == observer.settings }) else {
        throw BasinError.usage("--observe names '\(item)' twice", advice: "Leave one of them out")
      }
      observers.append(observer)
    }
    return observers
  }

  private init(_ text: String, in catalog: Catalog) throws {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let entry = try catalog.averaging(parts[0])
    guard entry.name != "none" else {
      throw BasinError.usage("--observe none observes nothing", advice: "Leave it out, or name a policy such as swa")
    }
    var settings: [String: String] = [:]
    for part in parts.dropFirst() {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let first = entry.options.first?.name else {
        throw BasinError.usage("averaging policy \(entry.name) has no options, but --observe gives it '\(part)'")
      }
      let (key, value) = pair.count == 2 ? (pair[0], pair[1]) : (first, part)
      guard settings.updateValue(value, forKey: key) == nil else {
        throw BasinError.usage("--observe \(text) sets \(key) twice", advice: "Leave one of them out")
      }
    }
    self.text = text
    policy = entry.name
    self.settings = settings
    _ = try makePolicy(catalog)
  }

  func makePolicy(_ catalog: Catalog) throws -> any AveragingPolicy { try catalog.averaging(policy).make(settings) }
}
