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
    let slope = try #require(document["gradientNorm"]?.number),
      rise = try #require(document["sam"]?["sharpness"]?.number)
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

  @Test("bad input")
  func badInput() throws {
    let space = try Workspace()
    try space.run(SmallRun.graph.train("backbone", to: "run"), expecting: 0)
    try space.run(SmallRun.graph.train("backbone", to: "wide", "--set", "model.hidden=9"), expecting: 0)
    for (flags, status, word) in [
      (["--rho", "0"], 64, "--rho"), (["--rho", "nan"], 64, "--rho"), (["--eigenvalues", "-1"], 64, "--eigenvalues"),
      (["--iterations", "1"], 64, "--iterations"), (["--part", "dev"], 64, "validation"),
      (["--products", "fast"], 64, "exact"),
      (["--among", "run"], 64, "--among"), (["--among", "run", "wide"], 65, "shape"),
      (["--among", "run", "nowhere"], 66, "nowhere"),
      (["--weights", "averaged"], 66, "averaged"),
    ] as [([String], Int32, String)] {
      try space.refused(["sharpness", "run"] + flags, status, saying: word)
    }
    try space.refused(["sharpness", "nowhere"], 66, saying: "nowhere")
  }
}
