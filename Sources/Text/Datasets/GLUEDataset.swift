import Foundation
import PluginAPI

/// A task of GLUE by its name (`cola`, `rte`, ...); GLUE's dev set is the test split. See ``GLUEReader``.
public struct GLUEDataset: TextDataset {
  public struct DatasetOptions: TextDatasetOptions {
    public var encoding = TextEncodingOptions.published

    public init() {}

    public static var fields: [Field<Self>] { encodingFields }
  }

  public let format: String
  public let task: GLUETask
  public var corpus: TextCorpus
  private let root: String

  /// - Throws: `BasinError` (`.internalError`) for a name that is no task's; else as ``GLUEReader``.
  public init(_ options: DatasetOptions, source: DataSource, random: Random) throws {
    guard let task = GLUETask(rawValue: source.name) else {
      throw BasinError.internalError("GLUE has no task \(source.name)")
    }
    self.task = task
    format = source.name
    root = try source.requireRoot()
    corpus = TextCorpus(try GLUEReader.read(dataRoot: root, task: task), options.encoding)
  }

  public var metrics: [Metric] { task.metrics }
  public var unlabelledSplits: [String] { GLUEUnlabelled(task, root).splits }
  public func submission(of split: String) -> Submission? { GLUEUnlabelled(task, root).submission(of: split) }
  public func unlabelled(split: String) throws -> UnlabelledExamples<TokenBatch> {
    try corpus.unlabelled(GLUEUnlabelled(task, root).read(split))
  }
}

/// `mrpc`: news sentences that are paraphrases or not, from GLUE's tables or from Microsoft's own files.
public struct MRPCDataset: TextDataset {
  public enum Files: String, CaseIterable, Sendable { case auto, glue, raw }

  public struct DatasetOptions: TextDatasetOptions {
    public var encoding = TextEncodingOptions.published
    public var files = Files.auto

    public init() {}

    public static var fields: [Field<Self>] {
      encodingFields + [
        Field(
          "files", \.files, choices: Files.self,
          "glue: train.tsv and dev.tsv, dev is test; raw: msr_paraphrase_*.txt, dev is validation; auto: what is there, glue first")
      ]
    }
  }

  public let format = "mrpc"
  public var corpus: TextCorpus
  private let root: String

  public init(_ options: DatasetOptions, source: DataSource, random: Random) throws {
    let root = try source.requireRoot()
    self.root = root
    func raw() throws -> TextSplits { try MRPCRawReader.read(dataRoot: root) }
    func glue() throws -> TextSplits { try GLUEReader.read(dataRoot: root, task: .mrpc) }
    let splits: TextSplits
    switch options.files {
    case .raw: splits = try raw()
    case .glue: splits = try glue()
    case .auto:
      do { splits = try glue() } catch let missing as BasinError where missing.kind == .missingInput {
        do { splits = try raw() } catch let other as BasinError where other.kind == .missingInput {
          // Neither form is whole: what counts is which file is missing where one of them is there in part.
          throw GLUEReader.location(root, .mrpc).incomplete([GLUEReader.names(.mrpc)] + MRPCRawReader.groups) ?? missing
        }
      }
    }
    corpus = TextCorpus(splits, options.encoding)
  }

  public var metrics: [Metric] { GLUETask.mrpc.metrics }
  public var unlabelledSplits: [String] { GLUEUnlabelled(.mrpc, root).splits }
  public func submission(of split: String) -> Submission? { GLUEUnlabelled(.mrpc, root).submission(of: split) }
  public func unlabelled(split: String) throws -> UnlabelledExamples<TokenBatch> {
    try corpus.unlabelled(GLUEUnlabelled(.mrpc, root).read(split))
  }
}

/// GLUE's files without labels and what its server wants for them.
struct GLUEUnlabelled {
  private let task: GLUETask
  private let root: String

  init(_ task: GLUETask, _ root: String) {
    self.task = task
    self.root = root
  }

  private func location(_ file: String) -> String? { try? GLUEReader.location(root, task).find([[file]]).first }

  /// Those whose file is there.
  var splits: [String] { task.unlabelledFiles.filter { location($0.file) != nil }.map(\.split) }

  func read(_ split: String) throws -> UnlabelledSentences {
    guard let known = task.unlabelledFiles.first(where: { $0.split == split }) else {
      throw BasinError.unknown("unlabelled split", split, of: "data set \(task.rawValue)", among: task.unlabelledFiles.map(\.split))
    }
    let path = try GLUEReader.location(root, task).find([[known.file]])[0]
    return try GLUEReader.readUnlabelled(SourceText(contentsOf: path, encoding: .utf8), task: task)
  }

  func submission(of split: String) -> Submission? {
    task.unlabelledFiles.first { $0.split == split }.map {
      Submission(file: $0.submission, words: task.words, range: task == .stsb ? 0...5 : nil)
    }
  }
}
