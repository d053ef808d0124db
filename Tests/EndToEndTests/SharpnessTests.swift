import Foundation
import Testing

@Suite("sharpness", .serialized) struct SharpnessTests {
  @Test("in every domain, by exact products", arguments: SmallRun.all)
  func domains(small: SmallRun) throws {
    let space = try Workspace()
    try space.run(small.train("swa", to: "run"), expecting: 0)
    let arguments = ["sharpness", "run", "--eigenvalues", "2", "--trace-samples", "3", "--examples", "40"]
    let document = try space.json(arguments)
    #expect(document["hessianProducts"]?.text == "exact" && document["differences"]?.isNull == true)
    #expect(document["examples"]?.integer == 40 && (document["parameters"]?.integer ?? 0) > 100)
    let values = document["eigenvalues"]?.items.compactMap { $0["value"]?.number } ?? []
    #expect(values.count == 2 && values[0] >= values[1] && values[0] > 0)
    #expect(document["lanczos"]?["converged"]?.flag == true)
    for pair in document["eigenvalues"]?.items ?? [] {
      #expect(try #require(pair["residual"]?.number) < 0.01 * values[0])
    }
    #expect(try #require(document["smallestEigenvalue"]?["value"]?.number) < values[1])
    #expect(document["trace"]?["samples"]?.integer == 3 && document["trace"]?["standardError"]?.number != nil)
    // To first order the rise of the loss is radius times gradient.
    let slope = try #require(document["gradientNorm"]?.number)
    let rise = try #require(document["sam"]?["sharpness"]?.number)
    #expect(rise > 0.5 * 0.05 * slope && document["asam"]?["sharpness"]?.number ?? 0 > 0)
    #expect(document["among"]?.isNull == true)
    #expect(try space.json(arguments) == document)
    #expect(try space.json(arguments + ["--products", "exact"]) == document)
    let other = try space.json(arguments + ["--products", "differences"])
    #expect(other["hessianProducts"]?.text == "differences" && (other["differences"]?["step"]?.number ?? 0) > 0)
    // ReLU's kinks are in the differences and not in the derivative: there they need not agree, but the error is told.
    let largest = other["eigenvalues"]?[0]?["value"]?.number ?? 0
    #expect(largest > 0 && (other["differences"]?["relativeError"]?.number ?? 0) > 0)
    if small.domain == "text" { #expect(abs(largest - values[0]) < 0.01 * values[0]) }
  }

  @Test("the loss is that of evaluate, and more steps of ascent find no less")
  func lossAndSteps() throws {
    let space = try Workspace()
    try space.run(SmallRun.vision.train("swa", to: "run"), expecting: 0)
    let short = ["sharpness", "run", "--part", "test", "--eigenvalues", "0", "--trace-samples", "0"]
    let one = try space.json(short)
    let evaluated = try #require(space.json(["evaluate", "run"])["test"]?["loss"]?.number)
    #expect(try abs(#require(one["loss"]?.number) - evaluated) < 1e-6)
    #expect(
      one["eigenvalues"]?.isNull == true && one["hessianProducts"]?.isNull == true && one["trace"]?.isNull == true)
    let many = try space.json(short + ["--steps", "10"])
    #expect(try #require(many["sam"]?["sharpness"]?.number) >= #require(one["sam"]?["sharpness"]?.number) - 1e-6)
    // Longer radii rise higher.
    let far = try space.json(short + ["--rho", "0.1"])
    #expect(try #require(far["sam"]?["sharpness"]?.number) > #require(one["sam"]?["sharpness"]?.number))
  }

  // MARK: Written, and gone on with

