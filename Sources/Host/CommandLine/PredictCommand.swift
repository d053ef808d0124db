import ArgumentParser
import Foundation
import PluginAPI

/// `basin predict`: labels for examples that have none.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "Predicts new examples with the weights of a run.",
    discussion: """
      New examples come from a file, as the run's data set reads it: of text a sentence a line, or named columns of CSV, TSV or \
      JSON lines. --split predicts what the data set has itself: train, validation or test (with the truth beside it), or what \
      was published without labels. --submission writes the files that a benchmark's server takes.

      Example: basin predict runs/first sentences.txt --to labels.csv
      """)

  @OptionGroup var options: WeightsOptions
  @Argument(help: ArgumentHelp("A file of examples to predict.", valueName: "file")) var input: String?
  @Option(help: "Instead of a file: train, validation, test, or an unlabelled split of the data set.") var split: String?
  @Option(help: ArgumentHelp("Instead of a file: write submission files for the unlabelled splits into this folder.", valueName: "dir"))
  var submission: String?
  @Option(help: ArgumentHelp("The file to write (default: standard output).", valueName: "file")) var to: String?
  @Option(help: "csv, tsv or jsonl (default: by the ending of --to, else tsv).") var format: String?
  @Option(name: .customLong("set"), help: ArgumentHelp("How the file is read, such as input.textColumn=body.", valueName: "key=value"))
  var settings: [String] = []
  @Flag(help: "One JSON document on standard output.") var json = false

  func run() throws {
    try checkArguments()
    let format = try writtenFormat()
    let (run, file) = try options.prepare()
    let predictor = try Predictor(run)
    var document: [String: JSONValue] = [
      "model": .string(run.configuration.model), "dataset": .string(run.configuration.dataset),
      "weights": .string(options.weights), "file": .string(file),
    ]
    if let submission {
      let written = try submit(run, predictor, into: submission)
      document["submission"] = .array(written.map { ["file": .string($0.file), "examples": .int($0.count)] })
      if json { return try Terminal.print(.object(document)) }
      for (file, count) in written { print("\(count) predictions to \(file)") }
      return
    }
    let examples = try predict(run, predictor)
    if let to { try AtomicFile.write(Data(PredictionWriter.text(examples, format).utf8), to: to) }
    guard json else {
      if let to { print("\(examples.count) predictions to \(to)") } else { print(PredictionWriter.text(examples, format), terminator: "") }
      return
    }
    document["examples"] = .int(examples.count)
    document["to"] = JSONValue(to)
    if to == nil { document["predictions"] = .array((0..<examples.count).map { PredictionWriter.json(examples, $0) }) }
    try Terminal.print(.object(document))
  }

  // MARK: Arguments

  private func checkArguments() throws {
    let given = [input, split, submission].compactMap { $0 }
    guard given.count == 1 else {
      throw BasinError.usage(
        given.isEmpty ? "there is nothing to predict" : "more than one thing to predict",
        advice: "Give a file, --split or --submission, one of them")
    }
    if submission != nil, to != nil || format != nil {
      throw BasinError.usage("--submission writes files of given names and form", advice: "Leave --to and --format out")
    }
    if let input, !FileManager.default.fileExists(atPath: input) { throw BasinErrors.missingFile(input) }
    guard let to else { return }
    let folder = (to as NSString).deletingLastPathComponent
    guard access(folder.isEmpty ? "." : folder, W_OK) == 0 else { throw BasinErrors.system("cannot be written", file: to) }
  }

  private func writtenFormat() throws -> PredictionWriter.Format {
    let known = PredictionWriter.Format.allCases.map(\.rawValue)
    if let format {
      guard let value = PredictionWriter.Format(rawValue: format) else {
        throw BasinError.unknown("value of --format", format, among: known)
      }
      return value
    }
    guard let to else { return .tsv }
    guard let value = PredictionWriter.Format(rawValue: (to as NSString).pathExtension.lowercased()) else {
      throw BasinError.usage("--to \(to) does not tell a format", advice: "End its name in .csv, .tsv or .jsonl, or give --format")
    }
    return value
  }

  /// `input.textColumn=body` and so on, without `input.`.
  private func readingOptions(_ dataset: any LoadedUnlabelledDataset) throws -> [String: String] {
    var result: [String: String] = [:]
    for setting in settings {
      let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2, parts[0].hasPrefix("input.") else {
        throw BasinError.unknown("option", parts[0], among: dataset.unlabelledOptions.map { "input." + $0.name })
      }
      result[String(parts[0].dropFirst("input.".count))] = parts[1]
    }
    return result
  }

  // MARK: Predicting

  private func predict(_ run: PreparedRun, _ predictor: Predictor) throws -> PredictedExamples {
    let name = run.configuration.dataset
    let dataset = run.dataset as? any LoadedUnlabelledDataset
    if let split {
      let own: [(String, Splits.Part?)] = [("train", run.splits.train), ("validation", run.splits.validation), ("test", run.splits.test)]
      if let (_, part) = own.first(where: { $0.0 == split }) {
        guard let part else { throw BasinError.missing("the run has no \(split) data", advice: "Give another --split") }
        return try predictor(part)
      }
      let unlabelled = dataset?.unlabelledSplits ?? []
      guard let dataset, unlabelled.contains(split) else {
        throw BasinError.unknown("split", split, of: "data set \(name)", among: own.map(\.0) + unlabelled)
      }
      return try predictor(dataset.examples(split: split))
    }
    guard let dataset else {
      throw BasinError.usage(
        "data set \(name) cannot read examples without labels", advice: "Predict its own with --split test")
    }
    return try predictor(dataset.examples(file: input ?? "", readingOptions(dataset)))
  }

  private func submit(
    _ run: PreparedRun, _ predictor: Predictor, into folder: String
  ) throws -> [(file: String, count: Int)] {
    let dataset = run.dataset as? any LoadedUnlabelledDataset
    let wanted = (dataset?.unlabelledSplits ?? []).compactMap { split in dataset?.submission(of: split).map { (split, $0) } }
    guard let dataset, !wanted.isEmpty else {
      throw BasinError.missing(
        "data set \(run.configuration.dataset) has nothing to submit",
        advice: "Its published files without labels must be under the data root; `--split` lists what is there")
    }
    // Everything is predicted before anything is written.
    let texts = try wanted.map { split, submission in
      let examples = try predictor(dataset.examples(split: split))
      return (file: "\(folder)/\(submission.file)", count: examples.count, text: try PredictionWriter.text(examples, for: submission))
    }
    try AtomicFile.makeFolder(folder)
    for text in texts { try AtomicFile.write(Data(text.text.utf8), to: text.file) }
    return texts.map { ($0.file, $0.count) }
  }
}
