/// What a module must have in common with the host: the sources of PluginAPI, the compiler and the version of the
/// contract.
///
/// It is the name of a symbol, `basin_abi_<api>_<compiler>_v<contract>`, which libPluginAPI defines and each module
/// needs, so that the dynamic loader refuses a stale module before any of its code runs.
public struct ABIStamp: Hashable, Sendable, CustomStringConvertible {
  public static let prefix = "basin_abi_"
  /// In place of a hash, where a build ran without set-up.
  public static let unstamped = "unstamped"

  /// Hash of PluginAPI's sources: 16 lower-case hexadecimal digits, or `unstamped`.
  public var api: String
  /// Hash of the compiler's version, written the same way.
  public var compiler: String
  /// Version of the contract between host and modules.
  public var contract: Int
  /// The compiler in words, where known: `Swift version 6.3.1`. Not part of the comparison.
  public var compilerName: String?

  public init(api: String, compiler: String, contract: Int, compilerName: String? = nil) {
    self.api = api
    self.compiler = compiler
    self.contract = contract
    self.compilerName = compilerName
  }

  /// Reads the name of a symbol; nil where it is not exactly of the form above.
  public init?(symbolName: String) {
    guard symbolName.hasPrefix(Self.prefix) else { return nil }
    let parts = symbolName.dropFirst(Self.prefix.count).split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count == 3, Self.isHash(parts[0]), Self.isHash(parts[1]), parts[2].first == "v",
      parts[2].dropFirst().utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let contract = Int(parts[2].dropFirst())
    else { return nil }
    self.init(api: String(parts[0]), compiler: String(parts[1]), contract: contract)
  }

  public var symbolName: String { Self.prefix + description }

  /// `0123456789abcdef_fedcba9876543210_v1`; also part of the names of remembered probes.
  public var description: String { "\(api)_\(compiler)_v\(contract)" }

  public static func == (a: Self, b: Self) -> Bool {
    a.api == b.api && a.compiler == b.compiler && a.contract == b.contract
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(api)
    hasher.combine(compiler)
    hasher.combine(contract)
  }

  private static func isHash(_ text: Substring) -> Bool {
    text == unstamped || text.utf8.count == 16 && text.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }
  }
}
