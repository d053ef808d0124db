import PluginAPI

/// AG's news in 4 classes (Zhang, Zhao and LeCun 2015): `train.csv` and `test.csv` without a header, a row being the class
/// from 1, the title and the description, all quoted, `""` for a quote inside.
///
/// The text is title and description with a space between, both as they stand, as the field takes it: white space at their
/// ends stays, and so do backslashes, which stand where the authors had line ends (`second\team`).
public enum AGNewsReader {
  public static let classNames = ["World", "Sports", "Business", "Sci/Tech"]

  static func location(_ dataRoot: String) -> DataLocation {
    DataLocation(
      dataset: "AG News", root: dataRoot,
      folders: ["text/ag_news_csv", "ag_news_csv", "text/ag-news", "ag-news", "text/ag_news", "ag_news", "."])
  }

  /// The published splits: 120,000 and 7,600 rows.
  ///
  /// - Throws: `BasinError`: `.missingInput` listing what was looked for; `.badData` as ``read(_:)``.
  public static func read(dataRoot: String) throws -> TextSplits {
    let files: [String]
    do {
      files = try location(dataRoot).find([["train.csv", "test.csv"]])
    } catch var error as BasinError {
      if let test = try? location(dataRoot).find([["test.csv"]])[0] {
        error.file = dataRoot
        error.message = "AG News' training file train.csv is not there beside \(test)"
        error.advice = "Put it there, or train on the 7,600 published test rows alone with --dataset ag-news-subset"
      }
      throw error
    }
    return TextSplits(
      train: try read(SourceText(contentsOf: files[0], encoding: .utf8)),
      test: try read(SourceText(contentsOf: files[1], encoding: .utf8)), files: files)
  }

  /// The 7,600 test rows as the only split; the host divides them by seed.
  public static func readSubset(dataRoot: String) throws -> TextSplits {
    let files = try location(dataRoot).find([["test.csv"]])
    return TextSplits(train: try read(SourceText(contentsOf: files[0], encoding: .utf8)), files: files)
  }

  /// - Throws: `BasinError` (`.badData`) with line and column for a row that is not three fields, an unknown class, a row
  ///   without text, an empty file.
  public static func read(_ source: SourceText) throws -> LabelledSentences {
    let table = try DelimitedTable(source, delimiter: 0x2C, quoting: true)
    guard table.rows > 0 else {
      throw source.badData("there are no rows", at: source.start, advice: "Fetch the file again")
    }
    guard table.columns == 3 else {
      throw source.badData(
        "expected class, title and description in each row, found \(table.columns) fields", at: source.start,
        advice: "Fetch the file again; for tables of your own use csv:PATH")
    }
    var texts: [String] = [], labels: [Int32] = []
    for row in 0..<table.rows {
      let word = table.trimmedString(row: row, column: 0)
      guard let number = Int32(word), (1...4).contains(number) else {
        throw source.badData(
          "class \(LabelledTableReader.shortened(word)), expected 1 to 4", at: table.offset(row: row, column: 0),
          advice: "Fetch the file again")
      }
      let text = table.string(row: row, column: 1) + " " + table.string(row: row, column: 2)
      guard !text.isBlank else {
        throw source.badData("the row has no text", at: table.offset(row: row, column: 1), advice: "Fetch the file again")
      }
      texts.append(text)
      labels.append(number - 1)
    }
    return try LabelledSentences(texts: texts, labels: labels, classNames: classNames)
  }
}
