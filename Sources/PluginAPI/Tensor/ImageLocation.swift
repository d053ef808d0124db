import ABI

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where a loaded library or program lies: for files that are shipped beside it.
public enum ImageLocation {
  /// The folder of the library or program that holds the code passing its `#dsohandle`.
  public static func folder(ofImageWith handle: UnsafeRawPointer) -> String {
    guard let name = basinImagePath(handle) else { return "." }
    let path = realpath(name, nil).map { resolved in
      defer { free(resolved) }
      return String(cString: resolved)
    } ?? String(cString: name)
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return String(path[..<slash])
  }

  /// A resource file of a SwiftPM target, `<package>_<target>.resources/<name>`, beside the library that holds the caller.
  ///
  /// - Throws: `BasinError` of kind `missingInput` where it is not there.
  public static func resource(_ name: String, bundle: String, handle: UnsafeRawPointer) throws -> String {
    let path = "\(folder(ofImageWith: handle))/\(bundle).resources/\(name)"
    guard access(path, R_OK) == 0 else {
      throw BasinError.missing("the data shipped with the module is not there", file: path, advice: "Build Basin again")
    }
    return path
  }
}
