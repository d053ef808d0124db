import PluginAPI

/// `csv:PATH`, `tsv:PATH` and `jsonl:PATH`: one's own sentences or pairs of them, a file or a folder of splits; see
/// ``LabelledTableReader``.
public struct LabelledTableDataset: TextDataset {
  public enum Delimiter: String, CaseIterable, Sendable {
    case auto, comma, semicolon, tab, pipe

    /// Nil: by the file's extension.
    var byte: UInt8? {
      switch self {
      case .auto: nil
      case .comma: UInt8(ascii: ",")
      case .semicolon: UInt8(ascii: ";")
      case .tab: UInt8(ascii: "\t")
      case .pipe: UInt8(ascii: "|")
      }
    }

    /// The one that is this byte, if there is one.
    init?(byte: UInt8) {
      guard let known = Self.allCases.first(where: { $0.byte == byte }) else { return nil }
      self = known
    }
  }

  public enum Presence: String, CaseIterable, Sendable {
    case auto, yes, no

    var flag: Bool? { self == .auto ? nil : self == .yes }
  }

  public enum Kind: String, CaseIterable, Sendable { case classification, regression }

  public struct DatasetOptions: TextDatasetOptions {
    public var encoding = TextEncodingOptions()
    public var textColumn = ""
    public var pairColumn = ""
    public var labelColumn = ""
    public var task = Kind.classification
    public var header = Presence.auto
    public var delimiter = Delimiter.auto
    public var quoting = Presence.auto

    public init() {}

    public static var fields: [Field<Self>] {
      encodingFields + [
        Field(
          "textColumn", text: \.textColumn,
          "name or number (from 1) of the text's column; several, separated by commas, are joined; empty: by its name"),
        Field(
          "pairColumn", text: \.pairColumn,
          "name or number of the second sentence's column; empty: by usual names, such as sentence1 with sentence2"),
        Field("labelColumn", text: \.labelColumn, "name or number (from 1) of the label's column; empty: by its name"),
        Field("task", \.task, choices: Kind.self, "whether labels are classes or numbers to predict"),
        Field("header", \.header, choices: Presence.self, "whether the first row names the columns"),
        Field("delimiter", \.delimiter, choices: Delimiter.self, "what separates fields; auto: by the file's extension"),
        Field("quoting", \.quoting, choices: Presence.self, "whether \" quotes; auto: yes, except between tabs"),
      ]
    }
  }

  public let format: String
  public var corpus: TextCorpus
  /// The columns that options named.
  private let columns: (text: String, pair: String)

  public init(_ options: DatasetOptions, source: DataSource, random: Random) throws {
    format = source.name
    columns = (options.textColumn, options.pairColumn)
    let reading = LabelledTableReader.Options(
      delimiter: options.delimiter.byte, quoting: options.quoting.flag, hasHeader: options.header.flag,
      textColumns: ColumnList.names(options.textColumn), pairColumn: ColumnList.names(options.pairColumn).first,
      labelColumn: ColumnList.names(options.labelColumn).first, isRegression: options.task == .regression,
      isJSON: source.name == "jsonl" ? true : nil, preferredExtensions: source.name == "jsonl" ? ["jsonl", "json"] : [source.name])
    corpus = TextCorpus(try LabelledTableReader.read(path: source.requirePath(), options: reading), options.encoding)
  }

  /// Columns that no option names are those of the data set itself, where the file has them.
  public func unlabelled(file: String, _ options: UnlabelledTextOptions) throws -> UnlabelledExamples<TokenBatch> {
    func read(_ options: UnlabelledTextOptions) throws -> UnlabelledExamples<TokenBatch> {
      try corpus.unlabelled(options.read(file, isPair: corpus.isPair))
    }
    guard options.textColumn.isEmpty, options.pairColumn.isEmpty, !columns.text.isEmpty else { return try read(options) }
    var own = options
    (own.textColumn, own.pairColumn) = columns
    do { return try read(own) } catch let first as BasinError where first.kind == .usage {
      do { return try read(options) } catch { throw first }
    }
  }
}