  private func checkPictures(_ space: Workspace, _ folder: String, saying words: [String]) throws {
    let svg = String(decoding: try space.data("\(folder)/sharpness.svg"), as: UTF8.self)
    for word in words { #expect(svg.contains(word), "\(word)") }
    let png = [UInt8](try space.data("\(folder)/sharpness.png"))
    #expect(png.prefix(4) == [0x89, 0x50, 0x4E, 0x47] && png.suffix(8).prefix(4) == Array("IEND".utf8)[...])
  }

  @Test("--out writes what is printed without it, with curves, and pictures; several runs beside each other")
  func written() throws {
    let space = try Workspace()
    for method in ["swa", "backbone"] { try space.run(SmallRun.graph.train(method, to: method), expecting: 0) }
    let flags = ["--eigenvalues", "2", "--trace-samples", "3", "--examples", "50"]
    let plain = try space.json(["sharpness", "swa"] + flags)
    let paths = ["swa", "swa/weights/averaged.safetensors", "backbone"]
    let document = try space.json(["sharpness"] + paths + ["--out", "out", "--among"] + paths + flags)
    #expect(document == Document(try space.data("out/sharpness.json")))
    let runs = document["runs"]?.items ?? []
    #expect(runs.map { $0["name"]?.text } == ["swa", "swa averaged", "backbone"])
    for key in [
      "loss", "gradientNorm", "eigenvalues", "smallestEigenvalue", "lanczos", "trace", "spectrum", "differences",
    ] {
      #expect(runs[0][key] == plain[key] && plain[key] != nil, "\(key)")
    }
    #expect(Set(runs.compactMap { $0["loss"]?.number }).count == 3)
    for (key, radius) in [("sam", 0.05), ("asam", 0.5)] {
      let curve = runs[0][key]?["curve"]?.items ?? []
      #expect(curve.count == 8 && plain[key]?["curve"]?.items.isEmpty == true)
      #expect(zip(curve, 1...8).allSatisfy { abs(($0["rho"]?.number ?? 0) - radius * Double($1) / 4) < 1e-12 })
      // The curve goes through the figure of the table.
      #expect(curve[3]["sharpness"] == runs[0][key]?["sharpness"] && curve[7]["sharpness"] != curve[3]["sharpness"])
      #expect(plain[key]?["sharpness"] == runs[0][key]?["sharpness"])
    }
    let values = runs[0]["trace"]?["values"]?.items.compactMap(\.number) ?? []
    #expect(
      try values.count == 3 && abs(values.reduce(0, +) / 3 - #require(runs[0]["trace"]?["estimate"]?.number)) < 1e-9)
    let weights = runs[0]["spectrum"]?["weights"]?.items.compactMap(\.number) ?? []
    #expect(weights.count == runs[0]["lanczos"]?["iterations"]?.integer && abs(weights.reduce(0, +) - 1) < 1e-9)
    #expect(document["among"]?["distances"]?.items.count == 3)
    try checkPictures(space, "out", saying: ["swa averaged", "backbone", "density", "ASAM", "trace", "distances"])
    #expect(space.names(in: "out") == ["plan.json", "sharpness.json", "sharpness.png", "sharpness.svg"])
    try space.refused(["sharpness", "swa", "--out", "out"], 73, saying: "--resume out")
    #expect(try space.json(["sharpness", "--resume", "out"]) == document)
    let text = try space.run(["sharpness"] + paths + flags, expecting: 0).text
    #expect(text.contains("swa averaged") && text.contains("eigenvalue 2") && !space.exists("progress"))
  }

  /// What is kept of the weights of that number.
  private func record(_ space: Workspace, _ out: String, _ index: Int = 0) -> Document? {
    FileManager.default.contents(atPath: space("\(out)/progress/\(index).json")).flatMap { Document($0) }
  }

  /// Starts it, and ends it by a signal when enough is kept.
  private func cut(
    _ space: Workspace, _ arguments: [String], _ signal: Int32, _ out: String, when isEnough: (Document) -> Bool
  ) throws {
    let program = try space.start(arguments + ["--out", out])
    let deadline = ContinuousClock.now + .seconds(60)
    while program.isRunning, ContinuousClock.now < deadline, record(space, out).map(isEnough) != true { usleep(2000) }
    program.signal(signal)
    let outcome = try program.finish()
    #expect(outcome.ending == (signal == SIGINT ? .exited(130) : .killed(signal: SIGKILL)), "\(outcome)")
    if signal == SIGINT { #expect(outcome.errors.contains("basin sharpness --resume \(out)"), "\(outcome)") }
    #expect(!space.exists("\(out)/sharpness.json"))
  }

  private func same(_ space: Workspace, _ out: String, _ other: String) throws {
    for file in ["sharpness.json", "sharpness.svg", "sharpness.png"] {
      #expect(try space.data("\(out)/\(file)") == space.data("\(other)/\(file)"), "\(out) \(file)")
    }
    #expect(space.names(in: out) == ["plan.json", "sharpness.json", "sharpness.png", "sharpness.svg"])
  }

  @Test("killed or interrupted in the middle, it goes on to the same bytes; what is damaged is told")
  func resume() throws {
    let space = try Workspace()
    try space.run(SmallRun.vision.train("swa", to: "run"), expecting: 0)
    let arguments = [
      "sharpness", "run", "run/weights/averaged.safetensors", "--examples", "96", "--eigenvalues", "3", "--iterations",
      "70",
      "--tolerance", "1e-14", "--trace-samples", "70",
    ]
    try space.run(arguments + ["--out", "whole"], expecting: 0)
    func basis(_ record: Document) -> Int { record["basisCount"]?.integer ?? 0 }
    for (signal, out) in [(SIGKILL, "killed"), (SIGINT, "interrupted")] {
      try cut(space, arguments, signal, out) { basis($0) >= 5 }
      let kept = try #require(record(space, out))
      #expect((5...70).contains(basis(kept)) && kept["lanczos"]?["diagonal"]?.items.count ?? 0 >= basis(kept) - 1)
      #expect(space.names(in: "\(out)/progress").contains { $0.contains("basis") })
    }
    // The signal that can be handled loses nothing, the other one at most what came since the last time.
    try cut(space, arguments, SIGKILL, "trace") { ($0["traceSamples"]?.items.count ?? 0) >= 3 }
    #expect(space.names(in: "trace/progress") == ["0.json"], "\(space.names(in: "trace/progress"))")
    try cut(space, arguments, SIGINT, "early") { $0["lanczos"] != nil }
    try damaged(space, "killed")

    for flags in [
      ["run"], ["--rho", "0.1"], ["--eigenvalues", "3"], ["--seed", "0"], ["--out", "x"], ["--among", "run", "run"],
    ] {
      try space.refused(
        ["sharpness", "--resume", "killed"] + flags, 64, saying: flags[0] == "run" ? "the run" : flags[0])
    }
    for out in ["killed", "interrupted", "trace", "early"] {
      try space.run(["sharpness", "--resume", out], expecting: 0)
      try same(space, out, "whole")
    }
  }

  private func damaged(_ space: Workspace, _ out: String) throws {
    func copy() throws {
      try? FileManager.default.removeItem(atPath: space("damaged"))
      try FileManager.default.copyItem(atPath: space(out), toPath: space("damaged"))
    }
    let name = try #require(space.names(in: "\(out)/progress").filter { $0.contains("basis") }.last)
    for (file, keep) in [
      ("progress/0.json", 0), ("progress/0.json", 20), ("progress/\(name)", 0), ("progress/\(name)", 500),
    ] {
      try copy()
      try space.write(space.data("damaged/\(file)").prefix(keep), to: "damaged/\(file)")
      try space.refused(["sharpness", "--resume", "damaged"], 65, saying: file, "Delete the folder")
    }
    try copy()
    let text = String(decoding: try space.data("damaged/progress/0.json"), as: UTF8.self)
    try space.write(
      text.replacingOccurrences(of: "\"diagonal\":[", with: "\"diagonal\":[1,"), to: "damaged/progress/0.json")
    try space.refused(["sharpness", "--resume", "damaged"], 65, saying: "progress/0.json", "does not fit")
    try copy()
    try FileManager.default.removeItem(atPath: space("damaged/progress/\(name)"))
    try space.refused(["sharpness", "--resume", "damaged"], 65, saying: name, "Delete the folder")
    // Doing as told, it begins anew and ends the same.
    try FileManager.default.removeItem(atPath: space("damaged/progress"))
    try space.run(["sharpness", "--resume", "damaged", "--quiet"], expecting: 0)
    try same(space, "damaged", "whole")
    try copy()
    try space.write("{", to: "damaged/plan.json")
    try space.refused(["sharpness", "--resume", "damaged"], 65, saying: "plan.json")
    try space.refused(["sharpness", "--resume", "run"], 66, saying: "plan.json")
  }

  @Test("by differences it goes on as well; weights that changed in between are noticed")
  func changedWeights() throws {
    let space = try Workspace()
    try space.run(SmallRun.graph.train("swa", to: "run"), expecting: 0)
    let arguments = ["sharpness", "run", "--products", "differences", "--eigenvalues", "1", "--trace-samples", "300"]
    try space.run(arguments + ["--out", "whole"], expecting: 0)
    try cut(space, arguments, SIGINT, "out") { $0["loss"] != nil }
    try FileManager.default.copyItem(atPath: space("out"), toPath: space("other"))
    try space.run(["sharpness", "--resume", "out"], expecting: 0)
    try same(space, "out", "whole")
    try space.write(space.data("run/weights/averaged.safetensors"), to: "run/weights/last.safetensors")
    try space.refused(["sharpness", "--resume", "other"], 65, saying: "other weights", "last.safetensors", "--out")
  }

  @Test("bad input")
  func badInput() throws {
    let space = try Workspace()
    try space.run(SmallRun.graph.train("backbone", to: "run"), expecting: 0)
    try space.run(SmallRun.graph.train("backbone", to: "wide", "--set", "model.hidden=9"), expecting: 0)
    for (flags, status, word) in [
      (["--rho", "0"], 64, "--rho"), (["--rho", "nan"], 64, "--rho"), (["--eigenvalues", "-1"], 64, "--eigenvalues"),
      (["--iterations", "1"], 64, "--iterations"), (["--part", "dev"], 64, "validation"),
      (["--products", "fast"], 64, "exact"),
      (["--radii", "-1"], 64, "--radii"), (["--among", "run"], 64, "--among"),
      (["--among", "run", "wide"], 65, "shape"),
      (["--among", "run", "nowhere"], 66, "nowhere"),
      (["--weights", "averaged"], 66, "averaged"),
    ] as [([String], Int32, String)] {
      try space.refused(["sharpness", "run"] + flags, status, saying: word)
    }
    try space.refused(["sharpness", "nowhere"], 66, saying: "nowhere")
    try space.refused(["sharpness"], 64, saying: "the run is missing")
    try space.refused(["sharpness", "run", "--examples", "0", "--out", "out"], 64, saying: "--examples")
    try space.refused(
      ["sharpness", "run", "--part", "test", "--among", "run", "wide", "--out", "out"], 65, saying: "shape")
    #expect(!space.exists("out"))
    try space.write("", to: "file")
    try space.refused(["sharpness", "run", "--out", "file/out"], 73, saying: "file/out")
  }
}
