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
  /// Made by the host when the module is loaded; does no work.
  init()
  /// Adds everything the module offers. What it adds must be what the manifest says.
  func register(in registry: inout Registry) throws
}

/// A module type on its way through the C entry point.
public final class ModuleBox {
  /// What was exported.
  public let type: any DomainModule.Type
  /// The stamp the module was built with. Kept, so that the optimizer cannot drop the module's reference to the symbol.
  private let stamp: UnsafePointer<CChar>?

  private init(_ type: any DomainModule.Type, stamp: UnsafePointer<CChar>?) {
    self.type = type
    self.stamp = stamp
  }

  /// What `basin_module` returned; nil where it is another object, or of another stamp. The object lives as long as the process.
  public static func at(_ pointer: UnsafeMutableRawPointer) -> ModuleBox? {
    guard let box = Unmanaged<AnyObject>.fromOpaque(pointer).takeUnretainedValue() as? ModuleBox,
      let stamp = box.stamp, String(cString: stamp) == BuildStamp.symbol
    else { return nil }
    return box
  }

  /// For ``exportModule(_:)`` alone.
  @inline(never)
  public static func _make(_ type: any DomainModule.Type, stamp: UnsafePointer<CChar>?) -> UnsafeMutableRawPointer? {
    Unmanaged.passRetained(ModuleBox(type, stamp: stamp)).toOpaque()
  }
}

/// What a module's `basin_module` returns. Emitted into the module, so that the module refers to the ABI stamp of the PluginAPI
/// it was built against.
@_alwaysEmitIntoClient
public func exportModule(_ type: any DomainModule.Type) -> UnsafeMutableRawPointer? {
  ModuleBox._make(type, stamp: basinABIStamp())
}

/// The stamp of this copy of PluginAPI.
public enum BuildStamp {
  /// PluginAPI's version, `MAJOR.MINOR`: what it says of a module's source stands in the article Versions and deprecation.
  public static let version = "1.0"
  /// `basin_abi_<PluginAPI hash>_<compiler hash>_v<contract>`.
  public static var symbol: String { String(cString: basinABIStamp()) }
  /// `swift 6.3.1 x86_64-unknown-linux-gnu`.
  public static var compiler: String { basinABICompiler().map { String(cString: $0) } ?? "unknown compiler" }
}
