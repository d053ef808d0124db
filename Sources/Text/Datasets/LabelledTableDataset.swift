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

  public init(_ options: DatasetOptions, source: DataSource, random: Random) throws {
    format = source.name
    let reading = LabelledTableReader.Options(
      delimiter: options.delimiter.byte, quoting: options.quoting.flag, hasHeader: options.header.flag,
      textColumns: ColumnList.names(options.textColumn), pairColumn: ColumnList.names(options.pairColumn).first,
      labelColumn: ColumnList.names(options.labelColumn).first, isRegression: options.task == .regression,
      isJSON: source.name == "jsonl" ? true : nil)
    corpus = TextCorpus(try LabelledTableReader.read(path: source.requirePath(), options: reading), options.encoding)
  }
}
