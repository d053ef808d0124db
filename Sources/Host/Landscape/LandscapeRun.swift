import Foundation
import PluginAPI

/// Evaluates a model's loss and error over a piece of its parameter space, point by point.
final class LandscapeRun {
  private enum Geometry {
    /// One direction a ray, float64.
    case rays([[Tensor]])
    /// What leads from the first weights to the second.
    case segment([Tensor])
    case plane(WeightPlane)
  }

  let plan: LandscapePlan
  private let run: PreparedRun
  /// float64 on the CPU (not every device has that type); the first are those it starts from.
  private let sources: [[Tensor]]
  private let geometry: Geometry
  /// Normalization statistics and counters as they came with the first weights.
  private let others: [(NamedTensor, Tensor)]
  private(set) var points: [LandscapePoint]
  /// The values of each axis of a plane.
  let axes: [[Double]]

  /// - Throws: `BasinError` where weights are of another model, have changed since the plan was made, or span no plane.
  init(_ plan: LandscapePlan, _ run: PreparedRun) throws {
    self.plan = plan
    self.run = run
    var sources: [[Tensor]] = []
    for source in plan.sources.reversed() {
      // The first weights last: their statistics stay.
      try source.load(into: run)
      sources.insert(try run.parameters.map { try $0.tensor.detached().to(.cpu).to(.float64) }, at: 0)
    }
    self.sources = sources
    others = try run.tensors.filter { $0.role != .parameter }.map { ($0, try $0.tensor.clone()) }

    var named = plan.sources.enumerated().map {
      LandscapePoint(index: $0.offset, name: $0.element.name, coordinates: [Double($0.offset)])
    }
    var grid: [(ray: Int?, coordinates: [Double])] = []
    switch plan.kind {
    case .rays:
      let direction = WeightDirection(plan.normalization, vectors: plan.vectors)
      let random = Random(seed: UInt64(plan.seed))["landscape"]
      let weights = zip(run.parameters, sources[0]).map { (path: $0.path, tensor: $1) }
      geometry = .rays(try (0..<plan.rays).map { try direction.random(weights, random["ray"][$0]) })
      let steps = LandscapePlan.evenly(-plan.radius, plan.radius, plan.points)
      axes = [steps]
      grid = (0..<plan.rays).flatMap { ray in steps.map { (ray, [$0]) } }
    case .segment:
      let difference = try zip(sources[1], sources[0]).map { try $0 - $1 }
      guard try VectorMath.norm(difference) > 0 else {
        throw BasinError.usage("both weights are the same", advice: "Give others with --to")
      }
      geometry = .segment(difference)
      axes = [LandscapePlan.evenly(-plan.margin, 1 + plan.margin, plan.points)]
      grid = axes[0].map { (nil, [$0]) }
    case .plane:
      let plane = try WeightPlane(sources[0], sources[1], sources[2])
      geometry = .plane(plane)
      let xs = plane.positions.map(\.x), ys = plane.positions.map(\.y)
      func span(_ values: [Double]) -> (Double, Double) { (values.min() ?? 0, values.max() ?? 0) }
      let (x, y) = (span(xs), span(ys))
      let margin = plan.margin * max(x.1 - x.0, y.1 - y.0)
      let across = LandscapePlan.evenly(x.0 - margin, x.1 + margin, plan.points)
      let up = LandscapePlan.evenly(y.0 - margin, y.1 + margin, plan.points)
      axes = [across, up]
      grid = up.flatMap { y in across.map { (nil, [$0, y]) } }
      for (index, position) in plane.positions.enumerated() { named[index].coordinates = [position.x, position.y] }
    }
    points = named
    for item in grid {
      points.append(LandscapePoint(index: points.count, ray: item.ray, coordinates: item.coordinates))
    }
  }

  // MARK: Evaluating

  /// Evaluates what `directory` does not hold yet, and appends each point to its file.
  ///
  /// - Throws: `Interrupted` after a signal, between two points.
  func evaluate(in directory: LandscapeDirectory, quiet: Bool) throws {
    let done = try LandscapeLines.read(directory.points, into: &points, plan.parts)
    let log = try MetricsLog(directory.points)
    let parts = try plan.parts.map { ($0, try run.part($0, examples: plan.examples, seed: plan.seed)) }
    let training = run.subset(run.splits.train, plan.bnExamples, seed: plan.seed)
    let work = parts.reduce(plan.bnUpdate == .pooled ? training.count : 0) { $0 + $1.1.count }
    let bar = ProgressBar(total: points.count, from: done, quiet: quiet)
    defer { bar.clear() }
    for index in done..<points.count {
      if Interruption.isRequested {
        bar.clear()
        try log.sync()
        Terminal.say("basin: \(index) of \(points.count) points are done; continue with --resume \(directory.path)")
        throw Interrupted(checkpoint: nil)
      }
      try place(index)
      try run.locatingErrors {
        if plan.bnUpdate == .pooled { try run.reestimateStatistics(training) }
        for (part, examples) in parts { points[index].metrics[part] = try run.evaluation.metrics(examples) }
      }
      try log.append(points[index].line)
      bar.update(step: index + 1, examplesPerStep: Double(work), "point \(index + 1)/\(points.count)")
    }
    try log.sync()
    // What was computed just now and what was read must not differ in how they were rounded.
    guard try LandscapeLines.read(directory.points, into: &points, plan.parts) == points.count else {
      throw BasinError.badData(
        "does not hold what was written to it", file: directory.points, advice: "Does another program write there?")
    }
  }

  /// Makes the model's weights those of a point.
  private func place(_ index: Int) throws {
    for (item, value) in others { try item.tensor.copy(from: value) }
    for (parameter, value) in zip(run.parameters, try weights(points[index])) {
      try parameter.tensor.copy(from: value.to(parameter.tensor.dtype))
    }
  }

  private func weights(_ point: LandscapePoint) throws -> [Tensor] {
    // Weights that were given are taken as they are, not by way of the coordinates.
    if point.index < sources.count { return sources[point.index] }
    let at = point.coordinates
    func along(_ direction: [Tensor]) throws -> [Tensor] { try zip(sources[0], direction).map { try $0 + $1 * at[0] } }
    switch geometry {
    case .rays(let directions): return try along(directions[point.ray ?? 0])
    case .segment(let difference): return try along(difference)
    case .plane(let plane): return try plane.weights(at: .init(x: at[0], y: at[1]))
    }
  }

  // MARK: The document

  /// `landscape.json`.
  func document() throws -> JSONValue {
    guard case .object(var object) = try JSONValue(encoding: plan) else { return .null }
    object["gridPoints"] = object.removeValue(forKey: "points")
    object["parameters"] = .int(run.parameterCount)
    object["axes"] = .array(axes.map { .array($0.map { JSONValue($0) }) })
    object["named"] = .array(points.prefix(sources.count).map(\.json))
    object["points"] = .array(points.dropFirst(sources.count).map(\.json))
    return .object(object)
  }
}
