import Foundation
import PluginAPI

/// Decides everything a request for a benchmark leaves open, and checks it before any run begins.
struct BenchmarkPlanner {
  let catalog: Catalog
  let request: BenchmarkRequest
  let plugins: [String]
  let dataRoot: String?
  /// Threads where the request names none.
  let threads: Int

  func plan() throws -> BenchmarkPlan {
    let preset = try BenchmarkPreset.named(request.preset ?? "default")
    let methods = request.methods ?? preset.methods
    try check(methods)
    for domain in request.domains ?? [] { try catalog.checkDomain(domain) }
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let threads = request.threads ?? threads
    var plan = BenchmarkPlan(
      preset: request.preset, config: request.file, cases: [], methods: methods,
      jobs: request.jobs ?? max(1, cores / threads),
      threads: threads, dataRoot: dataRoot, plugins: plugins)
    let drafts = try drafts()
    plan.cases = try BenchmarkPlan.Case.labelled(drafts.map { try resolve($0, preset, plan) }) { index in
      let error = BasinError.usage(
        "a case is the same as another", advice: "Give each case a model, data set or option of its own")
      return locate(error, drafts[index].place)
    }
    guard !plan.cases.isEmpty else {
      throw BasinError.usage(
        "nothing to compare", advice: "Give --models and --datasets that fit together, or other --domains")
    }
    return plan
  }

  /// A plan with the same cases, and the methods, seeds, jobs and threads that the request names.
  func continued(_ saved: BenchmarkPlan) throws -> BenchmarkPlan {
    var plan = saved
    plan.methods = request.methods ?? saved.methods
    plan.jobs = request.jobs ?? saved.jobs
    plan.threads = request.threads ?? saved.threads
    plan.dataRoot = dataRoot
    plan.plugins = plugins
    try check(plan.methods)
    for index in plan.cases.indices {
      let item = plan.cases[index]
      plan.cases[index].seeds = request.allSeeds ?? item.seeds
      for method in plan.methods { _ = try RunConfiguration(plan.request(item, method: method, seed: 0), in: catalog) }
    }
    return plan
  }

  private func check(_ methods: [String]) throws {
    for name in methods {
      if request.methodPlaces.isEmpty {
        _ = try catalog.method(name)
      } else {
        try located(place: request.methodPlaces[name]) { _ = try catalog.method(name) }
      }
    }
    if let twice = Dictionary(grouping: methods, by: { $0 }).first(where: { $0.value.count > 1 })?.key {
      throw locate(
        BasinError.usage("method \(twice) is named twice", advice: "Name each method once"), request.methodPlaces[twice]
      )
    }
  }

  // MARK: Cases

  /// The cases of the file, every pair of the models and data sets named, or the modules' cases that are asked for.
  private func drafts() throws -> [BenchmarkRequest.Case] {
    if let cases = request.cases {
      return try cases.filter { item in
        let model = item.values[.model] ?? ""
        let domain =
          try item.values[.domain] ?? located(place: item.places["model"]) { try catalog.model(model).domain }
        return isWanted(domain, item.values[.model] ?? "", item.values[.dataset] ?? "")
      }
    }
    if let models = request.models, let datasets = request.datasets { return try pairs(models, datasets) }
    for module in catalog.modules where request.domains?.contains(module.manifest.domain) ?? true {
      try catalog.load(module)
    }
    for model in request.models ?? [] { _ = try catalog.model(model) }
    for dataset in request.datasets ?? [] { _ = try catalog.dataset(dataset, root: nil) }
    let entries = catalog.registry.benchmarks.filter {
      isWanted($0.domain, $0.benchmark.model, $0.benchmark.dataset)
    }
    var seen: Set<BenchmarkCase> = []
    return entries.filter { seen.insert($0.benchmark).inserted }.map { entry in
      let item = entry.benchmark
      var draft = BenchmarkRequest.Case(settings: item.settings, seeds: item.seeds)
      draft.values = [.domain: entry.domain, .model: item.model, .dataset: item.dataset, .epochs: "\(item.epochs)"]
      draft.values[.batchSize] = item.batchSize.map { "\($0)" }
      draft.values[.learningRate] = item.learningRate.map { "\($0)" }
      return draft
    }
  }

