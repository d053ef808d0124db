import PluginAPI

/// The domain `text`: a transformer encoder classifier and data sets of labelled sentences.
public struct TextModule: DomainModule {
  public static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name":"text","version":"0.1.0","summary":"Text: classification and language models, fine-tuned or from scratch","domain":"text","models":["transformer","textcnn","bilstm","roberta","bert","distilbert","albert","gpt2"],"datasets":["grammar","trec","sst2","mr"],"methods":[],"formats":["csv","tsv"],"requires":[]} END-BASIN-MODULE-MANIFEST
    """#

  /// What the transformer trains with from scratch; found on TREC and `grammar`, see README.md.
  public static let recipe = Recipe(
    epochs: 15, batchSize: 32, learningRate: 1e-3, optimizer: "adamw", tail: 0.1, cyclic: true,
    settings: ["optimizer.weightDecay": "0.01", "schedule.warmup": "1ep"])

  public init() {}

  public func register(in registry: inout Registry) throws {
    registry.add(
      model: "transformer", TransformerClassifier.self, "pre-norm transformer encoder with mean or [CLS] pooling",
      recipe: Self.recipe)
    Self.addModels(to: &registry)
    registry.add(
      dataset: "grammar", GrammarDataset.self, "generated sentences in 4 classes that differ in word order (embedded)")
    registry.add(
      dataset: "trec", TRECDataset.self, "questions in 6 or 50 classes (Li and Roth 2002)", publication: TextPublications.trec)
    registry.add(
      dataset: "sst2", SST2Dataset.self, "GLUE's film review phrases in 2 classes (Socher et al. 2013)",
      publication: TextPublications.sst2)
    registry.add(
      dataset: "mr", MovieReviewDataset.self, "film review sentences in 2 classes (Pang and Lee 2005)",
      publication: TextPublications.movieReviews)
    registry.add(format: "csv", LabelledTableDataset.self, "labelled sentences: a CSV file or a folder of splits")
    registry.add(
      format: "tsv", LabelledTableDataset.self, "labelled sentences: a TSV file or a folder of splits",
      preset: ["delimiter": "tab"])
    registry.add(
      benchmark: BenchmarkCase(
        model: "transformer", dataset: "grammar", epochs: 20, learningRate: 1.5e-3, seeds: 3,
        settings: ["model.size": "48", "dataset.trainCount": "3000"]))
  }
}
