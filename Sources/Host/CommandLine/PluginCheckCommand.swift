import ArgumentParser
import Foundation
import PluginAPI

/// What is checked, and with what: `plugin check` and the child that makes the checks take it.
struct ConformanceOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Only what is registered under this name; may be given several times.", valueName: "name"))
  var only: [String] = []
  @Option(help: "The data set that models are checked with (default: the first that can be made without files).") var dataset: String?
  @Option(help: "The folder of data sets.") var dataRoot: String?
  @Option(name: .customLong("set"), help: ArgumentHelp("An option, such as model.hidden=8 or dataset.size=16.", valueName: "key=value"))
  var values: [String] = []
  @Option(help: "Steps in which memory must not grow (default: 1000).") var steps = 1000

  func settings() throws -> ConformanceSettings {
    guard steps >= 1 else { throw BasinError.usage("--steps cannot be \(steps)", advice: "It takes a whole number from 1") }
    var request = RunRequest()
    for value in values { try request.set(value) }
    let sections = ["model", "dataset", "optimizer", "schedule", "averaging"]
    for key in request.settings.keys.sorted() where !sections.contains(String(key.prefix { $0 != "." })) {
      throw BasinError.unknown("section of option", key, among: sections.map { $0 + ".NAME" })
    }
    var settings = ConformanceSettings()
    settings.only = Set(only)
    settings.dataset = dataset
    settings.dataRoot = dataRoot
    settings.settings = request.settings
    settings.steps = steps
    return settings
  }
}

/// `basin plugin check`.
struct PluginCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Checks that a module does what Basin expects of one, check by check.",
    discussion: """
      Of a model: options, construction, recipe, refusal of wrong data, determinism, gradients, roles of tensors, state, \
      evaluation, ragged batches, averaging, overfitting one batch, resuming to the bit, memory over 1000 steps. Of a data \
      set: options, models it fits, splits, determinism, targets, shape, disjoint splits, memory. Of an optimizer: options, \
      determinism, convergence, parameters without gradient, a rate of zero, weight decay, state, foreign state, reset, \
      memory. Of an averaging policy: options, events, constant weights, range, weights untouched, determinism, state, \
      foreign state, reset, memory. Of a schedule: options, factors. All run in processes of their own.

      A package is built first; `optim` stands for what comes with Basin outside of modules. Exit status: 0 where no check failed, 65 where one did.
      """)

  @Argument(help: ArgumentHelp("The folder of a package, a module's library, or the name of a module.", valueName: "dir, file or name"))
  var path = "."
  @Flag(help: "One JSON document on standard output.") var json = false
  @OptionGroup var options: ConformanceOptions
  @OptionGroup var api: PluginSourceOptions
  @OptionGroup var plugins: PluginOptions

  func run() throws {
    Interruption.install()
    let settings = try options.settings()
    let libraries = try libraries()
    var all: [(library: String, results: [ConformanceResult])] = []
    for library in libraries {
      var place = library
      if library != Catalog.ownModule {
        // What its bytes tell is told without running any of it.
        let file = try ModuleCheck.inspect(library, host: Catalog.hostStamp())
        if !json { Terminal.say("basin: checking module \(file.manifest.name)") }
        place = file.realPath
      }
      var run = ConformanceRun(library: place, plugins: plugins.plugins, settings: settings)
      var table = CheckTable()
      if !json { run.observe = { table.show($0) } }
      defer { table.clear() }
      all.append((library, try run.results()))
    }
    let results = all.flatMap(\.results)
    let failed = results.count { $0.outcome == .failed }
    if json {
      try Terminal.print([
        "passed": .bool(failed == 0), "libraries": JSONValue(libraries),
        "checks": .array(try results.map { try JSONValue(encoding: $0) }),
      ])
    } else {
      let skipped = results.count { $0.outcome == .skipped }
      print("\(results.count - failed - skipped) passed, \(failed) failed, \(skipped) skipped")
    }
    guard failed == 0 else {
      throw BasinError.badData("\(failed) of \(results.count) checks failed", file: libraries.first, advice: "Each says what it saw")
    }
  }

  private func libraries() throws -> [String] {
    if path == Catalog.ownModule { return [path] }
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
      return isFolder.boolValue ? try PluginPackage(path, api: api.sources()).build(quiet: true) : [path]
    }
    if path.contains("/") || path.hasSuffix(".so") {
      throw BasinError.missing("there is no such file or folder", file: path, advice: "Check the path")
    }
    let found = try ModuleSearch(plugins: plugins.plugins).find().modules
    guard let module = found.first(where: { $0.manifest.name == path }) else {
      throw BasinError.unknown("module", path, among: found.map(\.manifest.name))
    }
    return [module.path]
  }
}

/// A line a check as soon as it has ended; on a terminal also the check that is being made.
private struct CheckTable {
  private var widths = [0, 0]
  private var hasOpenLine = false
  private let isTerminal = isatty(STDERR_FILENO) == 1

  mutating func show(_ progress: ConformanceRun.Progress) {
    switch progress {
    case .planned(let checks):
      widths = [checks.map(\.subject.count).max() ?? 0, checks.map(\.check.count).max() ?? 0]
    case .begun(let check):
      guard isTerminal else { return }
      hasOpenLine = true
      write("  ...     \(check.subject), \(check.check)", to: .standardError)
    case .ended(let result):
      clear()
      let words: [ConformanceResult.Outcome: String] = [.passed: "ok", .failed: "FAILED", .skipped: "-"]
      let cells = zip([words[result.outcome] ?? "", result.subject, result.check], [6] + widths).map { text, width in
        text + String(repeating: " ", count: max(0, width - text.count))
      }
      write("  " + (cells + [String(format: "%6.2f s", result.seconds), result.message]).joined(separator: "  ") + "\n", to: .standardOutput)
    }
  }

  mutating func clear() {
    if hasOpenLine { write("\r\u{1B}[2K", to: .standardError) }
    hasOpenLine = false
  }

  /// At once, not when a buffer is full.
  private func write(_ text: String, to file: FileHandle) { try? file.write(contentsOf: Data(text.utf8)) }
}

/// Makes the checks of a module in a process of its own (see `ConformanceRun`).
struct ConformanceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "__check", shouldDisplay: false)
  @Argument var path: String
  @Option var after = 0
  @OptionGroup var options: ConformanceOptions
  @OptionGroup var plugins: PluginOptions

  func run() throws {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    let isOwn = path == Catalog.ownModule
    let catalog = try Catalog(plugins: (isOwn ? [] : [path]) + plugins.plugins)
    let suite = try isOwn ? ConformanceSuite(ofOwnIn: catalog, options.settings()) : self.suite(catalog)
    try LibTorch.setThreads(1)
    try LibTorch.setDeterministic(true)
    let checks = suite.checks
    try ConformanceReport.Line.planned(checks.map { ConformanceReport.Check(subject: $0.subject, check: $0.name) }).print()
    for check in checks.dropFirst(after) {
      try ConformanceReport.Line.begun(.init(subject: check.subject, check: check.name), time: Clock.now()).print()
      try ConformanceReport.Line.ended(check.run()).print()
    }
    try ConformanceReport.Line.complete.print()
  }

  private func suite(_ catalog: Catalog) throws -> ConformanceSuite {
    guard let module = catalog.modules.first(where: { FileSnapshot.resolve($0.path) == FileSnapshot.resolve(path) }) else {
      throw BasinError.badData("is shadowed by a module of the same name", file: path, advice: "Leave the other one out")
    }
    return try ConformanceSuite(module, in: catalog, options.settings())
  }
}
