import Foundation
import PluginAPI
import Synchronization

/// Loads checked modules into this process; each file once, for good.
///
/// Not offered: unloading. Types of a module live in the runtime's tables and in objects everywhere; taking its code
/// away would crash the process at some later time.
public final class ModuleLoader: Sendable {
  /// By device and inode: the address that the module's entry point returned.
  private let loaded = Mutex<[FileKey: UInt]>([:])

  private struct FileKey: Hashable {
    var device, inode: UInt64
  }

  public init() {}

  /// Loads the module and calls its `basin_module`.
  ///
  /// - Returns: What `basin_module` returned, the same address each time: a retained object is to be taken over
  ///   (`takeUnretainedValue`, or once retained) by the caller, who knows its type.
  /// - Throws: ``BasinError`` `.badData` or `.missingInput`: the file changed since it was checked, the dynamic loader
  ///   refused it, or `basin_module` returned nothing.
  public func load(_ module: ModuleFile) throws -> UnsafeMutableRawPointer {
    let key = FileKey(device: module.identity.device, inode: module.identity.inode)
    // The lock is held meanwhile: two threads must not both call the entry point.
    let address = try loaded.withLock { loaded in
      if let address = loaded[key] { return address }
      let address = try Self.open(module)
      loaded[key] = address
      return address
    }
    guard let pointer = UnsafeMutableRawPointer(bitPattern: address) else {
      throw BasinError.internalError("module \(module.manifest.name) has no address")
    }
    return pointer
  }

  private static func open(_ module: ModuleFile) throws -> UInt {
    guard FileIdentity(path: module.realPath) == module.identity else {
      throw BasinError.badData("the library changed after it was checked", file: module.path, advice: "Try again")
    }
    _ = dlerror()
    guard let handle = dlopen(module.realPath, RTLD_NOW | RTLD_LOCAL) else {
      throw LoaderMessage.error(dlerror().map { String(cString: $0) }, module: module)
    }
    guard let symbol = dlsym(handle, ModuleCheck.entryPoint) else {
      throw LoaderMessage.error(dlerror().map { String(cString: $0) }, module: module)
    }
    typealias EntryPoint = @convention(c) () -> UnsafeMutableRawPointer?
    guard let result = unsafeBitCast(symbol, to: EntryPoint.self)() else {
      throw BasinError.badData(
        "module \(module.manifest.name): `\(ModuleCheck.entryPoint)` returned nothing", file: module.path,
        advice: "This is a defect of the module; tell its author")
    }
    return UInt(bitPattern: result)
  }
}
