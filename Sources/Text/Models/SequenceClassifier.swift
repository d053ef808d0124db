import Foundation
import PluginAPI

/// A pretrained encoder with a head that gives one row a sequence: classification, several labels, or regression. What the
/// four families share: the checkpoint their weights come from, and the folder they are saved to.
public protocol SequenceClassifier: Model, PretrainedModule, FolderExportable
where Input == TokenBatch, ModelOptions == EncoderOptions {
  /// What the encoder is called in the paths, and the class of `transformers` that has these tensors.
  static var names: (base: String, className: String) { get }
  /// The path of the layer with a row a class.
  static var outputLayer: String { get }
  var start: PretrainedStartingState { get }
}

/// Where a model's weights came from, and what was told of it. A class, for it is written once the weights are filled.
public final class PretrainedStartingState {
  let origin: PretrainedOrigin
  let keepsHeadFresh: Bool
  let task: Task
  fileprivate(set) var notes: [String] = []

  init(_ options: EncoderOptions, _ architecture: TransformerConfiguration.Architecture, _ shape: TokenBatch.Shape, _ task: Task) throws {
    origin = try options.origin(architecture, shape: shape, task: task)
    keepsHeadFresh = options.freshHead
    self.task = task
  }

  /// The sizes the model was made with.
  public var configuration: TransformerConfiguration { origin.configuration }
}

extension SequenceClassifier {
  public var notes: [String] { start.notes }
  public static var outputLayer: String { "classifier" }

  public func companionFiles(in folder: String?) throws -> [String] { try start.origin.companionFiles(in: folder) }

  public func fillPretrained(_ tensors: [NamedTensor], classNames: [String]) throws -> Set<String> {
    let names = CheckpointNames(base: Self.names.base, keepsHeadFresh: start.keepsHeadFresh)
    var (paths, notes) = try start.origin.fill(tensors, by: names)
    let rows = tensors.filter { $0.path.hasPrefix(Self.outputLayer + ".") && paths.contains($0.path) }
    if !rows.isEmpty, let note = try start.origin.orderRows(rows.map(\.tensor), by: classNames) { notes.append(note) }
    start.notes = notes
    return paths
  }

  public func exportedFiles(
    _ tensors: [String: Tensor], labels: [String], shardBytes: Int
  ) throws -> [(name: String, data: Data)] {
    let names = labels.count == start.task.outputs ? labels : (0..<start.task.outputs).map { "LABEL_\($0)" }
    let problem =
      switch start.task {
      case .multiLabel: "multi_label_classification"
      case .regression: "regression"
      default: "single_label_classification"
      }
    let numbered = names.enumerated().map { ("\($0.offset)", $0.element) }
    return try start.origin.exportedFiles(
      tensors,
      extras: [
        "architectures": [Self.names.className], "problem_type": problem,
        "id2label": Dictionary(uniqueKeysWithValues: numbered),
        "label2id": Dictionary(names.enumerated().map { ($0.element, $0.offset) }, uniquingKeysWith: { first, _ in first }),
      ], shardBytes: shardBytes)
  }
}

/// RoBERTa (Liu et al. 2019) that classifies sequences; tensors of `RobertaForSequenceClassification`.
public final class RobertaClassifier: SequenceClassifier {
  public static let names = (base: "roberta", className: "RobertaForSequenceClassification")
  public static let outputLayer = "classifier.out_proj"

  /// out_proj(dropout(tanh(dense(dropout(x))))).
  public final class Head: Module {
    public let dense, out_proj: Linear
    private let dropout: Dropout

    init(_ c: TransformerConfiguration, outputs: Int) throws {
      dense = try PretrainedStart.linear(c.size, c.size)
      out_proj = try PretrainedStart.linear(c.size, outputs)
      dropout = Dropout(c.headDropout)
    }

    /// `[N, size]` to `[N, outputs]`.
    func callAsFunction(_ first: Tensor, _ mode: Mode) throws -> Tensor {
      try out_proj(dropout(dense(dropout(first, mode)).tanh(), mode))
    }
  }

  public let roberta: BERTEncoder
  public let classifier: Head
  public let start: PretrainedStartingState

