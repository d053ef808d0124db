import Foundation
import PluginAPI

/// The files of a corpus for language models: running text in splits.
public struct LanguageFiles: Sendable {
  public var train, validation, test: SourceText?
  /// What was read, an archive once.
  public var files: [String]

  public init(train: SourceText? = nil, validation: SourceText? = nil, test: SourceText? = nil, files: [String] = []) {
    self.train = train
    self.validation = validation
    self.test = test
    self.files = files
  }

  /// A published corpus.
  public enum Corpus: String, Sendable {
    case ptb
    case wikitext2 = "wikitext-2"

    var title: String { self == .ptb ? "Penn Treebank" : "WikiText-2" }

    /// Names of train, valid and test, the preferred ones first.
    var names: [[String]] {
      switch self {
      case .ptb: [["ptb.train.txt", "ptb.valid.txt", "ptb.test.txt"], ["train.txt", "valid.txt", "test.txt"]]
      case .wikitext2:
        [["wiki.train.tokens", "wiki.valid.tokens", "wiki.test.tokens"], ["train.txt", "valid.txt", "test.txt"]]
      }
    }

    var folders: [String] {
      switch self {
      case .ptb: ["text/ptb", "ptb", "text/penn", "penn", "."]
      case .wikitext2: ["text/wikitext-2", "wikitext-2", "text/wikitext-2-v1", "wikitext-2-v1", "."]
      }
    }

    var archives: [String] { self == .ptb ? ["ptb.zip"] : ["wikitext-2-v1.zip", "wikitext-2.zip"] }
  }

  /// Finds a published corpus: plain files, or an archive of them read as it is.
  ///
  /// - Throws: `BasinError`: `.missingInput` listing what was looked for where there is none of its files at all; as
  ///   ``SourceText`` for what is no UTF-8.
  public static func find(_ corpus: Corpus, dataRoot: String) throws -> LanguageFiles {
    var tried: [String] = []
    for folder in corpus.folders {
      let place = DataLocation.join(dataRoot, folder)
      for names in corpus.names {
        let paths = names.map { DataLocation.join(place, $0) }
        let present = paths.map { DataLocation.isFile($0) ? $0 : nil }
        // Folders of other corpora have files of these plain names too: the root alone does not tell whose they are.
        if folder != "." || names[0].contains(corpus == .ptb ? "ptb" : "wiki"), present.contains(where: { $0 != nil }) {
          let sources = try present.map { try $0.map { try SourceText(contentsOf: $0, encoding: .utf8) } }
          return LanguageFiles(train: sources[0], validation: sources[1], test: sources[2], files: present.compactMap { $0 })
        }
        tried.append(paths.joined(separator: " with "))
      }
      for name in corpus.archives {
        let path = DataLocation.join(place, name)
        if DataLocation.isFile(path) { return try read(corpus, archive: path) }
        tried.append(path)
      }
    }
    throw BasinError.missing(
      "\(corpus.title) is not there; looked for \(tried.joined(separator: ", "))", file: dataRoot,
      advice: "Set --data-root, or put the files in one of these places")
  }

  private static func read(_ corpus: Corpus, archive path: String) throws -> LanguageFiles {
    let members = try TextArchive.members(Set(corpus.names.joined()), of: path)
    for names in corpus.names where names.contains(where: { members[$0] != nil }) {
      let sources = try names.map { name in
        try members[name].map { try SourceText($0, file: "\(path)/\(name)", encoding: .utf8) }
      }
      return LanguageFiles(train: sources[0], validation: sources[1], test: sources[2], files: [path])
    }
    throw BasinError.badData(
      "the archive has none of \(corpus.names.joined().joined(separator: ", "))", file: path, advice: "Fetch the file again")
  }

  /// One's own text: a file to train on, or a folder with `train.txt` and, if they are there, `valid.txt` (or `validation`,
  /// `val`, `dev`) and `test.txt`.
  public static func read(path: String) throws -> LanguageFiles {
    guard DataLocation.isFolder(path) else {
      return LanguageFiles(train: try SourceText(contentsOf: path, encoding: .utf8), files: [path])
    }
    var result = LanguageFiles()
    func source(_ names: [String]) throws -> SourceText? {
      guard let file = names.map({ DataLocation.join(path, $0 + ".txt") }).first(where: DataLocation.isFile) else { return nil }
      result.files.append(file)
      return try SourceText(contentsOf: file, encoding: .utf8)
    }
    result.train = try source(["train"])
    result.validation = try source(["validation", "valid", "val", "dev"])
    result.test = try source(["test"])
    guard result.train != nil else {
      throw BasinError.missing(
        "there is no train.txt", file: path, advice: "Give a text file, or a folder of train.txt, valid.txt and test.txt")
    }
    return result
  }
}
