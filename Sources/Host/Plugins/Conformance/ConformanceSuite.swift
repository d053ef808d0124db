import PluginAPI

/// All checks of a module: of itself, and of everything it registers.
public struct ConformanceSuite {
  private let catalog: Catalog
  private let name: String
  /// nil for Basin's own optimizers, schedules and policies, which are no library.
  private let manifest: ModuleManifest?
  private let settings: ConformanceSettings

  /// What comes with Basin outside of modules.
  public init(ofOwnIn catalog: Catalog, _ settings: ConformanceSettings) {
    self.catalog = catalog
    name = Catalog.ownModule
    manifest = nil
    self.settings = settings
  }

  /// Loads the module.
  public init(_ module: ModuleSearch.Found, in catalog: Catalog, _ settings: ConformanceSettings) throws {
    self.catalog = catalog
    name = module.manifest.name
    manifest = module.manifest
    self.settings = settings
    try catalog.load(module)
    let offered = module.manifest.offered.flatMap(\.names)
    if let stray = settings.only.sorted().first(where: { !offered.contains($0) && $0 != module.manifest.name }) {
      throw BasinError.unknown("part", stray, of: "module \(module.manifest.name)", among: offered)
    }
  }

  public var checks: [ConformanceCheck] {
    let registry = catalog.registry
    var checks = manifest.map { settings.wants(name) ? moduleChecks($0) : [] } ?? []
    for entry in registry.models where entry.module == name && settings.wants(entry.name) {
      checks += ModelConformance(entry, in: catalog, settings).checks
    }
    for entry in registry.datasets where entry.module == name && !entry.isFormat && settings.wants(entry.name) {
      checks += DatasetConformance(entry, in: catalog, settings).checks
    }
    for entry in registry.optimizers where entry.module == name && settings.wants(entry.name) {
      checks += OptimizerConformance(entry, settings).checks
    }
    for entry in registry.wrappers where entry.module == name && settings.wants(entry.name) {
      checks += OptimizerConformance(entry, in: catalog, settings).checks
    }
    for entry in registry.schedules where entry.module == name && settings.wants(entry.name) {
      checks += ScheduleConformance(entry, settings).checks
    }
    for entry in registry.averagings where entry.module == name && settings.wants(entry.name) {
      checks += AveragingConformance(entry, settings).checks
    }
    for method in manifest?.methods ?? registry.methods.map(\.name) where settings.wants(method) { checks.append(ofMethod(method)) }
    return checks
  }

  private func moduleChecks(_ manifest: ModuleManifest) -> [ConformanceCheck] {
    [
      ConformanceCheck("module \(manifest.name)", "manifest") {
        try require(!manifest.version.isEmpty, "the manifest states no version, which stands in every result: \"version\": \"0.1.0\"")
        try require(!manifest.summary.isEmpty, "the manifest has no summary: one sentence of what the module brings")
        try require(
          manifest.domain.isEmpty ? manifest.models.isEmpty && manifest.datasets.isEmpty && manifest.formats.isEmpty : true,
          "the manifest names models or data sets and no domain that they are of: \"domain\": \"vision\"")
        let kinds = manifest.offered.filter { !$0.names.isEmpty }.map { "\($0.names.count) \($0.kind)" }
        try require(!kinds.isEmpty, "the module offers nothing")
        return "\(manifest.version), " + kinds.joined(separator: ", ")
      },
      ConformanceCheck("module \(manifest.name)", "names") { [catalog] in
        let shared = InstalledPlugins(catalog).sharedNames(manifest)
        return shared.isEmpty ? "no name is offered by another module" : shared.joined(separator: "; ")
      },
    ]
  }

  private func ofMethod(_ name: String) -> ConformanceCheck {
    ConformanceCheck("method \(name)", "parts") { [catalog, owner = self.name] in
      let method = try catalog.method("\(owner)/\(name)")
      let sequence = try ScheduleSequence(catalog.settled(schedule: method.schedule), in: catalog)
      let averaging = try catalog.averaging(catalog.settled(averaging: method.averaging))
      if let optimizer = method.optimizer { _ = try OptimizerChain(catalog.settled(optimizer: optimizer), in: catalog) }
      let run = RunLength(epochs: 40, stepsPerEpoch: 5)
      func own(_ section: String, _ options: [OptionDescription]) -> [String: String] {
        var values: [String: String] = [:]
        for option in options { values[option.name] = method.settings["\(section).\(option.name)"] ?? option.defaultValue }
        return values
      }
      try sequence.make(own("schedule", sequence.options)).check(run)
      let events = try averaging.make(own("averaging", averaging.options)).events(in: run)
      return "schedule \(method.schedule), averaging \(method.averaging): \(events.count) events in \(run.epochs) epochs"
    }
  }
}

/// The checks of a learning-rate schedule.
public struct ScheduleConformance {
  private let entry: ScheduleEntry
  private let settings: ConformanceSettings

  public init(_ entry: ScheduleEntry, _ settings: ConformanceSettings) {
    self.entry = entry
    self.settings = settings
  }

  public var checks: [ConformanceCheck] {
    [
      ConformanceCheck("schedule \(entry.name)", "options") {
        try require(!entry.summary.isEmpty, "it is registered without a summary")
        return try OptionChecks(options: entry.options, preset: [:], verify: { _ = try entry.make($0) }, takesEnds: false).check()
      },
      ConformanceCheck("schedule \(entry.name)", "factors", factors),
    ]
  }

  /// Finite and not negative, in runs of any length.
  private func factors() throws -> String {
    let curve = try entry.make(settings.section("schedule", entry.options))
    var least = Double.infinity, greatest = -Double.infinity
    for (epochs, steps) in [(1, 1), (1, 9), (7, 13), (40, 5)] {
      let run = RunLength(epochs: epochs, stepsPerEpoch: steps)
      do { try curve.check(run) } catch let error as BasinError {
        try require(error.kind == .usage, "a run of \(run.steps) steps is refused as \(error.kind) instead of usage: \(error)")
        continue
      }
      for step in 0..<run.steps {
        let progress = Progress(step: step, run: run)
        let factor = curve.factor(at: progress)
        try require(factor.isFinite && factor >= 0, "the factor of step \(step + 1) of \(run.steps) is \(factor)")
        try require(curve.factor(at: progress) == factor, "the factor of step \(step + 1) is another the second time")
        (least, greatest) = (min(least, factor), max(greatest, factor))
      }
    }
    try require(greatest > 0, "the rate is 0 all the time, or every run is refused")
    return String(format: "from %g to %g times the rate", least, greatest)
  }
}
