import ArgumentParser
import Foundation
import PluginAPI

/// `basin sharpness`: how curved the loss is at the weights of a run.
struct SharpnessCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sharpness", abstract: "Measures how sharp the minimum is that a run has found.",
    discussion: """
      Of the loss over the chosen examples, in evaluation mode (normalization statistics fixed, dropout off):
        sharpness by SAM (the rise of the loss within a radius, by gradient ascent) and by ASAM (radius relative to each weight);
        the largest eigenvalues of the Hessian by Lanczos, each with its measured residual |H v - value v|; its trace by Hutchinson;
        with --among, how far several weights lie apart, such as the samples of an average.
      Products with the Hessian are exact where every operation has a second derivative, else differences of gradients; the output \
      says which. Memory: one copy of the parameters an iteration of Lanczos.

      Example: basin sharpness runs/a --examples 1000 --eigenvalues 3
      """)

  @OptionGroup var options: WeightsOptions
  @Option(help: "The data: train, validation or test.") var part = "train"
  @Option(help: "Examples, drawn at random (default: all).") var examples: Int?
  @Option(help: "The radius of SAM.") var rho = 0.05
  @Option(help: "The radius of ASAM.") var adaptiveRho = 0.5
  @Option(help: "Steps of the ascent; 1 is SAM's own.") var steps = 1
  @Option(help: "How many of the largest eigenvalues; 0: none.") var eigenvalues = 5
  @Option(help: "Iterations of Lanczos at most.") var iterations = 100
  @Option(help: "Lanczos ends when all residuals are below this part of the largest eigenvalue.") var tolerance = 1e-4
  @Option(help: "Samples of the trace; 0: none.") var traceSamples = 10
  @Option(help: "Products with the Hessian: exact, differences or auto.") var products = "auto"
  @Option(help: "The seed of start vectors and of the choice of examples.") var seed = 0
  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Two or more weights whose variance is wanted.", valueName: "ckpt"))
  var among: [String] = []
  @Flag(help: "One JSON document on standard output.") var json = false
  @Flag(name: [.short, .long], help: "No progress.") var quiet = false

  func run() throws {
    Interruption.install()
    try check()
    let method = HessianProduct.Method(rawValue: products)
    guard let part = LandscapePlan.Part(rawValue: part) else {
      throw BasinError.unknown("value of --part", part, among: LandscapePlan.Part.allCases.map(\.rawValue))
    }
    let others = try among.map { try WeightsFile.find($0, options.choice()) }
    let (run, file) = try options.prepare()
    let spread = others.isEmpty ? nil : try Self.spread(others, run)
    if spread != nil { try Self.load(file, run) }
    let chosen = try run.part(part, examples: examples, seed: seed)
    var document: [String: JSONValue] = [
      "model": .string(run.configuration.model), "dataset": .string(run.configuration.dataset),
      "weights": .string(options.weights), "file": .string(file), "part": .string(part.rawValue),
      "examples": .int(chosen.count),
      "parameters": .int(run.parameterCount), "seed": .int(seed), "among": spread?.json(labels: among) ?? .null,
    ]
    try run.locatingErrors { document.merge(try measure(run.lossFunction(chosen), method)) { $1 } }
    if json { return try Terminal.print(.object(document)) }
    print(Self.table(.object(document)))
  }

  private func check() throws {
    for (flag, value, least) in [
      ("--examples", examples ?? 1, 1), ("--steps", steps, 1), ("--eigenvalues", eigenvalues, 0),
      ("--iterations", iterations, 2),
      ("--trace-samples", traceSamples, 0), ("--seed", seed, 0),
    ] where value < least {
      throw BasinError.usage("\(flag) cannot be \(value)", advice: "It takes a whole number from \(least)")
    }
    for (flag, value) in [("--rho", rho), ("--adaptive-rho", adaptiveRho), ("--tolerance", tolerance)]
    where !(value > 0 && value.isFinite) {
      throw BasinError.usage("\(flag) cannot be \(value)", advice: "It takes a positive number")
    }
    guard products == "auto" || HessianProduct.Method(rawValue: products) != nil else {
      throw BasinError.unknown(
        "value of --products", products, among: ["auto"] + HessianProduct.Method.allCases.map(\.rawValue))
    }
    guard among.count != 1 else {
      throw BasinError.usage("--among takes two weights or more", advice: "Give several checkpoints")
    }
  }

  private static func load(_ file: String, _ run: PreparedRun) throws {
    try Checkpoint.load(Safetensors.read(file).tensors.map { ($0.key, $0.value) }, into: run.tensors, file: file)
  }

  private static func spread(_ files: [String], _ run: PreparedRun) throws -> WeightSpread {
    let weights = try files.map { file in
      try load(file, run)
      return try run.parameters.map { try $0.tensor.detached().to(.cpu).clone() }
    }
    return try WeightSpread(names: run.parameters.map(\.path), weights)
  }

  // MARK: Measuring

  private func measure(_ loss: LossFunction, _ method: HessianProduct.Method?) throws -> [String: JSONValue] {
    loss.checkpoint = { if Interruption.isRequested { throw Interrupted(checkpoint: nil) } }
    let random = Random(seed: UInt64(seed))["sharpness"]
    let bar = ProgressBar(
      total: (eigenvalues > 0 ? iterations : 0) + traceSamples, from: 0, quiet: quiet || json)
    defer { bar.clear() }
    let base = try loss.value()
    let gradient = try VectorMath.norm(loss.gradient())
    func ascent(_ radius: Double, adaptive: Bool) throws -> JSONValue {
      let rise = try SharpnessAscent(radius: radius, steps: steps, isAdaptive: adaptive)(loss, base: base)
      return ["rho": JSONValue(radius), "steps": .int(steps), "sharpness": JSONValue(rise)]
    }
    var result: [String: JSONValue] = [
      "loss": JSONValue(base), "gradientNorm": JSONValue(gradient), "sam": try ascent(rho, adaptive: false),
      "asam": try ascent(adaptiveRho, adaptive: true), "hessianProducts": .null, "differences": .null,
      "eigenvalues": .null,
      "smallestEigenvalue": .null, "lanczos": .null, "trace": .null,
    ]
    guard eigenvalues > 0 || traceSamples > 0 else { return result }

    let product = try HessianProduct(loss, method: method, random: random["product"])
    result["hessianProducts"] = .string(product.method.rawValue)
    if let step = product.step {
      result["differences"] = ["step": JSONValue(step), "relativeError": JSONValue(product.stepError)]
    }
    if eigenvalues > 0 {
      let lanczos = Lanczos(maximumIterations: iterations, tolerance: tolerance)
      let found = try lanczos(eigenvalues, in: loss.space, random: random["start"], product: product.callAsFunction) {
        bar.update(step: $0, examplesPerStep: 1, "Lanczos \($0)")
      }
      func json(_ pair: Lanczos.Pair) -> JSONValue {
        ["value": JSONValue(pair.value), "residual": JSONValue(pair.residual)]
      }
      result["eigenvalues"] = .array(found.top.map(json))
      result["smallestEigenvalue"] = found.bottom.map(json) ?? .null
      result["lanczos"] = [
        "iterations": .int(found.iterations), "converged": .bool(found.converged), "tolerance": JSONValue(tolerance),
      ]
    }
    if traceSamples > 0 {
      let trace = try HutchinsonTrace(
        samples: traceSamples, in: loss.space, random: random["trace"], product: product.callAsFunction
      ) { bar.update(step: (eigenvalues > 0 ? iterations : 0) + $0, examplesPerStep: 1, "trace \($0)") }
      result["trace"] = [
        "estimate": JSONValue(trace.estimate), "standardError": JSONValue(trace.standardError),
        "samples": .int(trace.samples),
      ]
    }
    return result
  }

  // MARK: For people

  private static func table(_ document: JSONValue) -> String {
    func number(_ value: JSONValue?) -> String { value?.number.map { String(format: "%.5g", $0) } ?? "-" }
    var rows = [
      [
        "loss", number(document["loss"]),
        "over \(Int(document["examples"]?.number ?? 0)) examples of \(document["part"]?.text ?? "")",
      ],
      ["gradient norm", number(document["gradientNorm"]), ""],
    ]
    for (key, name) in [("sam", "SAM sharpness"), ("asam", "ASAM sharpness")] {
      let steps = Int(document[key]?["steps"]?.number ?? 1)
      rows.append([
        name, number(document[key]?["sharpness"]),
        "rho \(number(document[key]?["rho"])), \(steps) step\(steps == 1 ? "" : "s")",
      ])
    }
    if case .array(let pairs)? = document["eigenvalues"] {
      for (index, pair) in pairs.enumerated() {
        rows.append(["eigenvalue \(index + 1)", number(pair["value"]), "residual \(number(pair["residual"]))"])
      }
      let smallest = document["smallestEigenvalue"]
      rows.append(["smallest", number(smallest?["value"]), "residual \(number(smallest?["residual"]))"])
    }
    if let trace = document["trace"], trace != .null {
      rows.append([
        "trace", number(trace["estimate"]),
        "standard error \(number(trace["standardError"])), \(Int(trace["samples"]?.number ?? 0)) samples",
      ])
    }
    var lines = [Terminal.table(rows)]
    if let products = document["hessianProducts"]?.text {
      var text = "  products with the Hessian: \(products)"
      if let differences = document["differences"], differences != .null {
        text +=
          " of gradients, step \(number(differences["step"])), error about \(number(differences["relativeError"]))"
      }
      if let lanczos = document["lanczos"], lanczos != .null {
        text += "; Lanczos: \(Int(lanczos["iterations"]?.number ?? 0)) iterations"
        if lanczos["converged"] == .bool(false) { text += ", not converged (more with --iterations)" }
      }
      lines.append(text)
    }
    if let among = document["among"], among != .null {
      lines.append(
        "  variance of the weights: \(number(among["variance"])) (mean squared distance from their mean, whose length is \(number(among["meanNorm"])))"
      )
      if case .array(let distances)? = among["distances"], case .array(let names)? = among["weights"] {
        lines.append("  distances:")
        lines.append(
          Terminal.table(
            zip(names, distances).map { name, row in
              guard case .array(let values) = row else { return [] }
              return [name.text ?? ""] + values.map(number)
            }, indent: "    "))
      }
    }
    return lines.joined(separator: "\n")
  }
}