  private func isWanted(_ domain: String, _ model: String, _ dataset: String) -> Bool {
    request.domains?.contains(domain) ?? true && request.models?.contains(model) ?? true
      && request.datasets?.contains(dataset) ?? true
  }

  private func pairs(_ models: [String], _ datasets: [String]) throws -> [BenchmarkRequest.Case] {
    try models.flatMap { model in
      try datasets.compactMap { dataset in
        let entry = try catalog.model(model)
        let (data, _) = try catalog.dataset(dataset, root: nil)
        guard entry.inputType == data.inputType, request.domains?.contains(entry.domain) ?? true else { return nil }
        return BenchmarkRequest.Case(values: [.domain: entry.domain, .model: model, .dataset: dataset])
      }
    }
  }

  private func resolve(
    _ draft: BenchmarkRequest.Case, _ preset: BenchmarkPreset, _ plan: BenchmarkPlan
  ) throws -> BenchmarkPlan.Case {
    var run = RunRequest()
    run.values = draft.values
    run.settings = draft.settings
    run[.threads] = "\(plan.threads)"
    run[.dataRoot] = dataRoot
    // Every method, for each has options of its own; what they share is the same in all.
    let configurations = try plan.methods.map { method in
      run[.method] = method
      return try located(draft) { try RunConfiguration(run, in: catalog) }
    }
    guard let first = configurations.first else { throw BasinError.usage("--methods names no method") }
    let epochs = request.epochs ?? BenchmarkPreset.scaled(first.epochs, by: request.epochsScale ?? preset.epochsScale)
    return BenchmarkPlan.Case(
      domain: first.domain, model: first.model, dataset: first.dataset, epochs: epochs,
      batchSize: first.batchSize.map { "\($0)" } ?? "all", learningRate: first.learningRate,
      seeds: request.allSeeds ?? seeds(draft, preset), settings: draft.settings)
  }

  /// A file's case is told by itself before the file as a whole; a module's case only speaks where nobody else does.
  private func seeds(_ draft: BenchmarkRequest.Case, _ preset: BenchmarkPreset) -> Int {
    let isFromFile = request.cases != nil
    return (isFromFile ? draft.seeds : nil) ?? request.seeds ?? preset.seeds ?? draft.seeds ?? 3
  }

  // MARK: Errors

  /// An error about a case of a file names the key at fault, and so its line.
  private func located<R>(_ draft: BenchmarkRequest.Case, _ body: () throws -> R) throws -> R {
    do { return try body() } catch let error as BasinError {
      let names =
        draft.settings.keys.sorted()
        + draft.values.compactMap { $0.key == .model || $0.key == .dataset ? $0.value : nil }
      let named = names.first { error.message.contains("'\($0)'") }
      let key = named.flatMap { name in
        draft.settings[name] != nil ? name : draft.values.first { $0.value == name }?.key.rawValue
      }
      guard request.file != nil else {
        var error = error
        error.message = "\(draft.values[.model] ?? "?") on \(draft.values[.dataset] ?? "?"): " + error.message
        throw error
      }
      throw locate(error, key.flatMap { draft.places[$0] } ?? draft.place)
    }
  }

  private func located<R>(place: String?, _ body: () throws -> R) throws -> R {
    do { return try body() } catch let error as BasinError { throw locate(error, place) }
  }

  private func locate(_ error: BasinError, _ place: String?) -> BasinError {
    guard let file = request.file, let place, error.file == nil else { return error }
    var error = error
    error.kind = .badData
    error.file = file
    error.place = place
    return error
  }
}
