import ArgumentParser
import Foundation
import PluginAPI

/// A package that `basin plugin new` writes: one of the templates with the plug-in's name in it.
///
/// The templates are shipped beside the program, as `Plugins/Templates` of its sources: what is common to all of them, and a
/// folder a kind. `__name__` and `__Target__` stand for the name in its two spellings.
struct NewPlugin {
  enum Kind: String, CaseIterable, ExpressibleByArgument { case model, dataset, optimizer, averaging, domain }
  enum Input: String, CaseIterable, ExpressibleByArgument { case image, graph, tokens }

  let name: PluginName
  let kind: Kind
  /// What a model takes or a data set gives; nil for the other kinds.
  let input: Input?
  let api: PluginAPISources

  /// - Throws: `BasinError` of kind usage for an input where there is none, or a name that a module has.
  init(_ name: PluginName, kind: Kind, input: Input?, api: PluginAPISources, among modules: [ModuleSearch.Found]) throws {
    let hasInput = kind == .model || kind == .dataset
    if input != nil, !hasInput {
      throw BasinError.usage(
        "--input says what a model takes or a data set gives; \(kind.rawValue) has none of its own to choose",
        advice: "Leave --input out")
    }
    for module in modules {
      let names = [module.manifest.name] + module.manifest.offered.flatMap(\.names)
      guard !names.contains(name.short) else {
        throw BasinError.usage(
          "'\(name.short)' is taken by module \(module.manifest.name) (\(module.origin))", advice: "Choose a name of its own")
      }
    }
    self.name = name
    self.kind = kind
    self.input = hasInput ? input ?? .image : nil
    self.api = api
  }

  /// Writes the package into a new folder.
  ///
  /// - Returns: The files, by their paths in the folder.
  /// - Throws: `BasinError` of kind cannotCreate where the folder is there already.
  func write(to folder: String) throws -> [String] {
    guard !FileManager.default.fileExists(atPath: folder) else {
      throw BasinError(
        .cannotCreate, "is there already", file: folder, advice: "Choose another name, or give another folder with --out")
    }
    let templates = try ImageLocation.resource("Templates", bundle: "basin_Host", handle: #dsohandle)
    let own = "\(templates)/" + kind.rawValue.prefix(1).uppercased() + kind.rawValue.dropFirst() + (input.map { "-\($0.rawValue)" } ?? "")
    let words = try text("\(own)/README.txt").components(separatedBy: "---\n").map { $0.trimmingCharacters(in: .newlines) }
    guard words.count == 3 else { throw BasinError.internalError("\(own)/README.txt does not have three parts") }

    var files: [(path: String, text: String)] = []
    for name in ["Package.swift", "README.md"] { files.append((name, try text("\(templates)/Common/\(name)"))) }
    files.append((".gitignore", try text("\(templates)/Common/gitignore")))
    for (source, target) in [
      ("\(own)/Sources", "Sources/__Target__"), ("\(own)/Tests", "Tests/__Target__Tests"),
      ("\(templates)/Common/Tests", "Tests/__Target__Tests"),
    ] {
      let names = try FileManager.default.contentsOfDirectory(atPath: source).filter { $0.hasSuffix(".swift") }.sorted()
      for name in names { files.append(("\(target)/\(name)", try text("\(source)/\(name)"))) }
    }
    // Placed by one rename: a package is there as a whole or not at all.
    let parent = (folder as NSString).deletingLastPathComponent
    if !parent.isEmpty { try AtomicFile.makeFolder(parent) }
    let temporary = "\(folder).part-\(getpid())"
    do {
      for (path, text) in files {
        let file = "\(temporary)/\(filled(path, words, in: folder))"
        try AtomicFile.makeFolder((file as NSString).deletingLastPathComponent)
        try AtomicFile.write(Data(filled(text, words, in: folder).utf8), to: file)
      }
      guard rename(temporary, folder) == 0 else { throw BasinErrors.system("cannot be put into place", file: folder) }
    } catch {
      try? FileManager.default.removeItem(atPath: temporary)
      throw error
    }
    return files.map { filled($0.path, words, in: folder) }.sorted()
  }

  private func text(_ path: String) throws -> String {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { throw BasinErrors.missingFile(path) }
    return text
  }

  private func filled(_ text: String, _ words: [String], in folder: String) -> String {
    var text = text
    let values = [
      ("__about__", words[0]), ("__use__", words[1]), ("__files__", words[2] + "\n"), ("__api__", path(from: folder)),
      ("__basin__", api.program), ("__name__", name.short), ("__Target__", name.target),
    ]
    for (key, value) in values { text = text.replacingOccurrences(of: key, with: value) }
    return text
  }

  /// Of PluginAPI, as the package names it: relative where the package lies in the same checkout, so that both can move.
  private func path(from folder: String) -> String {
    let checkout = ((api.folder as NSString).deletingLastPathComponent as NSString).deletingLastPathComponent
    let parent = (folder as NSString).deletingLastPathComponent
    guard let place = FileSnapshot.resolve(parent.isEmpty ? "." : parent), (place + "/").hasPrefix(checkout + "/") else {
      return api.folder
    }
    let depth = place.dropFirst(checkout.count).split(separator: "/").count + 1
    return String(repeating: "../", count: depth) + api.folder.dropFirst(checkout.count + 1)
  }
}
