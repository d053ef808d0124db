import Host
import PluginAPI
import Testing

@Suite("Metrics of a run")
struct MetricsTests {
  @Test func theMainFigureDecides() {
    let low = Metrics(loss: 0.1, accuracy: 0.9, figures: ["matthews": 0.2], score: 0.2)
    let high = Metrics(loss: 0.9, accuracy: 0.5, figures: ["matthews": 0.3], score: 0.3)
    #expect(high.isBetter(than: low) && !low.isBetter(than: high))
    // A perplexity is turned round.
    #expect(Metrics(loss: 1, accuracy: nil, score: -20).isBetter(than: Metrics(loss: 1, accuracy: nil, score: -30)))
    // Of equal ones the lower loss.
    #expect(Metrics(loss: 1, accuracy: 0.5).isBetter(than: Metrics(loss: 2, accuracy: 0.5)))
    #expect(Metrics(loss: 1, accuracy: nil).isBetter(than: Metrics(loss: 2, accuracy: nil)))
  }

  @Test func whatIsNoNumberIsWorst() {
    let broken = Metrics(loss: .nan, accuracy: nil), sound = Metrics(loss: 3, accuracy: nil)
    #expect(sound.isBetter(than: broken) && !broken.isBetter(than: sound) && !broken.isBetter(than: broken))
    let undefined = Metrics(loss: 1, accuracy: nil, score: .nan), negative = Metrics(loss: 2, accuracy: nil, score: -0.4)
    #expect(negative.isBetter(than: undefined) && !undefined.isBetter(than: negative))
  }

  @Test func asJSON() throws {
    let metrics = Metrics(
      loss: 0.5, accuracy: 0.75, figures: ["f1": 0.6, "matthews": .nan], score: 0.6,
      further: ["mismatched": Metrics(loss: 0.4, accuracy: 0.7)])
    #expect(
      metrics.json == [
        "loss": .double(0.5), "accuracy": .double(0.75), "f1": .double(0.6), "matthews": .null,
        "mismatched": ["loss": .double(0.4), "accuracy": .double(0.7)],
      ])
    let read = try #require(Metrics(json: metrics.json))
    #expect(read.figures["f1"] == 0.6 && read.figures["matthews"]?.isNaN == true && read.score == nil)
    #expect(read.further["mismatched"] == Metrics(loss: 0.4, accuracy: 0.7))
    #expect(Metrics(json: .null) == nil)
  }
}

@Suite("Predictions as text")
struct PredictionWriterTests {
  private func classes() throws -> PredictedExamples {
    try PredictedExamples(
      task: .classification(classes: 2), names: ["0", "a,b"], classNames: ["no", "\"yes\""], values: [0.25, 0.75, 1, 0])
  }

  @Test func tables() throws {
    #expect(
      PredictionWriter.text(try classes(), .csv) == """
        index,label,p(no),"p(""yes"")"
        0,\"\"\"yes\"\"\",0.25,0.75
        "a,b",no,1.0,0.0

        """)
    #expect(PredictionWriter.text(try classes(), .tsv).hasPrefix("index\tlabel\tp(no)\tp(\"yes\")\n0\t\"yes\"\t0.25\t0.75\n"))
    let known = try PredictedExamples(
      task: .regression(outputs: 1), names: ["7"], classNames: [], values: [2.5], truth: ["3.0"])
    #expect(PredictionWriter.text(known, .tsv) == "index\ttruth\tprediction\n7\t3.0\t2.5\n")
    let several = try PredictedExamples(
      task: .multiLabel(labels: 3), names: ["x\ty"], classNames: ["a", "b"], values: [0.9, 0.1, 0.6])
    #expect(PredictionWriter.text(several, .tsv) == "index\tlabels\tp(a)\tp(b)\tp(2)\nx y\ta 2\t0.9\t0.1\t0.6\n")
  }

  @Test func jsonLines() throws {
    let lines = PredictionWriter.text(try classes(), .jsonl).split(separator: "\n")
    #expect(lines.count == 2)
    #expect(lines[0] == #"{"index":"0","label":"\"yes\"","probabilities":{"\"yes\"":0.75,"no":0.25}}"#)
  }

  @Test func submissions() throws {
    let submission = Submission(file: "X.tsv", words: ["not_entailment", "entailment"])
    #expect(
      try PredictionWriter.text(classes(), for: submission)
        == "index\tprediction\n0\tentailment\na,b\tnot_entailment\n")
    let numbers = try PredictedExamples(
      task: .regression(outputs: 1), names: ["0", "1", "2"], classNames: [], values: [-0.5, 3.14159, 7])
    #expect(
      try PredictionWriter.text(numbers, for: Submission(file: "STS-B.tsv", range: 0...5))
        == "index\tprediction\n0\t0.000\n1\t3.142\n2\t5.000\n")
    #expect(throws: BasinError.self) { try PredictionWriter.text(classes(), for: Submission(file: "X.tsv", words: ["a"])) }
  }

  @Test func whatCannotBe() throws {
    for values: [Float] in [[0.5, .nan], [0.5, .infinity], [0.5], []] {
      let error = #expect(throws: BasinError.self) {
        try PredictedExamples(task: .classification(classes: 2), names: ["x"], classNames: [], values: values)
      }
      #expect(error?.kind == .internalError)
    }
  }
}
