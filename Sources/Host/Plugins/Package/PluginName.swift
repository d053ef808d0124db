import PluginAPI

/// The name of a plug-in in its two spellings.
struct PluginName: Hashable {
  /// As modules and models are called: `my-net`.
  let short: String
  /// As the Swift target is called: `MyNet`.
  let target: String

  /// What follows `Target` in the templates would be the name of something they use, or the module that of another module.
  private static let reserved: Set<String> = [
    "ABI", "Any", "Dispatch", "Domain", "Foundation", "Glibc", "Host", "Lib", "Optim", "PluginAPI", "Self", "Swift", "Testing",
    "Type", "XCTest", "Loaded", "LibTorchTable", "LibTorchShim", "TensorKernels",
  ]

  /// - Parameter text: `my-net` or `MyNet`.
  /// - Throws: `BasinError` of kind usage for what is no such name, with what is allowed.
  init(_ text: String) throws {
    let words = text.split(separator: "-", omittingEmptySubsequences: false)
    let isName = (1...48).contains(text.utf8.count) && words.allSatisfy { word in
      !word.isEmpty && word.utf8.allSatisfy { Self.isLetter($0) || Self.isDigit($0) }
    } && text.utf8.first.map(Self.isLetter) ?? false
    guard isName else {
      throw BasinError.usage(
        "'\(text)' is no name for a plug-in",
        advice: "A name has 1 to 48 letters and digits, begins with a letter, and may have single hyphens inside: my-net, ConvMixer2")
    }
    target = words.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    guard !Self.reserved.contains(target) else {
      throw BasinError.usage("'\(text)' is the name of something that plug-ins use", advice: "Choose another, such as my-\(text.lowercased())")
    }
    short = Self.hyphenated(text)
  }

  /// `ConvMixer` as `conv-mixer`, `GPTNet2` as `gpt-net2`.
  private static func hyphenated(_ text: String) -> String {
    let characters = Array(text)
    var result = ""
    for (index, character) in characters.enumerated() {
      let before = index > 0 ? characters[index - 1] : "-"
      let beginsWord = character.isUppercase && before != "-"
        && (!before.isUppercase || (index + 1 < characters.count && characters[index + 1].isLowercase))
      if beginsWord { result += "-" }
      result += character.lowercased()
    }
    return result
  }

  private static func isLetter(_ byte: UInt8) -> Bool { 0x41...0x5A ~= byte || 0x61...0x7A ~= byte }
  private static func isDigit(_ byte: UInt8) -> Bool { 0x30...0x39 ~= byte }
}
