import Text
import PluginAPI

/// What the host calls after opening the library. A target of its own: the tests of all modules are one program, in which
/// this symbol may stand once.
@_cdecl("basin_module")
public func basinModule() -> UnsafeMutableRawPointer? { exportModule(TextModule.self) }
