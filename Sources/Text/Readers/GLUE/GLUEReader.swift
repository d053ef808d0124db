import Foundation
import PluginAPI

/// Reads GLUE's tables as their reference does: fields between tabs, no quoting, columns by the names of the header.
///
/// - CoLA's `train.tsv` and `dev.tsv` have no header: source, label, the author's mark, sentence.
/// - MRPC's begin with a byte order mark.
/// - QQP's train and dev have a few rows broken in two; they are passed over, as the reference does.
/// - A few of QQP's questions are empty and stay so.
/// - MNLI's rows without a majority label (`-`) are passed over.
/// - White space at the ends of a sentence stays: SST-2's training phrases end with a space.
///
/// GLUE's test files have no labels, so the published `dev` is the test split and the host carves validation from train.
public enum GLUEReader {
  /// Reads `train.tsv` and `dev.tsv` from under `dataRoot`: `text/glue/TASK`, `glue/TASK`, `TASK`, or the root itself.
  ///
  /// - Throws: `BasinError`: `.missingInput` naming what is missing or listing what was looked for; `.badData` as
  ///   ``read(_:task:)``.
  public static func read(dataRoot: String, task: GLUETask) throws -> TextSplits {
    let files = try location(dataRoot, task).find([names(task)])
    var notes: [String] = []
    let parts = try files.map { file in
      let (sentences, broken, undecided) = try readNoting(SourceText(contentsOf: file, encoding: .utf8), task: task)
      let name = (file as NSString).lastPathComponent
      if broken > 0 { notes.append("\(broken) rows of \(name) are broken and passed over") }
      if undecided > 0 {
        notes.append("\(undecided) rows of \(name) have no label that most annotators agree on (-) and are passed over")
      }
      return sentences
    }
    var splits = TextSplits(train: parts[0], test: parts[1], files: files)
    if task == .mnli { splits.furtherTests = [.init(name: "mismatched", parts[2])] }
    splits.notes = notes
    return splits
  }

  /// The files with labels: train, and dev (of MNLI both).
  static func names(_ task: GLUETask) -> [String] {
    task == .mnli ? ["train.tsv", "dev_matched.tsv", "dev_mismatched.tsv"] : ["train.tsv", "dev.tsv"]
  }

  static func location(_ dataRoot: String, _ task: GLUETask) -> DataLocation {
    DataLocation(
      dataset: task.folder, root: dataRoot,
      folders: ["text/glue/\(task.folder)", "glue/\(task.folder)", task.folder, "."])
  }

  /// Reads a file with labels.
  ///
  /// - Throws: `BasinError` (`.badData`) with line and column for a header without the columns (the nearest name offered), a
  ///   row of another width, a label out of its range, a score that is no finite number, an empty sentence, no rows.
  public static func read(_ source: SourceText, task: GLUETask) throws -> LabelledSentences {
    try readNoting(source, task: task).sentences
  }

  /// Also gives the numbers of rows that are passed over: those that lack a field, and those without a majority label.
  private static func readNoting(
    _ source: SourceText, task: GLUETask
  ) throws -> (sentences: LabelledSentences, broken: Int, undecided: Int) {
    let rows = TabSeparatedRows(source)
    let columns = try GLUEColumns(rows, task: task, isLabelled: true)
    var texts: [String] = [], pairs: [String] = []
    var labels: [Int32] = [], values: [Float] = []
    var broken = 0, undecided = 0
    for row in columns.firstRow..<max(rows.count, columns.firstRow) {
      guard try columns.isWhole(row, rows) else {
        broken += 1
        continue
      }
      let field = rows.range(row: row, column: columns.label)
      let word = source.bytes[field]
      if task == .mnli, word.elementsEqual("-".utf8) {
        undecided += 1
        continue
      }
      if task == .stsb {
        guard let value = Float(source.string(source.trimmed(field))), value.isFinite, (0...5).contains(value) else {
          throw source.badData(
            "score \(source.quoted(field)) is no number from 0 to 5", at: field.lowerBound, advice: "Fetch the file again")
        }
        values.append(value)
      } else {
        guard let label = task.words.firstIndex(where: { word.elementsEqual($0.utf8) }) else {
          let found = field.isEmpty ? "an empty label" : "label \(source.quoted(field))"
          throw source.badData(
            "\(found), expected \(task.words.joined(separator: ", "))", at: field.lowerBound, advice: "Fetch the file again")
        }
        labels.append(Int32(label))
      }
      texts.append(try columns.text(0, row, rows))
      if task.isPair { pairs.append(try columns.text(1, row, rows)) }
    }
    guard !texts.isEmpty else {
      throw source.badData("there are no sentences", at: source.bytes.count, advice: "Fetch the file again")
    }
    let second = task.isPair ? pairs : nil
    let sentences = task == .stsb
      ? try LabelledSentences(texts: texts, pairs: second, values: values)
      : try LabelledSentences(texts: texts, pairs: second, labels: labels, classNames: task.classNames)
    return (sentences, broken, undecided)
  }

