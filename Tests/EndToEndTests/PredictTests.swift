import Foundation
import Testing

@Suite("predict")
struct PredictTests {
  private func lines(_ workspace: Workspace, _ name: String) throws -> [String] {
    String(decoding: try workspace.data(name), as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test func sentencesOfOnesOwn() throws {
    let workspace = try Workspace()
    let tasks = TextTasks(workspace: workspace)
    try tasks.cola()
    _ = try tasks.train("cola", to: "run", "--method", "swa")
    try workspace.write("the film was dull today\nthe book was fine again\nthe song was fine today\n", to: "new.txt")
    let outcome = try workspace.run(["predict", "run", "new.txt", "--to", "out.csv"], expecting: 0)
    #expect(outcome.text == "3 predictions to out.csv\n")
    let table = try lines(workspace, "out.csv").map { $0.split(separator: ",").map(String.init) }
    #expect(table[0] == ["index", "label", "p(unacceptable)", "p(acceptable)"] && table.count == 5 && table[4].isEmpty)
    #expect(table[1...3].map { $0[1] } == ["unacceptable", "acceptable", "acceptable"])
    for row in table[1...3] {
      let sum = row[2...3].reduce(0) { $0 + (Double($1) ?? .nan) }
      #expect(abs(sum - 1) < 1e-5)
    }
    // The same from a table with other columns, in other forms, with other batch mates, and from a checkpoint's file.
    try workspace.write("n,body\n7,the film was dull today\n8,the song was fine today\n", to: "new.csv")
    let flags = ["--set", "input.textColumn=body", "--set", "input.nameColumn=n"]
    let shown = try workspace.run(["predict", "run/weights/last.safetensors", "new.csv"] + flags, expecting: 0).text
    let rows = shown.split(separator: "\n").map { $0.split(separator: "\t").map(String.init) }
    #expect(rows.count == 3 && rows[1][0] == "7" && rows[2][0] == "8")
    for (mine, theirs) in [(rows[1], table[1]), (rows[2], table[3])] {
      for column in 2...3 { #expect(abs((Double(mine[column]) ?? .nan) - (Double(theirs[column]) ?? 0)) < 1e-5) }
    }
    let document = try workspace.json(["predict", "run", "new.txt"])
    #expect(document["examples"]?.integer == 3 && document["predictions"]?[0]?["label"]?.text == "unacceptable")
    try workspace.run(["predict", "run", "new.txt", "--to", "out.jsonl", "--weights", "averaged"], expecting: 0)
    #expect(Document(Data(try lines(workspace, "out.jsonl")[0].utf8))?["probabilities"]?.keys == ["acceptable", "unacceptable"])
  }

  @Test func splitsOfTheDataSet() throws {
    let workspace = try Workspace()
    let tasks = TextTasks(workspace: workspace)
    try tasks.cola()
    let summary = try tasks.train("cola", to: "run")
    try workspace.run(["predict", "run", "--split", "test", "--to", "test.tsv"], expecting: 0)
    let rows = try lines(workspace, "test.tsv").dropLast().map { $0.split(separator: "\t").map(String.init) }
    #expect(rows.count == 41 && rows[0][0...2] == ["index", "truth", "label"])
    let right = rows.dropFirst().count { $0[1] == $0[2] }
    #expect(Double(right) / 40 == summary["test"]?["accuracy"]?.number)
    #expect(try workspace.json(["predict", "run", "--split", "unlabelled"])["predictions"]?.items.count == 9)
    try workspace.refused(["predict", "run", "--split", "tset"], 64, saying: "'test'", "unlabelled")
  }

  @Test func submissionFiles() throws {
    let workspace = try Workspace()
    let tasks = TextTasks(workspace: workspace)
    try tasks.cola()
    try tasks.similarity()
    try tasks.mnli()
    for (dataset, epochs) in [("cola", 6), ("stsb", 6), ("mnli", 3)] {
      _ = try tasks.train(dataset, to: dataset, epochs: epochs)
      _ = try workspace.json(["predict", dataset, "--submission", "sent"])
    }
    #expect(workspace.names(in: "sent") == ["CoLA.tsv", "MNLI-m.tsv", "MNLI-mm.tsv", "STS-B.tsv"])
    for (file, count, words) in [
      ("CoLA.tsv", 9, ["0", "1"]), ("MNLI-m.tsv", 5, ["entailment", "neutral", "contradiction"]),
      ("MNLI-mm.tsv", 4, ["entailment", "neutral", "contradiction"]), ("STS-B.tsv", 7, []),
    ] {
      let rows = try lines(workspace, "sent/" + file).dropLast().map { $0.split(separator: "\t").map(String.init) }
      #expect(rows[0] == ["index", "prediction"] && rows.dropFirst().map { $0[0] } == (0..<count).map(String.init), "\(file)")
      for row in rows.dropFirst() {
        #expect(words.isEmpty ? (0...5).contains(Double(row[1]) ?? -1) && row[1].count == 5 : words.contains(row[1]), "\(file): \(row)")
      }
    }
    let cola = try lines(workspace, "sent/CoLA.tsv").dropFirst().prefix(9).map { String($0.suffix(1)) }
    #expect(cola == (0..<9).map { $0 % 3 == 0 ? "0" : "1" })
  }

  @Test func whatCannotBePredicted() throws {
    let workspace = try Workspace()
    let tasks = TextTasks(workspace: workspace)
    try tasks.cola()
    try FileManager.default.removeItem(atPath: workspace("data/glue/CoLA/test.tsv"))
    _ = try tasks.train("cola", to: "run", epochs: 1)
    try workspace.write("a b\n\nc\n", to: "gap.txt")
    try workspace.write(Data([0x61, 0xFF, 0x0A]), to: "latin.txt")
    try workspace.write("a b\n", to: "new.txt")
    try workspace.refused(["predict", "run"], 64, saying: "nothing to predict")
    try workspace.refused(["predict", "run", "new.txt", "--split", "test"], 64, saying: "more than one")
    try workspace.refused(["predict", "run", "absent.txt"], 66, saying: "absent.txt")
    try workspace.refused(["predict", "run", "gap.txt", "--to", "out.csv"], 65, saying: "gap.txt: line 2, column 1: the line is empty")
    try workspace.refused(["predict", "run", "latin.txt"], 65, saying: "latin.txt: line 1, byte 1", "not UTF-8")
    try workspace.refused(["predict", "run", "new.txt", "--to", "out.xml"], 64, saying: ".csv")
    try workspace.refused(["predict", "run", "new.txt", "--to", "no/out.csv"], 73, saying: "no/out.csv")
    try workspace.refused(["predict", "run", "new.txt", "--format", "cvs"], 64, saying: "'csv'")
    try workspace.refused(["predict", "run", "new.txt", "--set", "input.txtColumn=a"], 64, saying: "'textColumn'")
    try workspace.refused(["predict", "run", "new.txt", "--set", "textColumn=a"], 64, saying: "input.textColumn")
    try workspace.refused(["predict", "run", "--submission", "sent"], 66, saying: "nothing to submit")
    try workspace.refused(["predict", "nowhere", "new.txt"], 66, saying: "nowhere")
    #expect(!workspace.exists("out.csv") && !workspace.exists("sent"))
  }
}
