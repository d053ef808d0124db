import Foundation
import PluginAPI

/// Turns what `dlerror` says into a message for a person.
public enum LoaderMessage {
  /// - Parameter text: As from `dlerror`: `PATH: undefined symbol: NAME`,
  ///   `LIBRARY: cannot open shared object file: No such file or directory`, ...
  public static func error(_ text: String?, module: ModuleFile) -> BasinError {
    error(text, name: module.manifest.name, path: module.path, realPath: module.realPath)
  }

  public static func error(_ text: String?, name: String, path: String, realPath: String) -> BasinError {
    let text = text ?? "the dynamic loader gave no reason"
    if let symbol = word(after: "undefined symbol: ", in: text) {
      if symbol.hasPrefix(ABIStamp.prefix) {
        return .badData(
          "module \(name) was built against another PluginAPI or by another compiler (\(symbol))", file: path,
          advice: "Rebuild it: `basin plugin build FOLDER`")
      }
      return .badData(
        "module \(name) needs \(demangled(symbol)), which no library here has", file: path,
        advice: "Rebuild it, and the libraries it uses, in their present versions")
    }
    let missing = ": cannot open shared object file: "
    if let range = text.range(of: missing) {
      let library = String(text[..<range.lowerBound])
      if library == realPath || library == path {
        return .missing("module \(name) cannot be opened: \(text[range.upperBound...])", file: path)
      }
      return .missing(
        "module \(name) needs the library \(library), which is not there", file: path,
        advice: "Install it, or put its folder into LD_LIBRARY_PATH")
    }
    if let version = quoted(after: "version `", in: text) {
      return .badData(
        "module \(name) was built on a newer system (it needs \(version))", file: path,
        advice: "Rebuild it on this machine: `basin plugin build FOLDER`")
    }
    if text.contains("failed to map segment") {
      return .badData(
        "module \(name) cannot be mapped for running: \(text)", file: path,
        advice: "Its file system may be mounted with noexec; put the module elsewhere")
    }
    return .badData("module \(name) cannot be loaded: \(text)", file: path, advice: "Build it again")
  }

  private static func word(after prefix: String, in text: String) -> String? {
    guard let range = text.range(of: prefix) else { return nil }
    // Older loaders append `, version V` or `(PATH)`.
    return String(text[range.upperBound...].prefix { !" ,\t\n(".contains($0) })
  }

  private static func quoted(after prefix: String, in text: String) -> String? {
    guard let range = text.range(of: prefix), let end = text[range.upperBound...].firstIndex(of: "'")
    else { return nil }
    return String(text[range.upperBound..<end])
  }

  /// A Swift symbol as its author wrote it, where the Swift runtime of this process can tell.
  private static func demangled(_ symbol: String) -> String {
    typealias Demangle =
      @convention(c) (
        UnsafePointer<CChar>?, Int, UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<Int>?, UInt32
      ) -> UnsafeMutablePointer<CChar>?
    guard symbol.hasPrefix("$s"), let function = dlsym(nil, "swift_demangle"),
      let text = unsafeBitCast(function, to: Demangle.self)(symbol, symbol.utf8.count, nil, nil, 0)
    else { return "the symbol \(symbol)" }
    defer { free(text) }
    return "\(String(cString: text)) (symbol \(symbol))"
  }
}
