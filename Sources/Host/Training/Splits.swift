import PluginAPI

/// Which examples are trained on, validated on and tested on.
public struct Splits: Sendable {
  /// Examples of one published split.
  public struct Part: Sendable {
    public let split: Split
    public let ids: [Int]
    public var count: Int { ids.count }
  }

  public let train: Part
  /// nil where there is none (a validation fraction of 0).
  public let validation: Part?
  public let test: Part?

  /// Published splits where there are any; validation (and test, for files without one) is otherwise a seeded, stratified
  /// part of the training examples.
  ///
  /// - Parameter fold: where no test split is published the fold is the test split, and validation is carved from the rest
  ///   (cross-validation as Errica et al. 2020 do it); else it is the validation split.
  /// - Throws: `BasinError` where nothing would be left to train on.
  public init(_ dataset: any LoadedDataset, fraction: Double, seed: Int, fold: RunConfiguration.Fold?) throws {
    guard dataset.count(.train) > 0 else {
      // Why, the data set tells who looks at it.
      let reason = try dataset.inspection().warnings.first.map { ": \($0.message)" } ?? ""
      throw BasinError.badData(
        "there is nothing to train on" + reason, file: dataset.files.first,
        advice: "`basin data inspect` tells what the data set holds")
    }
    var ids = Array(0..<dataset.count(.train))
    let labels = dataset.labels(.train)
    let random = Random(seed: UInt64(seed))["split"]

    func carve(_ name: String, _ fraction: Double) -> Part {
      let (rest, held) = Self.stratified(ids, labels, fraction: fraction, random[name])
      ids = rest
      return Part(split: .train, ids: held)
    }

    func take(_ fold: RunConfiguration.Fold) -> Part {
      let parts = Self.folds(ids, labels, fold.count, random["folds"])
      ids = parts.enumerated().filter { $0.offset != fold.index - 1 }.flatMap(\.element).sorted()
      return Part(split: .train, ids: parts[fold.index - 1].sorted())
    }

    let hasTest = dataset.count(.test) > 0
    if hasTest {
      test = Part(split: .test, ids: Array(0..<dataset.count(.test)))
    } else {
      test = fold.map(take) ?? carve("test", 0.1)
    }
    if hasTest, let fold {
      validation = take(fold)
    } else if dataset.count(.validation) > 0 {
      validation = Part(split: .validation, ids: Array(0..<dataset.count(.validation)))
    } else {
      let part = fraction > 0 ? carve("validation", fraction) : nil
      validation = part.flatMap { $0.ids.isEmpty ? nil : $0 }
    }
    guard !ids.isEmpty else {
      throw BasinError.badData("no example is left to train on", advice: "Lower --validation-fraction, or give more data")
    }
    train = Part(split: .train, ids: ids)
  }

  /// Divides `ids` so that each class loses `fraction` of its examples, rounded so that the total is right to within one.
  static func stratified(_ ids: [Int], _ labels: [Int32]?, fraction: Double, _ random: Random) -> (rest: [Int], held: [Int]) {
    var held: Set<Int> = []
    var owed = 0.0
    for group in shuffledClasses(ids, labels, random) {
      owed += Double(group.count) * fraction
      let take = min(group.count, Int(owed.rounded()))
      owed -= Double(take)
      held.formUnion(group.prefix(take))
    }
    return (ids.filter { !held.contains($0) }, ids.filter { held.contains($0) })
  }

  /// `count` parts of nearly equal size, each class dealt out in turn.
  static func folds(_ ids: [Int], _ labels: [Int32]?, _ count: Int, _ random: Random) -> [[Int]] {
    var parts = [[Int]](repeating: [], count: count)
    var next = 0
    for id in shuffledClasses(ids, labels, random).joined() {
      parts[next].append(id)
      next = (next + 1) % count
    }
    return parts
  }

  private static func shuffledClasses(_ ids: [Int], _ labels: [Int32]?, _ random: Random) -> [[Int]] {
    var groups: [Int32: [Int]] = [:]
    for id in ids { groups[labels?[id] ?? 0, default: []].append(id) }
    return groups.sorted { $0.key < $1.key }.map { key, group in
      random[Int(key)].permutation(group.count).map { group[$0] }
    }
  }
}

extension RunConfiguration {
  /// The division of the data, without making a model.
  func splits(in catalog: Catalog) throws -> Splits {
    let (entry, source) = try catalog.dataset(dataset, root: dataRoot)
    let data = try entry.make(section("dataset"), source: source, random: Random(seed: 0)["data"])
    return try Splits(data, fraction: validationFraction, seed: splitSeed, fold: fold)
  }
}
