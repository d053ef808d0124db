import PluginAPI

/// The checks of a data set.
public struct DatasetConformance {
  private let entry: DatasetEntry
  private let catalog: Catalog
  private let settings: ConformanceSettings

  public init(_ entry: DatasetEntry, in catalog: Catalog, _ settings: ConformanceSettings) {
    self.entry = entry
    self.catalog = catalog
    self.settings = settings
  }

  public var checks: [ConformanceCheck] {
    func check(_ name: String, _ body: @escaping () throws -> String) -> ConformanceCheck {
      ConformanceCheck("data set \(entry.name)", name, body)
    }
    return [
      check("options", options), check("models", models), check("splits", splits), check("determinism", determinism),
      check("targets", targets), check("shape", shape), check("disjoint splits", disjointSplits), check("memory", memory),
    ]
  }

  /// Examples that are looked at in each split.
  private static let sample = 256

  private var values: [String: String] { settings.section("dataset", entry.options) }

  private func make() throws -> ConformanceData {
    let source = DataSource(name: entry.name, root: settings.dataRoot)
    do { return try ConformanceData(entry.name, entry, source: source, settings: values) } catch let error as BasinError
      where settings.dataRoot == nil && error.kind == .missingInput
    {
      throw NotChecked("its files are not here; give --data-root: \(error.message)")
    }
  }

  /// Numbers of examples all over a split.
  private func ids(_ data: ConformanceData, _ split: Split, _ limit: Int = sample) -> [Int] {
    let count = data.dataset.count(split)
    guard count > limit else { return Array(0..<count) }
    return Random(seed: 3)[split.rawValue].permutation(count).prefix(limit).sorted()
  }

  private func batch(_ data: ConformanceData, _ ids: [Int], _ split: Split, augmentation: Random? = nil) throws -> PreparedBatch {
    let batch = try data.dataset.batch(ids, of: split, augmentation: augmentation, device: .cpu)
    try require(batch.input.count == ids.count, "a batch of \(ids.count) examples of \(split.rawValue) says it has \(batch.input.count)")
    return batch
  }

  // MARK: The checks

  private func options() throws -> String {
    try require(!entry.summary.isEmpty, "it is registered without a summary")
    return try OptionChecks(options: entry.options, preset: entry.preset) { try entry.check($0) }.check()
  }

  private func models() throws -> String {
    for module in catalog.modules { try? catalog.load(module) }
    let fitting = catalog.registry.models.filter { $0.inputType == entry.inputType }.map(\.name)
    try require(!fitting.isEmpty, "no model takes \(entry.inputType)")
    return "\(fitting.count) models take \(entry.inputType), such as \(fitting.prefix(3).joined(separator: ", "))"
  }

  private func splits() throws -> String {
    let data = try make()
    let counts = Split.allCases.map { ($0, data.dataset.count($0)) }
    for (split, count) in counts {
      try require(count >= 0, "\(split.rawValue) has \(count) examples")
      for (what, list) in [("labels", data.dataset.labels(split)), ("lengths", data.dataset.lengths(split))] {
        if let list { try require(list.count == count, "there are \(list.count) \(what) for \(count) examples of \(split.rawValue)") }
      }
      // The last example can be asked for, and examples in any order.
      guard count > 0 else { continue }
      _ = try batch(data, [count - 1], split)
      _ = try batch(data, [count - 1, 0], split)
    }
    let told = try data.dataset.inspection().examples
    for (split, count) in counts {
      if let told = told?[split.rawValue] {
        try require(told == count, "the inspection tells of \(told) examples of \(split.rawValue), there are \(count)")
      }
    }
    return counts.map { "\($0.0.rawValue) \($0.1)" }.joined(separator: ", ")
  }

  private func determinism() throws -> String {
    let first = try make(), second = try make()
    for split in Split.allCases where first.dataset.count(split) > 0 {
      let some = Array(ids(first, split, 24).reversed())
      let augmentations: [Random?] = split == .train ? [nil, Random(seed: 5)] : [nil]
      for augmentation in augmentations {
        let batches = try [first, first, second].map { try batch($0, some, split, augmentation: augmentation) }
        let bits = try batches.map { try TensorBits.of($0.input) + $0.target.bytes() }
        let what = "\(split.rawValue)" + (augmentation == nil ? "" : " with augmentation")
        try require(bits[0] == bits[1], "the same batch of \(what) is another the second time")
        try require(bits[0] == bits[2], "a batch of \(what) is another when the data set is made again")
      }
      // Each target goes with its example, whatever else is in the batch.
      guard case .nextToken = first.dataset.task else {
        let together = try batch(first, some, split).target.bytes()
        let apart = try some.flatMap { try batch(first, [$0], split).target.bytes() }
        try require(together == apart, "targets of \(split.rawValue) depend on what else is in the batch, or on the order")
        continue
      }
    }
    return "same arguments, same bits, from two instances too"
  }

