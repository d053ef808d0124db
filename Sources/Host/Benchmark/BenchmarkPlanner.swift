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
    var preset = try BenchmarkPreset.named(request.preset ?? BenchmarkPreset.usual(request), in: catalog)
    if let other = request.casesOf { preset.cases = try BenchmarkPreset.named(other, in: catalog).cases }
    let methods = request.methods ?? preset.methods
    try check(methods)
    for domain in request.domains ?? [] { try catalog.checkDomain(domain) }
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let threads = request.threads ?? threads
    var plan = BenchmarkPlan(
      preset: preset.name, config: request.file, cases: [], methods: methods, variants: request.variants,
      jobs: request.jobs ?? max(1, cores / threads),
      threads: threads, dataRoot: dataRoot, plugins: plugins, limits: request.limits)
    var drafts = try drafts(preset)
    for index in drafts.indices { drafts[index].values.merge(preset.configuration) { mine, _ in mine } }
    for (key, value) in [
      (RunRequest.Key.device, request.device), (.batchSize, request.batchSize.map { "\($0)" }), (.stopAfter, request.stopAfter), (.bnUpdate, request.bnUpdate),
    ] {
      if let value { for index in drafts.indices { drafts[index].values[key] = value } }
    }
    for index in drafts.indices { drafts[index].settings.merge(request.settings) { $1 } }
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
    try check(plan.methods, saved: plan.variants ?? [:])
    for index in plan.cases.indices {
      let item = plan.cases[index]
      plan.cases[index].seeds = request.allSeeds ?? item.seeds
      for method in plan.methods { _ = try RunConfiguration(plan.request(item, method: method, seed: 0), in: catalog) }
    }
    return plan
  }

  /// - Parameter saved: what the plan that is continued says of its methods.
  private func check(_ methods: [String], saved: [String: BenchmarkPlan.Variant] = [:]) throws {
    for name in methods {
      let base = (request.variants[name] ?? saved[name])?.method ?? name
      try located(place: request.variantPlaces[name]?["method"] ?? request.methodPlaces[name]) {
        _ = try catalog.method(base)
      }
    }
    if let twice = Dictionary(grouping: methods, by: { $0 }).first(where: { $0.value.count > 1 })?.key {
      throw locate(
        BasinError.usage("method \(twice) is named twice", advice: "Name each method once"), request.methodPlaces[twice]
      )
    }
  }

  // MARK: Cases

  /// The cases of the file, every pair of the models and data sets named, or the preset's or the modules' cases that are asked for.
  private func drafts(_ preset: BenchmarkPreset) throws -> [BenchmarkRequest.Case] {
    if let cases = request.cases {
      return try cases.filter { item in
        let model = item.values[.model] ?? ""
        let domain =
          try item.values[.domain] ?? located(place: item.places["model"]) { try catalog.model(model).domain }
        return isWanted(domain, item.values[.model] ?? "", item.values[.dataset] ?? "")
      }
    }
    if preset.cases == nil, let models = request.models, let datasets = request.datasets { return try pairs(models, datasets) }
    for module in catalog.modules where preset.cases == nil && request.domains?.contains(module.manifest.domain) ?? true {
      try catalog.load(module)
    }
    for model in request.models ?? [] { _ = try catalog.model(model) }
    for dataset in request.datasets ?? [] { _ = try catalog.dataset(dataset, root: nil) }
    let registered = catalog.registry.benchmarks.map { (module: $0.module, domain: $0.domain, benchmark: $0.benchmark) }
    let entries = (preset.cases ?? registered).filter {
      isWanted($0.domain, $0.benchmark.model, $0.benchmark.dataset)
    }
    var seen: Set<BenchmarkCase> = []
    return try entries.filter { seen.insert($0.benchmark).inserted }.map { entry in
      let item = entry.benchmark
      var draft = BenchmarkRequest.Case(settings: item.settings, seeds: item.seeds)
      draft.values = [.domain: entry.domain, .model: item.model, .dataset: item.dataset, .epochs: "\(item.epochs)"]
      draft.values[.batchSize] = item.batchSize.map { "\($0)" }
      draft.values[.learningRate] = item.learningRate.map { "\($0)" }
      for (key, value) in item.configuration {
        if let division = try BenchmarkPlan.Division(key, value, of: entry.module) {
          draft.division = division
          continue
        }
        guard let known = BenchmarkPlan.Case.configurationKeys.first(where: { $0.rawValue == key }) else {
          throw BasinError.unknown(
            "key in a case of module \(entry.module)", key, among: BenchmarkPlan.Case.configurationKeys.map(\.rawValue))
        }
        draft.values[known] = value
      }
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
    var shared: [RunRequest.Key: String] = [.threads: "\(plan.threads)"]
    shared[.dataRoot] = dataRoot
    // Every method, for each has options of its own; what they share is the same in all.
    let configurations = try plan.methods.map { method in
      run.values = draft.values.merging(shared) { $1 }
      run.settings = draft.settings
      run[.method] = method
      if let variant = plan.variants?[method] { run.apply(variant) }
      return try located(draft, method) { try RunConfiguration(run, in: catalog) }
    }
    let parts = BenchmarkPlan.Case.configurationKeys.compactMap { key in draft.values[key].map { (key.rawValue, $0) } }
    guard let first = configurations.first else { throw BasinError.usage("--methods names no method") }
    let epochs = request.epochs ?? BenchmarkPreset.scaled(first.epochs, by: request.epochsScale ?? preset.epochsScale)
    return BenchmarkPlan.Case(
      domain: first.domain, model: first.model, dataset: first.dataset, epochs: epochs,
      batchSize: first.batchSize.map { "\($0)" } ?? "all", learningRate: learningRate(draft, first),
      seeds: request.allSeeds ?? seeds(draft, preset), settings: draft.settings,
      parts: parts.isEmpty ? nil : Dictionary(uniqueKeysWithValues: parts),
      division: request.allDivision ?? draft.division ?? request.division)
  }

  /// The case's own or the recipe's: the first method may have one of its own.
  private func learningRate(_ draft: BenchmarkRequest.Case, _ first: RunConfiguration) -> Double {
    draft.values[.learningRate].flatMap { Double($0) } ?? first.recipe.learningRate
  }

  /// A file's case is told by itself before the file as a whole; a module's case only speaks where nobody else does.
  private func seeds(_ draft: BenchmarkRequest.Case, _ preset: BenchmarkPreset) -> Int {
    let isFromFile = request.cases != nil
    return (isFromFile ? draft.seeds : nil) ?? request.seeds ?? preset.seeds ?? draft.seeds ?? 3
  }

  // MARK: Errors

  /// An error about a case or a method of a file names the key at fault, and so its line.
  private func located<R>(_ draft: BenchmarkRequest.Case, _ method: String, _ body: () throws -> R) throws -> R {
    do { return try body() } catch let error as BasinError {
      guard request.file != nil else {
        var error = error
        error.message = "\(draft.values[.model] ?? "?") on \(draft.values[.dataset] ?? "?"): " + error.message
        throw error
      }
      let values = Dictionary(uniqueKeysWithValues: draft.values.map { ($0.key.rawValue, $0.value) })
      let ofMethod = request.variants[method].flatMap {
        Self.place(of: error, $0.settings, $0.parts, request.variantPlaces[method] ?? [:])
      }
      throw locate(error, ofMethod ?? Self.place(of: error, draft.settings, values, draft.places) ?? draft.place)
    }
  }

  /// Where the key at fault stands: the option that the error names, the key whose value it names, or what it is about.
  private static func place(
    of error: BasinError, _ settings: [String: String], _ values: [String: String], _ places: [String: String]
  ) -> String? {
    func isNamed(_ word: String) -> Bool { error.message.contains("'\(word)'") }
    func isMeant(_ key: String) -> Bool {
      ["optimizer", "schedule", "averaging"].contains(key) && error.message.contains(key)
    }
    let option = settings.keys.sorted().first(where: isNamed)
    let key = values.sorted { $0.key < $1.key }.first { isNamed($0.value) || isMeant($0.key) }?.key
    return (option ?? key).flatMap { places[$0] }
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