  public init(_ options: EncoderOptions, shape: TokenBatch.Shape, task: Task) throws {
    start = try PretrainedStartingState(options, .roberta, shape, task)
    roberta = try BERTEncoder(start.configuration, pools: false)
    classifier = try Head(start.configuration, outputs: task.outputs)
  }

  /// Packed sequences to `[N, outputs]`.
  public func callAsFunction(_ input: TokenBatch, _ mode: Mode) throws -> Output {
    try located {
      Output(try classifier(roberta(PackedInput(input, start.configuration, mode)), mode))
    }
  }
}

/// BERT (Devlin et al. 2019) that classifies sequences; tensors of `BertForSequenceClassification`.
public final class BERTClassifier: SequenceClassifier {
  public static let names = (base: "bert", className: "BertForSequenceClassification")

  public let bert: BERTEncoder
  public let classifier: Linear
  public let start: PretrainedStartingState
  private let dropout: Dropout

  public init(_ options: EncoderOptions, shape: TokenBatch.Shape, task: Task) throws {
    start = try PretrainedStartingState(options, .bert, shape, task)
    bert = try BERTEncoder(start.configuration, pools: true)
    classifier = try PretrainedStart.linear(start.configuration.size, task.outputs)
    dropout = Dropout(start.configuration.headDropout)
  }

  /// Packed sequences to `[N, outputs]`.
  public func callAsFunction(_ input: TokenBatch, _ mode: Mode) throws -> Output {
    try located {
      let first = try bert(PackedInput(input, start.configuration, mode))
      return Output(try classifier(dropout(bert.pooler?(first) ?? first, mode)))
    }
  }
}

/// DistilBERT (Sanh et al. 2019) that classifies sequences; tensors of `DistilBertForSequenceClassification`.
public final class DistilBERTClassifier: SequenceClassifier {
  public static let names = (base: "distilbert", className: "DistilBertForSequenceClassification")

  public func adapted(_ files: [(name: String, data: Data)]) throws -> [(name: String, data: Data)] {
    try TokenizerExport.withoutTypes(files)
  }

  public let distilbert: DistilBERTEncoder
  public let pre_classifier, classifier: Linear
  public let start: PretrainedStartingState
  private let dropout: Dropout

  public init(_ options: EncoderOptions, shape: TokenBatch.Shape, task: Task) throws {
    start = try PretrainedStartingState(options, .distilbert, shape, task)
    let size = start.configuration.size
    distilbert = try DistilBERTEncoder(start.configuration)
    pre_classifier = try PretrainedStart.linear(size, size)
    classifier = try PretrainedStart.linear(size, task.outputs)
    dropout = Dropout(start.configuration.headDropout)
  }

  /// Packed sequences to `[N, outputs]`.
  public func callAsFunction(_ input: TokenBatch, _ mode: Mode) throws -> Output {
    try located {
      let first = try distilbert(PackedInput(input, start.configuration, mode))
      return Output(try classifier(dropout(relu(pre_classifier(first)), mode)))
    }
  }
}

/// ALBERT (Lan et al. 2020) that classifies sequences; tensors of `AlbertForSequenceClassification`.
public final class ALBERTClassifier: SequenceClassifier {
  public static let names = (base: "albert", className: "AlbertForSequenceClassification")

  public let albert: ALBERTEncoder
  public let classifier: Linear
  public let start: PretrainedStartingState
  private let dropout: Dropout

  public init(_ options: EncoderOptions, shape: TokenBatch.Shape, task: Task) throws {
    start = try PretrainedStartingState(options, .albert, shape, task)
    albert = try ALBERTEncoder(start.configuration)
    classifier = try PretrainedStart.linear(start.configuration.size, task.outputs)
    dropout = Dropout(start.configuration.headDropout)
  }

  /// Packed sequences to `[N, outputs]`.
  public func callAsFunction(_ input: TokenBatch, _ mode: Mode) throws -> Output {
    try located {
      let pooled = try albert.pooler(albert(PackedInput(input, start.configuration, mode))).tanh()
      return Output(try classifier(dropout(pooled, mode)))
    }
  }
}
