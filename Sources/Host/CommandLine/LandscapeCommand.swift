import ArgumentParser
import Foundation
import PluginAPI

/// `basin landscape`: loss and error along random rays, along a segment, or over a plane of a model's parameters.
struct LandscapeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "landscape", abstract: "Draws loss and error around or between weights, as SVG, PNG and JSON.",
    discussion: """
      One of three kinds:
        --rays N     from the weights in N random directions, to both sides, each filter of a direction as long as the weights' \
      (Li et al. 2018)
        --to OTHER   along the segment to other weights of the same model, and beyond both ends
        --plane A B  over the plane through the run's weights, A and B (as in the figures of the SWA paper)

      At each point normalization statistics are estimated again from the training data: those of the weights that were trained \
      do not fit other weights, and a straight line between two good networks would seem to cross a mountain.

      Each point is written as soon as it is known: after Ctrl-C or a crash, --resume DIR goes on and comes to the same result.

      Examples:
        basin landscape runs/a --rays 5 --out rays
        basin landscape runs/a --to runs/a/weights/averaged.safetensors --out segment
        basin landscape runs/a --plane runs/b runs/c --part test --out plane
      """)

  @Argument(help: ArgumentHelp("A run directory, or a checkpoint in one.", valueName: "run")) var path: String?
  @Option(help: "Of runs and checkpoints: last, best or averaged (default: last).") var weights: String?
  @Option(help: "How many random directions.") var rays: Int?
  @Option(help: ArgumentHelp("Other weights: a run, a checkpoint or a .safetensors file.", valueName: "other")) var to:
    String?
  @Option(parsing: .upToNextOption, help: ArgumentHelp("Two other weights.", valueName: "ckpt")) var plane: [String] =
    []
  @Option(help: "Rays: how far to both sides (default: 1; 10 with --normalization none).") var radius: Double?
  @Option(help: "Points along each axis (default: 21).") var points: Int?
  @Option(help: "How far beyond the weights, as a part of their distance (default: 0.25).") var margin: Double?
  @Option(help: "The data: train, validation, test, several with commas, or all (default: train,test).") var part:
    String?
  @Option(help: "Rays: what directions are scaled to: filter, layer, or none (length 1) (default: filter).")
  var normalization: String?
  @Option(
    help: "Rays: biases and normalization layers: zero or scaled (default: zero; scaled with --normalization none).")
  var vectors: String?
  @Option(help: "The seed of directions and of the choice of examples (default: 0).") var seed: Int?
  @Option(
    help: "Normalization statistics at each point: pooled (estimated again) or none (the run's) (default: pooled).")
  var bnUpdate: String?
  @Option(help: "Examples of each part, drawn at random (default: all).") var examples: Int?
  @Option(help: "Training examples for the normalization statistics, drawn at random (default: all).") var bnExamples:
    Int?
  @OptionGroup var data: RunDataOptions
  @OptionGroup var plugins: PluginOptions
  @Option(help: ArgumentHelp("The folder to write to.", valueName: "dir")) var out: String?
  @Option(help: ArgumentHelp("Continue the landscape in this folder.", valueName: "dir")) var resume: String?
  @Flag(help: "Print landscape.json on standard output.") var json = false
  @Flag(name: [.short, .long], help: "No progress.") var quiet = false

  func run() throws {
    Interruption.install()
    let directory: LandscapeDirectory
    let landscape: LandscapeRun
    if let resume {
      try refuseChanges()
      directory = try LandscapeDirectory.existing(resume)
      if directory.isFinished { return try report(JSONValue.read(directory.document), directory, finishedBefore: true) }
      var plan = try LandscapePlan.read(directory.plan)
      if let root = data.dataRoot { plan.dataRoot = root }
      if data.changedData { plan.changedData = true }
      landscape = try LandscapeRun(plan, prepare(plan.run, "last", plan, plan.plugins + plugins.plugins))
    } else {
      guard let out else { throw BasinError.usage("--out is missing", advice: "Name the folder to write to") }
      var plan = try checkedPlan()
      try LandscapeDirectory(path: out).checkUnused()
      let run = try prepare(plan.run, weights ?? "last", plan, plugins.plugins)
      plan.model = run.configuration.model
      plan.dataset = run.configuration.dataset
      if part == "all", run.splits.validation == nil { plan.parts.removeAll { $0 == .validation } }
      if part == "all", run.splits.test == nil { plan.parts.removeAll { $0 == .test } }
      for part in plan.parts { _ = try run.part(part, examples: plan.examples, seed: plan.seed) }
      landscape = try LandscapeRun(plan, run)
      directory = try LandscapeDirectory.create(out, plan)
    }
    try landscape.evaluate(in: directory, quiet: quiet || json)
    let document = try landscape.document()
    let drawing = LandscapeFigure(plan: landscape.plan, points: landscape.points, axes: landscape.axes).drawing()
    try AtomicFile.write(Data(drawing.svg.utf8), to: directory.svg)
    try AtomicFile.write(Raster(drawing).png(), to: directory.png)
    // Last of all: it says that the landscape is finished.
    try AtomicFile.write(document.data(), to: directory.document)
    try report(document, directory)
  }

  private func prepare(_ path: String, _ weights: String, _ plan: LandscapePlan, _ plugins: [String]) throws -> PreparedRun {
    let data = RunDataOptions(dataRoot: plan.dataRoot, changedData: plan.changedData ?? false)
    return try WeightsOptions(path: path, weights: weights, data: data, plugins: plugins).prepareRun()
  }

  // MARK: From flags to a plan

  private func refuseChanges() throws {
    let given: [(String, Bool)] = [
      ("the run", path != nil), ("--out", out != nil), ("--weights", weights != nil), ("--rays", rays != nil),
      ("--to", to != nil),
      ("--plane", !plane.isEmpty), ("--radius", radius != nil), ("--points", points != nil),
      ("--margin", margin != nil),
      ("--part", part != nil), ("--normalization", normalization != nil), ("--vectors", vectors != nil),
      ("--seed", seed != nil),
      ("--bn-update", bnUpdate != nil), ("--examples", examples != nil), ("--bn-examples", bnExamples != nil),
    ]
    if let (name, _) = given.first(where: \.1) {
      throw BasinError.usage(
        "--resume continues the landscape as it was begun; \(name) cannot change it", advice: "Leave \(name) out")
    }
  }

  private func checkedPlan() throws -> LandscapePlan {
    guard let path else {
      throw BasinError.usage("the run is missing", advice: "Give a run directory, or a checkpoint in one")
    }
    guard [rays != nil, to != nil, !plane.isEmpty].filter({ $0 }).count == 1 else {
      throw BasinError.usage("a landscape is of one kind", advice: "Give one of --rays N, --to OTHER and --plane A B")
    }
    guard plane.isEmpty || plane.count == 2 else {
      throw BasinError.usage("--plane takes two weights, not \(plane.count)", advice: "The run's own are the third")
    }
    try atLeast(1, [("--rays", rays), ("--examples", examples), ("--bn-examples", bnExamples)])
    try atLeast(2, [("--points", points)])
    try atLeast(0, [("--seed", seed)])
    for (flag, value, kinds) in [("--radius", radius, rays != nil), ("--margin", margin, rays == nil)] {
      guard let value else { continue }
      guard kinds else { throw BasinError.usage("\(flag) is not of this kind of landscape", advice: "Leave it out") }
      guard value.isFinite, value > 0 || (flag == "--margin" && value == 0) else {
        throw BasinError.usage("\(flag) cannot be \(value)", advice: "It takes a positive number")
      }
    }
    for (flag, value) in [("--normalization", normalization), ("--vectors", vectors)] where value != nil && rays == nil
    {
      throw BasinError.usage("\(flag) is of random directions", advice: "Leave it out, or give --rays")
    }

    let options = WeightsOptions(path: path, weights: weights ?? "last", data: data, plugins: plugins.plugins)
    let choice = try options.choice()
    let kind: LandscapePlan.Kind = rays != nil ? .rays : to != nil ? .segment : .plane
    let sources = try WeightsSource.named([path] + (to.map { [$0] } ?? plane), choice)
    var plan = LandscapePlan(
      kind: kind, run: URL(fileURLWithPath: try options.directory().path).standardizedFileURL.path, model: "",
      dataset: "",
      sources: sources, parts: try parts(), points: points ?? 21)
    plan.seed = seed ?? 0
    plan.bnUpdate = try Self.choice("--bn-update", bnUpdate) ?? .pooled
    plan.examples = examples
    plan.bnExamples = bnExamples
    plan.dataRoot = data.dataRoot
    plan.changedData = data.changedData
    plan.plugins = plugins.plugins
    if let rays {
      plan.normalization = try Self.choice("--normalization", normalization) ?? .filter
      plan.vectors = try Self.choice("--vectors", vectors) ?? (plan.normalization == .none ? .scaled : .zero)
      plan.rays = rays
      plan.radius = radius ?? (plan.normalization == .none ? 10 : 1)
    } else {
      plan.margin = margin ?? 0.25
    }
    return plan
  }

  private func atLeast(_ least: Int, _ values: [(String, Int?)]) throws {
    for (flag, value) in values {
      guard let value, value < least else { continue }
      throw BasinError.usage("\(flag) cannot be \(value)", advice: "It takes a whole number from \(least)")
    }
  }

  private static func choice<T: RawRepresentable & CaseIterable>(_ flag: String, _ text: String?) throws -> T?
  where T.RawValue == String {
    guard let text else { return nil }
    guard let value = T(rawValue: text) else {
      throw BasinError.unknown("value of \(flag)", text, among: T.allCases.map { $0.rawValue })
    }
    return value
  }

  private func parts() throws -> [LandscapePlan.Part] {
    let words = (part ?? "train,test").split(separator: ",").map(String.init)
    if words == ["all"] { return LandscapePlan.Part.allCases }
    let chosen = try words.compactMap { try Self.choice("--part", $0) as LandscapePlan.Part? }
    guard !chosen.isEmpty else {
      throw BasinError.usage("--part is empty", advice: "It takes train, validation, test or all")
    }
    return LandscapePlan.Part.allCases.filter { chosen.contains($0) }
  }

  // MARK: Answering

  private func report(_ document: JSONValue, _ directory: LandscapeDirectory, finishedBefore: Bool = false) throws {
    if json { return try Terminal.print(document) }
    guard !quiet else { return }
    if finishedBefore { Terminal.say("basin: the landscape is finished already") }
    var rows = [["", "loss", "error"]]
    if case .array(let named)? = document["named"] {
      for point in named {
        for part in LandscapePlan.Part.allCases {
          guard let metrics = point[part.rawValue] else { continue }
          rows.append([
            "\(point["name"]?.text ?? "?"), \(part.rawValue)",
            metrics["loss"]?.number.map { String(format: "%.4f", $0) } ?? "-",
            metrics["error"]?.number.map { String(format: "%.2f %%", 100 * $0) } ?? "-",
          ])
        }
      }
    }
    print(Terminal.table(rows))
    print("pictures: \(directory.svg), \(directory.png)")
    print("figures: \(directory.document)")
  }
}
