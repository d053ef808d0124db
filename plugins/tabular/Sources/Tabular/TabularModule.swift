import PluginAPI

/// The domain `tabular`: rows of tables, classes and numbers to predict from them.
struct TabularModule: DomainModule {
  static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name": "tabular", "version": "1.0.0", "domain": "tabular",
      "summary": "Tables: CSV files, perceptron and FT-Transformer",
      "models": ["tabular-linear", "tabular-mlp", "ft-transformer"], "datasets": ["made-up-credit", "made-up-prices"],
      "formats": ["table"]} END-BASIN-MODULE-MANIFEST
    """#

  func register(in registry: inout Registry) {
    func recipe(_ rate: Double, decay: String = "0.00001") -> Recipe {
      Recipe(
        epochs: 50, batchSize: 128, learningRate: rate, optimizer: "adamw", tail: 0.2, settings: ["optimizer.weightDecay": decay])
    }
    registry.add(
      model: "tabular-linear", TabularMLP.self, "a linear model: what the others must beat", preset: ["layers": "0"],
      recipe: recipe(0.003))
    registry.add(model: "tabular-mlp", TabularMLP.self, "a perceptron over numbers and vectors of categories", recipe: recipe(0.001))
    registry.add(
      model: "ft-transformer", FTTransformer.self, "a transformer over the columns of a row (Gorishniy et al. 2021)",
      recipe: recipe(0.001))
    registry.add(
      dataset: "made-up-credit", MadeUpDataset<MadeUpCredit>.self, "5,000 made-up loans, paid back or not, some values missing")
    registry.add(dataset: "made-up-prices", MadeUpDataset<MadeUpPrices>.self, "5,000 made-up flats and their prices in thousands")
    registry.add(
      format: "table", TableDataset.self, "a CSV file with a header, or a folder with train.csv and test.csv")
    registry.add(
      benchmark: BenchmarkCase(model: "tabular-mlp", dataset: "made-up-credit", epochs: 40, seeds: 5))
  }
}

@_cdecl("basin_module") public func basinModule() -> UnsafeMutableRawPointer? { exportModule(TabularModule.self) }