  /// Reads one of GLUE's files without labels.
  ///
  /// - Throws: As ``read(_:task:)``, and `.badData` for an index that is missing.
  public static func readUnlabelled(_ source: SourceText, task: GLUETask) throws -> UnlabelledSentences {
    let rows = TabSeparatedRows(source)
    let columns = try GLUEColumns(rows, task: task, isLabelled: false)
    var texts: [String] = [], pairs: [String] = [], names: [String] = []
    for row in columns.firstRow..<max(rows.count, columns.firstRow) {
      // Here every row must have its answer.
      guard try columns.isWhole(row, rows, passesOver: false) else { continue }
      texts.append(try columns.text(0, row, rows))
      if task.isPair { pairs.append(try columns.text(1, row, rows)) }
      names.append(rows.string(row: row, column: columns.label))
    }
    guard !texts.isEmpty else {
      throw source.badData("there are no sentences", at: source.bytes.count, advice: "Fetch the file again")
    }
    return UnlabelledSentences(texts: texts, pairs: task.isPair ? pairs : nil, names: names)
  }
}

/// Which fields of a row are what.
struct GLUEColumns {
  /// The first row behind the header, if there is one.
  let firstRow: Int
  let texts: [Int]
  /// The column of the label or, in a file without labels, of the number.
  let label: Int
  let width: Int
  let task: GLUETask

  init(_ rows: TabSeparatedRows, task: GLUETask, isLabelled: Bool) throws {
    self.task = task
    let source = rows.source
    guard rows.count > 0 else {
      throw source.badData("expected a header, found an empty file", at: source.start, advice: "Fetch the file again")
    }
    let names = (0..<rows.width(0)).map { rows.string(row: 0, column: $0) }
    if task == .cola, isLabelled {
      if names == ["index", "sentence"] {
        throw source.badData(
          "GLUE's test file, which has no labels", at: source.start, advice: "Use dev.tsv, or `basin predict` for this file")
      }
      (firstRow, texts, label, width) = (0, [3], 1, 4)
      return
    }
    // The diagnostic set is MNLI's with other columns around.
    let wanted = task.textColumns + [isLabelled ? task.labelColumn : task.indexColumn]
    let columns = try wanted.map { name in
      guard let column = names.firstIndex(of: name) else {
        let isTest = isLabelled && name == task.labelColumn && names.contains(task.indexColumn)
        let near = nearestName(to: name, among: names).map { "Did you mean '\($0)'? Fetch the file again" }
        throw source.badData(
          "the header has no column \(name.debugDescription); it has \(source.quoted(source.start..<rows.end(row: 0)))",
          at: source.start,
          advice: near
            ?? (isTest ? "GLUE's test file has no labels: use dev.tsv, or `basin predict` for this file" : "Fetch the file again"))
      }
      return column
    }
    (firstRow, texts, label, width) = (1, Array(columns.dropLast()), columns[columns.count - 1], names.count)
  }

  /// Whether a row has the fields of the header. Of QQP broken rows are passed over, as the reference does.
  func isWhole(_ row: Int, _ rows: TabSeparatedRows, passesOver: Bool = true) throws -> Bool {
    let found = rows.width(row)
    if found == width { return true }
    if task == .qqp, passesOver, found < width { return false }
    let place = found > width ? rows.range(row: row, column: width).lowerBound : rows.end(row: row)
    throw rows.source.badData(
      "expected \(width) fields, found \(found)", at: place, advice: "A row is its fields between tabs; fetch the file again")
  }

  func text(_ index: Int, _ row: Int, _ rows: TabSeparatedRows) throws -> String {
    let range = rows.range(row: row, column: texts[index])
    // A few of QQP's questions are empty; the reference takes them as they are.
    guard task == .qqp || !rows.source.trimmed(range).isEmpty else {
      throw rows.source.badData("the sentence is empty", at: range.lowerBound, advice: "Give the row a text, or remove it")
    }
    return rows.source.string(range)
  }
}
