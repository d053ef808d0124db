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
    let notation = try OptionNotation(text, of: "--observe") { name in
      guard name != "none" else {
        throw BasinError.usage("--observe none observes nothing", advice: "Leave it out, or name a policy such as swa")
      }
      return try catalog.averaging(name).options
    }
    self.text = text
    policy = notation.name
    settings = notation.settings
    _ = try makePolicy(catalog)
  }

  func makePolicy(_ catalog: Catalog) throws -> any AveragingPolicy {
    let entry = try catalog.averaging(policy)
    return try located { try entry.make(settings) }
  }

  /// Runs `body`; an error of the policy becomes one of `--observe`, where its options stand.
  func located<R>(_ body: () throws -> R) throws -> R {
    do { return try body() } catch var error as BasinError {
      error.message = "--observe \(text): " + error.message
      error.advice = error.advice?.replacing("Set averaging.", with: "In --observe set ").replacing("averaging.", with: "")
      throw error
    }
  }
}
