import Foundation
import PluginAPI

/// A data set for checks, made once.
public final class ConformanceData {
  /// As a run names it.
  let name: String
  let entry: DatasetEntry
  let dataset: any LoadedDataset
  let splits: Splits
  /// Training examples in an order that mixes classes.
  private let order: [Int]

  init(_ name: String, _ entry: DatasetEntry, source: DataSource, settings: [String: String]) throws {
    self.name = name
    self.entry = entry
    dataset = try entry.make(settings, source: source, random: Self.random)
    splits = try Splits(dataset, fraction: 0.1, seed: 0, fold: nil)
    try dataset.fit(training: splits.train.split == .train ? splits.train.ids : [])
    let ids = splits.train.ids
    order = Random(seed: 11).permutation(ids.count).map { ids[$0] }
  }

  /// As a run makes it.
  static var random: Random { Random(seed: 0)["data"] }

  /// The numbers of some training examples; another `index` gives others where there are enough.
  func ids(_ count: Int, _ index: Int = 0) -> [Int] {
    (0..<min(count, order.count)).map { order[(index * count + $0) % order.count] }
  }

  /// - Parameter augmentation: a stream for it; nil: none.
  func batch(_ ids: [Int], augmentation: Random? = nil) throws -> PreparedBatch {
    try dataset.batch(ids, of: splits.train.split, augmentation: augmentation, device: .cpu)
  }

  // MARK: Finding one

  /// The data set that the settings name; else the first of the catalog with that input that can be made without files,
  /// those of the model's own module first.
  ///
  /// - Throws: ``NotChecked`` where there is none.
  static func find(for model: ModelEntry, in catalog: Catalog, _ settings: ConformanceSettings) throws -> ConformanceData {
    if let name = settings.dataset {
      let (entry, source) = try catalog.dataset(name, root: settings.dataRoot)
      return try ConformanceData(name, entry, source: source, settings: values(entry, model, source, settings))
    }
    // What cannot be loaded is told elsewhere.
    for module in catalog.modules where module.manifest.domain == model.domain { try? catalog.load(module) }
    let fitting = catalog.registry.datasets.filter { !$0.isFormat && $0.inputType == model.inputType }
    var refusal = ""
    for entry in fitting.filter({ $0.module == model.module }) + fitting.filter({ $0.module != model.module }) {
      let source = DataSource(name: entry.name)
      guard let values = try? values(entry, model, source, settings),
        let data = try? ConformanceData("\(entry.module)/\(entry.name)", entry, source: source, settings: values)
      else { continue }
      // A model may be for some data sets alone: for whole graphs, for large pictures.
      do { _ = try model.make(settings.section("model", model.options), for: data.dataset) } catch let error as BasinError
        where error.kind == .usage
      {
        refusal = " (\(entry.name): \(error.message))"
        continue
      } catch {
        // Any other error is for the checks to tell.
      }
      return data
    }
    throw NotChecked("no data set of \(model.inputType) that it takes can be made without files; name one with --dataset" + refusal)
  }

  /// Options of the data set: as the model's recipe has them, and over these as the settings say.
  private static func values(
    _ entry: DatasetEntry, _ model: ModelEntry, _ source: DataSource, _ settings: ConformanceSettings
  ) throws -> [String: String] {
    let own = settings.section("dataset", entry.options)
    let recipe = model.recipe(for: try? entry.exampleKind(own, source: source)).settings
    var values: [String: String] = [:]
    for option in entry.options { values[option.name] = own[option.name] ?? recipe["dataset.\(option.name)"] }
    return values
  }
}
