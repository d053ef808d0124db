import Foundation
import PluginAPI

/// The Swift package of a plug-in: what it builds, and where that goes.
struct PluginPackage {
  /// Absolute.
  let folder: String
  let api: PluginAPISources

  private struct Description: Decodable {
    struct Product: Decodable {
      let name: String
      let type: [String: [String]?]
    }
    struct Target: Decodable {
      struct Resource: Decodable {}
      let name: String
      let resources: [Resource]
    }
    let name: String
    let products: [Product]
    let targets: [Target]
  }

  /// - Throws: `BasinError` of kind missingInput where the folder holds no package.
  init(_ folder: String, api: PluginAPISources) throws {
    guard let path = FileSnapshot.resolve(folder) else {
      throw BasinError.missing("there is no such folder", file: folder, advice: "Check the path, or begin with `basin plugin new`")
    }
    guard access(path + "/Package.swift", R_OK) == 0 else {
      throw BasinError.missing(
        "holds no package (Package.swift)", file: folder, advice: "Name the folder of a plug-in's package, or begin with `basin plugin new`")
    }
    self.folder = path
    self.api = api
  }

  /// Where the built modules of a package are put.
  var output: String { folder + "/" + ModuleSearch.builtFolders[0] }

  /// Builds the package and puts its modules, with their resources, into ``output``.
  ///
  /// - Parameter quiet: show the compiler's words only where it fails.
  /// - Returns: The paths of the modules' libraries.
  /// - Throws: `BasinError` of kind internalError where the compiler fails, or nothing of it is a module.
  func build(quiet: Bool = false) throws -> [String] {
    try api.checkThatTheyAreOurs()
    try api.forgetOldPlan()
    try swift(["build"], what: "building \(folder) failed", quiet: quiet)
    let description = try describe()
    let built = api.scratch + "/release"
    var libraries: [String] = []
    for product in description.products where product.type.keys.contains("library") {
      let file = "lib\(product.name).so"
      guard let path = FileSnapshot.resolve("\(built)/\(file)"), try ManifestScan.manifest(ofFile: path) != nil else { continue }
      try AtomicFile.makeFolder(output)
      try PluginFile.copy(path, to: "\(output)/\(file)")
      libraries.append("\(output)/\(file)")
    }
    guard !libraries.isEmpty else {
      let dynamic = description.products.contains { $0.type["library"]??.contains("dynamic") ?? false }
      throw BasinError.badData(
        "builds no module", file: folder,
        advice: dynamic
          ? "Export `basin_module` from its library and give its DomainModule a manifest"
          : "Give Package.swift a product `.library(name: ..., type: .dynamic, targets: [...])`")
    }
    for target in description.targets where !target.resources.isEmpty {
      let bundle = "\(description.name)_\(target.name).resources"
      try PluginFile.copyFolder("\(built)/\(bundle)", to: "\(output)/\(bundle)")
    }
    return libraries
  }

  /// Builds and runs the package's tests, which find the program and LibTorch by the environment.
  func test(_ arguments: [String]) throws {
    try api.checkThatTheyAreOurs()
    try api.forgetOldPlan()
    try swift(
      ["test", "--disable-testable-imports", "--disable-xctest"] + arguments, what: "the tests of \(folder) failed",
      environment: ["BASIN_TEST_PROGRAM": ThisProgram.path, "BASIN_LIBTORCH_SHIM": LibTorch.shimPath])
  }

  private func describe() throws -> Description {
    let text = try swift(["package"], ["dump-package"], what: "reading Package.swift failed", quiet: true, configured: false)
    do { return try JSONDecoder().decode(Description.self, from: text) } catch {
      throw BasinErrors.notJSON(folder + "/Package.swift", error)
    }
  }

  /// Runs SwiftPM; what it says goes to standard error, or comes back where it is `quiet`.
  @discardableResult
  private func swift(
    _ command: [String], _ arguments: [String] = [], what: String, quiet: Bool = false, configured: Bool = true,
    environment: [String: String] = [:]
  ) throws -> Data {
    let env = "/usr/bin/env", places = ["--package-path", folder, "--scratch-path", api.scratch]
    let words = ["swift"] + command.prefix(1) + (configured ? ["-c", "release"] : []) + places + command.dropFirst() + arguments
    var ending = ChildProcess.Ending.exited(0), text = ""
    if quiet {
      let result = try ChildProcess.run(env, words, timeout: .seconds(24 * 3600), outputLimit: 16 << 20, environment: environment)
      (ending, text) = (result.ending, result.standardOutput)
      if ending != .exited(0) { FileHandle.standardError.write(Data((text + result.standardError).utf8)) }
    } else {
      let group = try ProcessGroup(
        env, words, environment: environment, input: .reading("/dev/null"), output: .descriptor(STDERR_FILENO),
        errors: .descriptor(STDERR_FILENO))
      ending = try ChildProcess.Ending(group.finish())
    }
    if ending == .exited(127) {
      throw BasinError.missing("there is no swift in PATH", advice: "Put the Swift toolchain that built Basin into PATH")
    }
    guard ending == .exited(0) else { throw BasinError.internalError(what, advice: "The messages above say where") }
    return Data(text.utf8)
  }
}