  private func targets() throws -> String {
    let data = try make()
    let task = data.dataset.task
    let names = data.dataset.classNames
    try require(names.isEmpty || names.count == task.outputs, "\(names.count) class names for \(task)")
    for split in Split.allCases where data.dataset.count(split) > 0 {
      let some = ids(data, split)
      let batch = try batch(data, some, split)
      try check(batch.target, of: task, examples: some.count, split.rawValue)
      guard case .classification = task, let labels = data.dataset.labels(split) else { continue }
      for (id, value) in zip(some, try batch.target.values(Int64.self)) where Int64(labels[id]) != value {
        throw ConformanceFailure("example \(id) of \(split.rawValue) is of class \(value), and \(labels[id]) by its labels")
      }
    }
    return "\(task)"
  }

  private func check(_ target: Tensor, of task: PluginAPI.Task, examples: Int, _ split: String) throws {
    func expect(_ shape: [Int], _ dtypes: [DType]) throws {
      try require(target.shape == shape, "targets of \(examples) examples of \(split) have the shape \(target.shape), not \(shape)")
      try require(dtypes.contains(target.dtype), "targets of \(split) hold \(target.dtype), not \(dtypes[0])")
    }
    func inRange(_ count: Int, orNone: Bool) throws {
      let values = try target.values(Int64.self)
      if let stray = values.first(where: { !(0..<Int64(count)).contains($0) && !(orNone && $0 == -100) }) {
        throw ConformanceFailure("a target of \(split) is \(stray), of \(count)")
      }
    }
    switch task {
    case .classification(let classes):
      try expect([examples], [.int64])
      try inRange(classes, orNone: false)
    case .nextToken(let vocabulary):
      try require(target.dimensions == 1 && target.dtype == .int64, "targets of \(split) are \(target.dtype) \(target.shape), not int64 [T]")
      try inRange(vocabulary, orNone: true)
    case .regression(let outputs):
      try expect([examples, outputs], [.float32, .float64])
      try require(try target.isFinite(), "a target of \(split) is not finite")
    case .multiLabel(let labels):
      try expect([examples, labels], [.float32, .float64])
      // NaN: not known.
      let stray = try target.to(.float64).values(Double.self).first { !$0.isNaN && $0 != 0 && $0 != 1 }
      try require(stray == nil, "a label of \(split) is \(stray ?? 0), not 0 or 1")
    }
  }

  private func shape() throws -> String {
    let data = try make()
    for split in Split.allCases where data.dataset.count(split) > 0 {
      for augmentation in split == .train ? [nil, Random(seed: 5)] : [nil] {
        let batch = try batch(data, ids(data, split, 64), split, augmentation: augmentation)
        if let problem = try data.dataset.disagreement(of: batch) {
          throw ConformanceFailure("a batch of \(split.rawValue) has \(problem)")
        }
      }
    }
    return data.dataset.shapeDescription
  }

  private func disjointSplits() throws -> String {
    let data = try make()
    var seen: [Split: Set<[UInt8]>] = [:]
    for split in Split.allCases where data.dataset.count(split) > 0 {
      seen[split] = Set(try ids(data, split, split == .train ? 1024 : Self.sample).map { try TensorBits.of(batch(data, [$0], split).input) })
    }
    var told: [String] = []
    for split in [Split.validation, .test] {
      guard let own = seen[split], let train = seen[.train] else { continue }
      let shared = own.intersection(train).count
      try require(
        Double(shared) <= 0.1 * Double(own.count),
        "\(shared) of \(own.count) examples of \(split.rawValue) are among \(train.count) examples of train")
      told.append("\(shared) of \(own.count) examples of \(split.rawValue) in train")
    }
    guard !told.isEmpty else { throw NotChecked("it has train alone; Basin divides that") }
    return told.joined(separator: ", ")
  }

  private func memory() throws -> String {
    let data = try make()
    return try MemoryGrowth.check(steps: settings.steps) { step in
      _ = try batch(data, data.ids(4, step).map { $0 }, data.splits.train.split, augmentation: Random(seed: 1)[step])
    }
  }
}
