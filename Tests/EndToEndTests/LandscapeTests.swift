import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite("landscape", .serialized) struct LandscapeTests {
  private func trained(_ small: SmallRun, _ seeds: Int...) throws -> Workspace {
    let space = try Workspace()
    for seed in seeds { try space.run(small.train("swa", to: "run\(seed)", "--seed", "\(seed)"), expecting: 0) }
    return space
  }

  /// The parts of a metrics object that both commands give.
  private func figures(_ document: Document?) -> [Double] {
    guard let loss = document?["loss"]?.number else { return [] }
    return [loss, document?["error"]?.number ?? document?["accuracy"]?.number.map { 1 - $0 } ?? -1]
  }

  private func checkPictures(_ space: Workspace, _ folder: String, saying words: [String]) throws {
    let svg = try space.data("\(folder)/landscape.svg")
    let parser = XMLParser(data: svg)
    #expect(parser.parse(), "\(String(describing: parser.parserError))")
    for word in words { #expect(String(decoding: svg, as: UTF8.self).contains(word), "\(word)") }
    let png = [UInt8](try space.data("\(folder)/landscape.png"))
    #expect(png.prefix(4) == [0x89, 0x50, 0x4E, 0x47] && png.suffix(8).prefix(4) == Array("IEND".utf8)[...])
    let width = png[16..<20].reduce(0) { $0 << 8 | Int($1) }
    #expect(String(decoding: svg, as: UTF8.self).contains("width=\"\(width / 2)\""))
  }

  @Test("rays: N directions of P points, and the weights themselves as evaluate has them", arguments: SmallRun.all)
  func rays(small: SmallRun) throws {
    let space = try trained(small, 0)
    let arguments = [
      "landscape", "run0", "--rays", "2", "--points", "3", "--radius", "0.5", "--part", "all", "--bn-update", "none",
    ]
    let document = try space.json(arguments + ["--out", "out"])
    #expect(document == Document(try space.data("out/landscape.json")))
    #expect(document["kind"]?.text == "rays" && document["model"]?.text == small.model)
    let points = document["points"]?.items ?? []
    #expect(points.map { $0["ray"]?.integer } == [0, 0, 0, 1, 1, 1])
    #expect(points.map { $0["coordinates"]?[0]?.number } == [-0.5, 0, 0.5, -0.5, 0, 0.5])
    let evaluated = try space.json(["evaluate", "run0"])
    for part in ["validation", "test"] {
      let own = figures(document["named"]?[0]?[part])
      #expect(own.count == 2 && own == figures(evaluated[part]))
      // Step 0 of every ray is the weights themselves.
      #expect(figures(points[1][part]) == own && figures(points[4][part]) == own)
      #expect(figures(points[0][part]) != own && figures(points[0][part]) != figures(points[3][part]))
    }
    try checkPictures(space, "out", saying: [small.model, "2 random rays", "run0", "error (%)"])
    // The seed decides the directions and nothing else does.
    let again = try space.json(arguments + ["--out", "again"])
    #expect(again["points"] == document["points"])
    let other = try space.json(arguments + ["--seed", "1", "--out", "other"])
    #expect(other["points"] != document["points"] && other["named"] == document["named"])
  }

  @Test("a segment leads from the one weights to the other", arguments: SmallRun.all)
  func segment(small: SmallRun) throws {
    let space = try trained(small, 0, 1)
    let document = try space.json([
      "landscape", "run0", "--to", "run1", "--points", "3", "--margin", "0", "--out", "out",
    ])
    let points = document["points"]?.items ?? [], named = document["named"]?.items ?? []
    #expect(
      points.map { $0["coordinates"]?[0]?.number } == [0, 0.5, 1] && named.map { $0["name"]?.text } == ["run0", "run1"])
    #expect(points.first?["test"] == named.first?["test"] && points.last?["test"] == named.last?["test"])
    #expect(named[0]["train"] != named[1]["train"])
    #expect(document["named"]?[0]?["validation"] == nil)
    try checkPictures(space, "out", saying: ["from run0 to run1"])
    // From the other side it is the same line.
    let back = try space.json(["landscape", "run1", "--to", "run0", "--points", "3", "--margin", "0", "--out", "back"])
    let middle = figures(points[1]["test"]), middleBack = figures(back["points"]?[1]?["test"])
    #expect(zip(middle, middleBack).allSatisfy { abs($0 - $1) < 1e-4 } && !middle.isEmpty)
  }

  @Test("a plane through three weights, at distances that sharpness --among confirms", arguments: SmallRun.all)
  func plane(small: SmallRun) throws {
    let space = try trained(small, 0, 1, 2)
    let document = try space.json([
      "landscape", "run0", "--plane", "run1", "run2", "--points", "3", "--part", "test", "--examples", "20", "--out",
      "out",
    ])
    #expect(document["points"]?.items.count == 9 && document["axes"]?.items.map(\.items.count) == [3, 3])
    let named = (document["named"]?.items ?? []).compactMap { point in
      point["coordinates"]?.items.compactMap(\.number)
    }
    let spread = try space.json([
      "sharpness", "run0", "--among", "run0", "run1", "run2", "--eigenvalues", "0", "--trace-samples", "0",
    ])["among"]
    for (i, j) in [(0, 1), (0, 2), (1, 2)] {
      let expected = try #require(spread?["distances"]?[i]?[j]?.number)
      let distance = hypot(named[i][0] - named[j][0], named[i][1] - named[j][1])
      #expect(expected > 0.1 && abs(distance / expected - 1) < 1e-6)
    }
    try checkPictures(space, "out", saying: ["test loss", "run1", "run2"])
    // Also under another seed the three stay where they are.
    #expect(named[0] == [0, 0] && named[1][1] == 0)
  }

  // MARK: Resume

  private func lines(_ space: Workspace, _ out: String) -> Int {
    (FileManager.default.contents(atPath: space("\(out)/points.jsonl")) ?? Data()).count { $0 == 0x0A }
  }

  @Test("killed or interrupted, it goes on to the same bytes", arguments: [SIGKILL, SIGINT])
  func resume(signal: Int32) throws {
    let space = try trained(.vision, 0)
    func arguments(_ out: String) -> [String] {
      ["landscape", "run0", "--rays", "3", "--points", "15", "--seed", "4", "--examples", "50", "--out", out]
    }
    try space.run(arguments("whole"), expecting: 0)
    var kept = 0
    var out = ""
    for attempt in 1...4 where !(2...44).contains(kept) {
      out = "out\(attempt)"
      let program = try space.start(arguments(out))
      let deadline = ContinuousClock.now + .seconds(60)
      while program.isRunning, ContinuousClock.now < deadline, lines(space, out) < 5 { usleep(500) }
      program.signal(signal)
      let outcome = try program.finish()
      kept = lines(space, out)
      guard !space.exists("\(out)/landscape.json") else { continue }
      #expect(outcome.ending == (signal == SIGINT ? .exited(130) : .killed(signal: SIGKILL)), "\(outcome)")
      if signal == SIGINT { #expect(outcome.errors.contains("--resume \(out)"), "\(outcome)") }
    }
    #expect((2...44).contains(kept))
    // What a kill may leave behind a line.
    try space.write(space.data("\(out)/points.jsonl") + Data(#"{"index":7,"te"#.utf8), to: "\(out)/points.jsonl")
    for flags in [["run0"], ["--rays", "3"], ["--points", "15"], ["--out", "x"], ["--part", "test"]] {
      try space.refused(["landscape", "--resume", out] + flags, 64, saying: flags[0] == "run0" ? "run" : flags[0])
    }
    try space.run(["landscape", "--resume", out], expecting: 0)
    for file in ["landscape.json", "landscape.svg", "landscape.png", "points.jsonl"] {
      #expect(try space.data("\(out)/\(file)") == space.data("whole/\(file)"), "\(file)")
    }
    // A finished one is left as it is.
    let finished = try space.json(["landscape", "--resume", out])
    #expect(finished == Document(try space.data("whole/landscape.json")))
  }

  @Test("weights that changed in between are noticed")
  func changedWeights() throws {
    let space = try trained(.graph, 0, 1)
    try space.run(["landscape", "run0", "--to", "run1", "--points", "3", "--out", "out"], expecting: 0)
    try FileManager.default.removeItem(atPath: space("out/landscape.json"))
    try space.write(space.data("run0/weights/last.safetensors"), to: "run1/weights/last.safetensors")
    try space.refused(["landscape", "--resume", "out"], 65, saying: "other weights", "run1")
  }

  // MARK: Bad input

  @Test("what is wrong is told before anything is made")
  func badInput() throws {
    let space = try trained(.graph, 0)
    try space.run(SmallRun.graph.train("backbone", to: "wide", "--set", "model.hidden=9"), expecting: 0)
    func refused(_ flags: [String], _ status: Int32, _ words: String, line: SourceLocation = #_sourceLocation) throws {
      let outcome = try space.run(["landscape"] + flags, expecting: status, sourceLocation: line)
      #expect(outcome.errors.contains(words), "\(outcome)", sourceLocation: line)
      #expect(!space.exists("out"), sourceLocation: line)
    }
    let out = ["--out", "out"]
    try refused(["run0", "--rays", "2"], 64, "--out")
    try refused(["--rays", "2"] + out, 64, "run")
    try refused(["run0"] + out, 64, "--rays")
    try refused(["run0", "--rays", "2", "--to", "wide"] + out, 64, "one kind")
    try refused(["run0", "--rays", "0"] + out, 64, "--rays")
    try refused(["run0", "--rays", "1", "--points", "1"] + out, 64, "--points")
    try refused(["run0", "--rays", "1", "--radius", "-1"] + out, 64, "--radius")
    try refused(["run0", "--rays", "1", "--radius", "nan"] + out, 64, "--radius")
    try refused(["run0", "--rays", "1", "--margin", "0.1"] + out, 64, "--margin")
    try refused(["run0", "--rays", "1", "--normalization", "filters"] + out, 64, "Did you mean 'filter'")
    try refused(["run0", "--rays", "1", "--part", "dev"] + out, 64, "validation")
    try refused(["run0", "--to", "run0"] + out, 64, "the same")
    try refused(["run0", "--plane", "run0"] + out, 64, "--plane")
    try refused(["run0", "--to", "nowhere"] + out, 66, "nowhere")
    try refused(["nowhere", "--rays", "1"] + out, 66, "nowhere")
    try refused(["run0", "--rays", "1", "--weights", "best"] + out, 66, "best")
    try refused(["run0", "--to", "wide"] + out, 65, "shape")
    try space.write("no weights", to: "junk.safetensors")
    try refused(["run0", "--to", "junk.safetensors"] + out, 65, "junk.safetensors")
    try space.refused(["landscape", "--resume", "run0"], 66, saying: "plan.json")
    try space.write("", to: "file")
    try space.refused(["landscape", "run0", "--rays", "1", "--out", "file/out"], 73, saying: "file/out")
    try space.run(["landscape", "run0", "--rays", "1", "--points", "2", "--out", "out"], expecting: 0)
    try space.refused(["landscape", "run0", "--rays", "1", "--out", "out"], 73, saying: "--resume out")
  }
}
