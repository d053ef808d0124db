import PluginAPI

/// How a table is read; the options of both kinds of data sets.
public protocol TableSettings: Options {
  var columns: ColumnSettings { get set }
}

/// Which columns there are and what they are for.
public struct ColumnSettings: Hashable, Sendable {
  public enum Task: String, CaseIterable, Sendable { case auto, classification, regression }

  public var target = ""
  public var task = Task.auto
  public var categorical = ""
  public var ignore = ""
  public var missing = "NA|N/A|NaN|nan|null|NULL|None|?"
  public var minimumCount = 1

  public init() {}

  /// The words that stand for a missing value, beside an empty field.
  var missingWords: Set<String> { Set(missing.split(separator: "|").map(String.init) + [""]) }
  /// Names separated by commas.
  static func names(_ text: String) -> [String] {
    text.split(separator: ",").map { String($0.drop(while: \.isWhitespace)) }.filter { !$0.isEmpty }
  }
}

extension TableSettings {
  static var columnFields: [Field<Self>] {
    [
      Field("target", text: \Self.columns.target, "the column to predict, by name or number; empty: the last"),
      Field(
        "task", \Self.columns.task, choices: ColumnSettings.Task.self,
        "auto: regression where the target has fractions or over 20 different numbers"),
      Field("categorical", text: \Self.columns.categorical, "columns of categories though they hold numbers, separated by commas"),
      Field("ignore", text: \Self.columns.ignore, "columns that are left out, such as names of examples, separated by commas"),
      Field("missing", text: \Self.columns.missing, "words that stand for a missing value, separated by |; an empty field always does"),
      Field("minimumCount", \Self.columns.minimumCount, in: 1...1_000_000, "rarer categories of the training rows count as unknown"),
    ]
  }
}

/// Options of the format `table`.
public struct TableFileOptions: TableSettings {
  public enum Delimiter: String, CaseIterable, Sendable {
    case comma, semicolon, tab, pipe
    var character: Character {
      switch self {
      case .comma: ","
      case .semicolon: ";"
      case .tab: "\t"
      case .pipe: "|"
      }
    }
  }

  public var columns = ColumnSettings()
  public var delimiter = Delimiter.comma
  public var header = true
  public var testFraction = 0.2
  public var splitSeed = 0

  public init() {}

  public static var fields: [Field<Self>] {
    columnFields + [
      Field("delimiter", \.delimiter, choices: Delimiter.self, "what stands between fields"),
      Field("header", \.header, "whether the first line names the columns"),
      Field("testFraction", \.testFraction, in: 0.01...0.9, "part of the rows of a single file that is kept for the test"),
      Field("splitSeed", \.splitSeed, in: 0...1_000_000, "decides which rows those are"),
    ]
  }
}

/// Options of the generated tables.
public struct MadeUpOptions: TableSettings {
  public var columns = ColumnSettings()
  public var train = 4000
  public var test = 1000
  public var noise = 1.0

  public init() {}

  public static var fields: [Field<Self>] {
    [
      Field("train", \.train, in: 10...10_000_000, "training examples"),
      Field("test", \.test, in: 1...10_000_000, "test examples"),
      Field("noise", \.noise, in: 0...100, "how much chance there is in the target, as a multiple of the usual"),
      Field("minimumCount", \.columns.minimumCount, in: 1...1_000_000, "rarer categories of the training rows count as unknown"),
    ]
  }
}
