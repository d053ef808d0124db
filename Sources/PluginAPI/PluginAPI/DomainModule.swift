import ABI

/// The entry to a module: a type that registers what the module offers.
///
///     struct Flowers: DomainModule {
///       static let manifest: StaticString = #"BASIN-MODULE-MANIFEST {"name":"flowers",...} END-BASIN-MODULE-MANIFEST"#
///       init() {}
///       func register(in registry: inout Registry) { registry.add(model: "bouquet", Bouquet.self, ...) }
///     }
///
///     @_cdecl("basin_module") public func basinModule() -> UnsafeMutableRawPointer? { exportModule(Flowers.self) }
public protocol DomainModule: Sendable {
  /// What the library says of itself without being loaded: one JSON object between the two markers. The host checks it
  /// against what `register` adds.
  static var manifest: StaticString { get }
  init()
  func register(in registry: inout Registry) throws
}

/// A module type on its way through the C entry point.
public final class ModuleBox {
  public let type: any DomainModule.Type
  init(_ type: any DomainModule.Type) { self.type = type }

  /// What `basin_module` returned; nil where it is another object. The object lives as long as the process.
  public static func at(_ pointer: UnsafeMutableRawPointer) -> ModuleBox? {
    Unmanaged<AnyObject>.fromOpaque(pointer).takeUnretainedValue() as? ModuleBox
  }

  /// For ``exportModule(_:)`` alone.
  public static func _make(_ type: any DomainModule.Type) -> UnsafeMutableRawPointer {
    Unmanaged.passRetained(ModuleBox(type)).toOpaque()
  }
}

/// What a module's `basin_module` returns. Emitted into the module, so that the module refers to the ABI stamp of the PluginAPI
/// it was built against.
@_alwaysEmitIntoClient
public func exportModule(_ type: any DomainModule.Type) -> UnsafeMutableRawPointer? {
  guard basinABIStamp() != nil else { return nil }
  return ModuleBox._make(type)
}

/// The stamp of this copy of PluginAPI.
public enum BuildStamp {
  /// `basin_abi_<PluginAPI hash>_<compiler hash>_v<contract>`.
  public static var symbol: String { String(cString: basinABIStamp()) }
  /// `swift 6.3.1 x86_64-unknown-linux-gnu`.
  public static var compiler: String { basinABICompiler().map { String(cString: $0) } ?? "unknown compiler" }
}
