// Encodes all texts of a labelled CSV file (AG News: label, title, description), for the benchmark of tokenizers.
//
//   tokenizer-speed TOKENIZER CSV [--threads N] [--spans]            one JSON line: {"texts", "bytes", "tokens", "milliseconds"}
//   tokenizer-speed TOKENIZER CSV [--threads N] [--spans] --serve    the protocol of server.py: a step encodes all
//
// TOKENIZER is a folder or file as SubwordTokenizer reads it. --spans gives offsets too.
import Foundation
import PluginAPI
import Text

struct Answer: Encodable {
  var name = "Basin"
  var steps: Int?
  var texts: Int?
  var bytes: Int?
  var tokens: Int?
  var milliseconds: [Double] = []
}

func write(_ answer: Answer) {
  let encoder = JSONEncoder()
  encoder.outputFormatting = .sortedKeys
  guard let data = try? encoder.encode(answer) else { return }
  FileHandle.standardOutput.write(data + Data("\n".utf8))
}

func run(_ arguments: [String]) throws {
  let (isServing, wantsSpans) = (arguments.contains("--serve"), arguments.contains("--spans"))
  var threads = 1
  if let place = arguments.firstIndex(of: "--threads"), place + 1 < arguments.count, let count = Int(arguments[place + 1]) {
    threads = count
  }
  let tokenizer = try SubwordTokenizer(contentsOf: arguments[0])
  let source = try SourceText(contentsOf: arguments[1], encoding: .utf8)
  let table = try DelimitedTable(source, delimiter: UInt8(ascii: ","), quoting: true)
  let texts = (0..<table.rows).map { row in
    (1..<table.columns).map { table.string(row: row, column: $0) }.joined(separator: " ")
  }
  func step() throws -> (tokens: Int, milliseconds: Double) {
    let start = ContinuousClock.now
    let packed = try tokenizer.encode(texts, wantsSpans: wantsSpans, threads: threads)
    let elapsed = (ContinuousClock.now - start).components
    return (packed.ids.count, Double(elapsed.seconds) * 1e3 + Double(elapsed.attoseconds) * 1e-15)
  }
  guard isServing else {
    let result = try step()
    write(
      Answer(
        texts: texts.count, bytes: texts.reduce(0) { $0 + $1.utf8.count }, tokens: result.tokens,
        milliseconds: [result.milliseconds]))
    return
  }
  while let line = readLine() {
    let words = line.split(separator: " ")
    if words == ["quit"] { return }
    guard words.count == 2, words[0] == "run", let count = Int(words[1]), count > 0 else { continue }
    write(Answer(steps: count, milliseconds: try (0..<count).map { _ in try step().milliseconds }))
  }
}

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 2 else {
  FileHandle.standardError.write(Data("usage: tokenizer-speed TOKENIZER CSV [--threads N] [--spans] [--serve]\n".utf8))
  exit(64)
}
do {
  try run(arguments)
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit((error as? BasinError)?.kind.exitStatus ?? 70)
}
