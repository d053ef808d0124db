import PluginAPI

/// The domain `text`: a transformer encoder classifier and data sets of labelled sentences.
public struct TextModule: DomainModule {
  public static let manifest: StaticString = #"""
    BASIN-MODULE-MANIFEST {"name":"text","version":"0.1.0","summary":"Text: classification and language models, fine-tuned or from scratch","domain":"text","models":["transformer","textcnn","bilstm","roberta","bert","distilbert","albert","gpt2"],"datasets":["grammar","trec","mr","cola","sst2","mrpc","stsb","qqp","mnli","qnli","rte","wnli","ag-news","ag-news-subset","ptb","wikitext-2"],"methods":["glue-backbone","glue-swa","glue-pswa"],"formats":["corpus","jsonl","csv","tsv"],"experiments":["paper-glue","standard"],"requires":[]} END-BASIN-MODULE-MANIFEST
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
      dataset: "mr", MovieReviewDataset.self, "film review sentences in 2 classes (Pang and Lee 2005)",
      publication: TextPublications.movieReviews)
    for task in GLUETask.allCases {
      // Pairs are longer.
      let preset = task.isPair ? ["maximumLength": "128"] : [:]
      if task == .mrpc {
        registry.add(
          dataset: task.rawValue, MRPCDataset.self, task.summary, preset: preset, publication: TextPublications.glue(task))
      } else {
        registry.add(
          dataset: task.rawValue, GLUEDataset.self, task.summary, preset: preset,
          publication: TextPublications.glue(task))
      }
    }
    registry.add(
      dataset: "ag-news", AGNewsDataset.self, "news in 4 sections (Zhang et al. 2015)", preset: ["maximumLength": "128"])
    registry.add(
      dataset: "ag-news-subset", AGNewsSubsetDataset.self, "the 7,600 test rows of AG News as a set of their own",
      preset: ["maximumLength": "128"])
    registry.add(dataset: "ptb", LanguageDataset.self, "next word of the Penn Treebank (Mikolov's 10,000 words)")
    registry.add(dataset: "wikitext-2", LanguageDataset.self, "next word of Wikipedia articles (Merity et al. 2017)")
    registry.add(format: "corpus", LanguageDataset.self, "next word of one's own text: a file or a folder of splits")
    registry.add(format: "jsonl", LabelledTableDataset.self, "labelled sentences: a file of JSON lines or a folder of splits")
    registry.add(format: "csv", LabelledTableDataset.self, "labelled sentences: a CSV file or a folder of splits")
    registry.add(
      format: "tsv", LabelledTableDataset.self, "labelled sentences: a TSV file or a folder of splits",
      preset: ["delimiter": "tab"])
    registry.add(
      benchmark: BenchmarkCase(
        model: "transformer", dataset: "grammar", epochs: 20, learningRate: 1.5e-3, seeds: 3,
        settings: ["model.size": "48", "dataset.trainCount": "3000"]))
    for method in PaperExperiment.methods { registry.add(method) }
    registry.add(PaperExperiment.experiment)
    registry.add(StandardBenchmark.experiment)
  }
}
