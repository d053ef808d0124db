import ArgumentParser
import Foundation
import PluginAPI

/// `basin sharpness`: how curved the loss is at the weights of runs.
struct SharpnessCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sharpness", abstract: "Measures how sharp the minima are that runs have found, as SVG, PNG and JSON.",
    discussion: """
      Of the loss over the chosen examples, in evaluation mode (normalization statistics fixed, dropout off):
        sharpness by SAM (the rise of the loss within a radius, by gradient ascent) and by ASAM (radius relative to each weight);
        the largest eigenvalues of the Hessian by Lanczos, each with its measured residual |H v - value v|; its trace by Hutchinson;
        with --among, how far several weights lie apart, such as the samples of an average.
      Products with the Hessian are exact where every operation has a second derivative, else differences of gradients; the output \
      says which. Memory: one copy of the parameters an iteration of Lanczos.

      Several runs are measured one after another and shown beside each other. --out DIR keeps what is done as it goes, the basis \
      of Lanczos too (as many copies of the parameters on disk, until the eigenvalues are known): after Ctrl-C or a crash, \
      --resume DIR goes on and comes to the same bytes.

      Examples:
        basin sharpness runs/a --examples 1000 --eigenvalues 3
        basin sharpness runs/a/weights/last.safetensors runs/a/weights/averaged.safetensors --out sharpness
      """)

  @Argument(help: ArgumentHelp("Run directories, checkpoints in them or weights files in them.", valueName: "run"))
  var paths: [String] = []
  @Option(help: "Of runs and checkpoints: last, best or averaged (default: last).") var weights: String?
  @Option(help: "The data: train, validation or test (default: train).") var part: String?
  @Option(help: "Examples, drawn at random (default: all).") var examples: Int?
  @Option(help: "The radius of SAM (default: 0.05).") var rho: Double?
  @Option(help: "The radius of ASAM (default: 0.5).") var adaptiveRho: Double?
  @Option(help: "Steps of the ascent; 1 is SAM's own (default: 1).") var steps: Int?
  @Option(
    help: "Points of the curves of the rise over the radius, up to twice the radius (default: 8 with --out, else 0).")
  var radii: Int?
  @Option(help: "How many of the largest eigenvalues; 0: none (default: 5).") var eigenvalues: Int?
  @Option(help: "Iterations of Lanczos at most (default: 100).") var iterations: Int?
  @Option(help: "Lanczos ends when all residuals are below this part of the largest eigenvalue (default: 0.0001).")
  var tolerance: Double?
  @Option(help: "Samples of the trace; 0: none (default: 10).") var traceSamples: Int?
  @Option(help: "Products with the Hessian: exact, differences or auto (default: auto).") var products: String?
  @Option(help: "The seed of start vectors and of the choice of examples (default: 0).") var seed: Int?
  @Option(
    parsing: .upToNextOption, help: ArgumentHelp("Two or more weights whose variance is wanted.", valueName: "ckpt"))
  var among: [String] = []
  @OptionGroup var data: RunDataOptions
  @OptionGroup var plugins: PluginOptions
  @Option(help: ArgumentHelp("The folder to write to (default: nothing is written).", valueName: "dir")) var out:
    String?
  @Option(help: ArgumentHelp("Continue the measurement in this folder.", valueName: "dir")) var resume: String?
  @Flag(help: "One JSON document on standard output.") var json = false
  @Flag(name: [.short, .long], help: "No progress.") var quiet = false

  func run() throws {
    Interruption.install()
    var directory: SharpnessDirectory?
    let measurement: SharpnessRun
    if let resume {
      try refuseChanges()
      let existing = try SharpnessDirectory.existing(resume)
      if existing.isFinished {
        existing.removeProgress()
        return try report(JSONValue.read(existing.document), existing, finishedBefore: true)
      }
      var plan = try SharpnessPlan.read(existing.plan)
      if let root = data.dataRoot { plan.dataRoot = root }
      if data.changedData { plan.changedData = true }
      plan.plugins += plugins.plugins
      measurement = try SharpnessRun(plan, quiet: quiet || json)
      directory = existing
    } else {
      let plan = try checkedPlan()
      directory = out.map { SharpnessDirectory($0) }
      try directory?.checkUnused()
      measurement = try SharpnessRun(plan, quiet: quiet || json)
      try directory?.create(plan)
    }
    let document = try measurement.measure(in: directory)
    try directory?.finish(document)
    try report(document, directory)
  }

  // MARK: From flags to a plan

  private func refuseChanges() throws {
    let given: [(String, Bool)] = [
      ("the run", !paths.isEmpty), ("--out", out != nil), ("--weights", weights != nil), ("--part", part != nil),
      ("--examples", examples != nil), ("--rho", rho != nil), ("--adaptive-rho", adaptiveRho != nil),
      ("--steps", steps != nil), ("--radii", radii != nil), ("--eigenvalues", eigenvalues != nil),
      ("--iterations", iterations != nil), ("--tolerance", tolerance != nil), ("--trace-samples", traceSamples != nil),
      ("--products", products != nil), ("--seed", seed != nil), ("--among", !among.isEmpty),
    ]
    if let (name, _) = given.first(where: \.1) {
      throw BasinError.usage(
        "--resume continues the measurement as it was begun; \(name) cannot change it", advice: "Leave \(name) out")
    }
  }

  private func checkedPlan() throws -> SharpnessPlan {
    guard !paths.isEmpty else {
      throw BasinError.usage("the run is missing", advice: "Give a run directory, or a checkpoint in one")
    }
    for (flag, value, least) in [
      ("--examples", examples, 1), ("--steps", steps, 1), ("--radii", radii, 0), ("--eigenvalues", eigenvalues, 0),
      ("--iterations", iterations, 2), ("--trace-samples", traceSamples, 0), ("--seed", seed, 0),
    ] {
      guard let value, value < least else { continue }
      throw BasinError.usage("\(flag) cannot be \(value)", advice: "It takes a whole number from \(least)")
    }
    for (flag, value) in [("--rho", rho), ("--adaptive-rho", adaptiveRho), ("--tolerance", tolerance)] {
      guard let value, !(value > 0 && value.isFinite) else { continue }
      throw BasinError.usage("\(flag) cannot be \(value)", advice: "It takes a positive number")
    }
    guard among.count != 1 else {
      throw BasinError.usage("--among takes two weights or more", advice: "Give several checkpoints")
    }
    var plan = SharpnessPlan(items: try items(), among: try WeightsSource.named(among, choice()))
    if let part {
      guard let known = LandscapePlan.Part(rawValue: part) else {
        throw BasinError.unknown("value of --part", part, among: LandscapePlan.Part.allCases.map(\.rawValue))
      }
      plan.part = known
    }
    if let products, products != "auto" {
      plan.products = HessianProduct.Method(rawValue: products)
      guard plan.products != nil else {
        throw BasinError.unknown(
          "value of --products", products, among: ["auto"] + HessianProduct.Method.allCases.map(\.rawValue))
      }
    }
    plan.examples = examples
    plan.rho = rho ?? plan.rho
    plan.adaptiveRho = adaptiveRho ?? plan.adaptiveRho
    plan.steps = steps ?? plan.steps
    plan.radii = radii ?? (out == nil ? 0 : 8)
    plan.eigenvalues = eigenvalues ?? plan.eigenvalues
    plan.iterations = iterations ?? plan.iterations
    plan.tolerance = tolerance ?? plan.tolerance
    plan.traceSamples = traceSamples ?? plan.traceSamples
    plan.seed = seed ?? plan.seed
    plan.dataRoot = data.dataRoot
    plan.changedData = data.changedData
    plan.plugins = plugins.plugins
    return plan
  }

  private func choice() throws -> WeightsFile.Choice { try options("").choice() }

  private func options(_ path: String) -> WeightsOptions {
    WeightsOptions(path: path, weights: weights ?? "last", data: data, plugins: plugins.plugins)
  }

  private func items() throws -> [SharpnessPlan.Item] {
    let choice = try choice()
    let runs = try paths.map { URL(fileURLWithPath: try options($0).directory().path).standardizedFileURL.path }
    return zip(runs, try WeightsSource.named(paths, choice)).map {
      SharpnessPlan.Item(run: $0, choice: choice.rawValue, source: $1)
    }
  }

  // MARK: Answering

  private func report(_ document: JSONValue, _ directory: SharpnessDirectory?, finishedBefore: Bool = false) throws {
    if json { return try Terminal.print(directory == nil ? single(document) : document) }
    if finishedBefore, !quiet { Terminal.say("basin: the measurement is finished already") }
    guard let directory else { return print(SharpnessTable.text(document)) }
    guard !quiet else { return }
    print(SharpnessTable.text(document))
    print("pictures: \(directory.svg), \(directory.png)")
    print("figures: \(directory.document)")
  }

  /// One run's figures without the list around them, where only one was asked for and nothing is written.
  private func single(_ document: JSONValue) -> JSONValue {
    guard case .object(var object) = document, let runs = document["runs"]?.items, runs.count == 1,
      case .object(let run) = runs[0]
    else { return document }
    object["runs"] = nil
    return .object(object.merging(run) { $1 })
  }
}
