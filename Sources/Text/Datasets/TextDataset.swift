import Foundation
import PluginAPI

/// A data set of sentences, or pairs of them, with one label each. A conforming type reads its ``corpus`` in `init`; the rest
/// is here.
public protocol TextDataset: MeasuredDataset, UnlabelledDataset, ExportedDataset
where Input == TokenBatch, UnlabelledOptions == UnlabelledTextOptions {
  /// The name for reports: `trec`.
  var format: String { get }
  var corpus: TextCorpus { get set }
}

extension TextDataset {
  /// The vocabulary's size is known after `fit(training:)`; before, the special tokens are counted alone.
  public var facts: DatasetFacts<TokenBatch.Shape> {
    let shape = TokenBatch.Shape(
      vocabulary: corpus.encoder?.vocabularyCount ?? Vocabulary.specialTokens.count, length: corpus.encoding.maximumLength,
      padding: corpus.encoder?.padding ?? Int(Vocabulary.padding))
    let names = corpus.splits.classNames
    let task: Task = corpus.splits.train.values == nil ? .classification(classes: names.count) : .regression(outputs: 1)
    return DatasetFacts(shape: shape, task: task, classNames: names)
  }

  /// Correlations where numbers are predicted.
  public var metrics: [Metric] { corpus.splits.train.values == nil ? [] : [.pearson, .spearman] }

  public var furtherTests: [(name: String, ids: Range<Int>)] { corpus.furtherTests }

  public func count(_ split: Split) -> Int { corpus.sentences(split)?.count ?? 0 }

  public func labels(_ split: Split) -> [Int32]? {
    corpus.sentences(split).flatMap { $0.values == nil ? $0.labels : nil }
  }

  public func lengths(_ split: Split) -> [Int32]? { corpus.lengths(split) }

  public func batch(_ ids: [Int], of split: Split, augmentation: Random?) throws -> (input: TokenBatch, target: Tensor) {
    try corpus.batch(ids, of: split)
  }

  public mutating func fit(training: [Int]) throws { try corpus.fit(training: training) }

  public var files: [String] { corpus.splits.files }

  /// The subword tokenizer; words have no form that others read.
  public func exportedFiles() throws -> [(name: String, data: Data)] {
    guard let subwords = corpus.encoder as? SubwordEncoder else { return [] }
    return try TokenizerExport.files(subwords.tokenizer, from: corpus.encoding.tokenizerPath)
  }

  public func inspection() throws -> DataInspection { try corpus.inspection(format: format) }

  public func unlabelled(file: String, _ options: UnlabelledTextOptions) throws -> UnlabelledExamples<TokenBatch> {
    try corpus.unlabelled(options.read(file, isPair: corpus.isPair))
  }
}

/// How a file of sentences to predict is read.
public struct UnlabelledTextOptions: Options {
  public var format = UnlabelledTextReader.Format.auto
  public var textColumn = ""
  public var pairColumn = ""
  public var nameColumn = ""
  public var header = LabelledTableDataset.Presence.auto
  public var delimiter = LabelledTableDataset.Delimiter.auto
  public var quoting = LabelledTableDataset.Presence.auto

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field(
        "format", \.format, choices: UnlabelledTextReader.Format.self,
        "lines: a sentence a line (of pairs two, a tab between); auto: by the file's extension, lines for others"),
      Field("textColumn", text: \.textColumn, "name or number (from 1) of the text's column; several are joined"),
      Field("pairColumn", text: \.pairColumn, "name or number of the second sentence's column"),
      Field("nameColumn", text: \.nameColumn, "name or number of the column that names each row; empty: numbers from 0"),
      Field("header", \.header, choices: LabelledTableDataset.Presence.self, "whether the first row names the columns"),
      Field(
        "delimiter", \.delimiter, choices: LabelledTableDataset.Delimiter.self,
        "what separates fields; auto: by the file's extension"),
      Field("quoting", \.quoting, choices: LabelledTableDataset.Presence.self, "whether \" quotes; auto: yes, except between tabs"),
    ]
  }

  func read(_ file: String, isPair: Bool) throws -> UnlabelledSentences {
    let reading = LabelledTableReader.Options(
      delimiter: delimiter.byte, quoting: quoting.flag, hasHeader: header.flag, textColumns: ColumnList.names(textColumn),
      pairColumn: ColumnList.names(pairColumn).first)
    return try UnlabelledTextReader.read(
      path: file, format: format, options: reading, name: ColumnList.names(nameColumn).first, isPair: isPair)
  }
}

/// Columns as an option names them: separated by commas.
enum ColumnList {
  static func names(_ text: String) -> [String] {
    text.split(separator: ",").map(\.trimmedOfWhiteSpace).filter { !$0.isEmpty }
  }
}
