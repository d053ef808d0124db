import PluginAPI

/// A name with options behind it, separated by colons: `ema:0.99:every=2ep`. A value alone is that of the first option.
struct OptionNotation {
  let name: String
  let settings: [String: String]

  /// - Parameters:
  ///   - owner: where it stands, for errors: `--observe`.
  ///   - options: those of a name; throws for an unknown one.
  /// - Throws: `BasinError` of kind usage for an unknown name, an option given twice, or a value where there is no
  ///   option. Names and values of options are for the caller to check.
  init(_ text: String, of owner: String, options: (String) throws -> [OptionDescription]) throws {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let known = try options(parts[0])
    var settings: [String: String] = [:]
    for part in parts.dropFirst() {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let first = known.first?.name else {
        throw BasinError.usage(
          "\(owner): \(parts[0]) has no options, but '\(part)' is given to it", advice: "Write \(parts[0]) alone")
      }
      let (key, value) = pair.count == 2 ? (pair[0], pair[1]) : (first, part)
      guard settings.updateValue(value, forKey: key) == nil else {
        throw BasinError.usage("\(owner): \(text) sets \(key) twice", advice: "Leave one of them out")
      }
    }
    name = parts[0]
    self.settings = settings
  }
}
